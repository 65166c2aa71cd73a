//! From a template to an answer.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use headers::Nonce;
use http::header::{CONTENT_LANGUAGE, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use super::assets;
use super::words::Words;
use crate::error::ApiError;

/// What the frame around every page needs, and the words of the page.
pub(super) struct Frame {
    /// Of this answer: what carries it is loaded, nothing else is.
    pub(super) nonce: Nonce,
    /// Behind the address of what it loads.
    pub(super) version: String,
    words: Words,
}

impl Frame {
    /// The text with this key.
    pub(super) fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// What stands before and after a variable of the text with this key.
    pub(super) fn say_around(&self, key: &str, variable: &str) -> (String, String) {
        self.words.say_around(key, variable)
    }

    /// The language tag.
    pub(super) fn language(&self) -> &str {
        self.words.language()
    }

    /// What the service is called.
    pub(super) fn brand(&self) -> &str {
        self.words.brand()
    }
}

/// The answer is a page as it is to be seen, whatever its status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsPage;

/// A page in the language of these words.
pub(super) fn page_in<T: Template>(
    words: &Words,
    status: StatusCode,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    let mut page = framed(status, words, template)?;
    tell_language(words, page.headers_mut());
    Ok(page)
}

/// Says in which language a page is, and that others may get it in another one.
pub(super) fn tell_language(words: &Words, headers: &mut HeaderMap) {
    if let Ok(language) = HeaderValue::try_from(words.language()) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.append(VARY, HeaderValue::from_static("accept-language"));
}

fn framed<T: Template>(
    status: StatusCode,
    words: &Words,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    let (html, nonce) = html(words, template)?;
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(nonce);
    response.extensions_mut().insert(IsPage);
    Ok(response)
}

/// The text of a page, and the nonce in it.
pub(super) fn html<T: Template>(
    words: &Words,
    template: impl FnOnce(Frame) -> T,
) -> Result<(String, Nonce), ApiError> {
    let nonce = Nonce::random().map_err(ApiError::internal)?;
    let frame = Frame {
        nonce: nonce.clone(),
        version: assets::version(),
        words: words.clone(),
    };
    let html = template(frame).render().map_err(ApiError::internal)?;
    Ok((html, nonce))
}
