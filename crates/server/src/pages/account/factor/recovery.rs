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
    way_on: &'static str,
}

/// Shows them, under the title with this key, and where to go on.
pub(in crate::pages) fn page(
    words: &Words,
    title: &'static str,
    codes: RecoveryCodes,
    way_on: &'static str,
) -> Result<Response, ApiError> {
    page_in(words, StatusCode::OK, |frame| Page {
        frame,
        title: words.say(title),
        codes,
        way_on,
    })
}
