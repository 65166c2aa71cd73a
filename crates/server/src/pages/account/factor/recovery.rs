//! New recovery codes, which are shown once.

use account::RecoveryCodes;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::error::ApiError;
use crate::pages::render::{Frame, page_in};
use crate::pages::words::Words;

#[derive(Template)]
#[template(path = "recovery-codes.html")]
struct Page {
    frame: Frame,
    title: String,
    codes: RecoveryCodes,
}

/// Shows them, under the title with this key.
pub(super) fn page(
    words: &Words,
    title: &'static str,
    codes: RecoveryCodes,
) -> Result<Response, ApiError> {
    page_in(words, StatusCode::OK, |frame| Page {
        frame,
        title: words.say(title),
        codes,
    })
}
