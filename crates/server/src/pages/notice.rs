//! A page that says what came of something, and where to go on.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;

use super::render::{Frame, page_in};
use super::words::Words;
use crate::code::Code;
use crate::error::ApiError;

/// What came of something.
pub(super) struct Notice {
    /// The key of its heading.
    pub(super) title: &'static str,
    pub(super) text: String,
    /// A page, and the key of what the link to it says.
    pub(super) way_on: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Page {
    frame: Frame,
    is_error: bool,
    title: String,
    text: String,
    link: &'static str,
    label: String,
}

impl Notice {
    /// Something was done.
    pub(super) fn done(self, words: &Words) -> Result<Response, ApiError> {
        self.page(words, StatusCode::OK, false)
    }

    /// Something will be done later, if it can be.
    pub(super) fn accepted(self, words: &Words) -> Result<Response, ApiError> {
        self.page(words, StatusCode::ACCEPTED, false)
    }

    /// Nothing was done. The log has the code.
    pub(super) fn refused(self, words: &Words, code: Code) -> Result<Response, ApiError> {
        let mut page = self.page(words, code.status(), true)?;
        page.extensions_mut().insert(code);
        Ok(page)
    }

    /// Nothing was done: too many have asked before.
    pub(super) fn too_many(words: &Words, retry_after: Duration) -> Result<Response, ApiError> {
        let notice = Self {
            title: "too-many-title",
            text: words.too_many_attempts(retry_after),
            way_on: ("/", "page-to-first"),
        };
        let mut page = notice.refused(words, Code::TooManyAttempts)?;
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        page.headers_mut()
            .insert(RETRY_AFTER, seconds.max(1).into());
        Ok(page)
    }

    fn page(self, words: &Words, status: StatusCode, is_error: bool) -> Result<Response, ApiError> {
        let (link, label) = self.way_on;
        page_in(words, status, |frame| Page {
            frame,
            is_error,
            title: words.say(self.title),
            text: self.text,
            link,
            label: words.say(label),
        })
    }
}
