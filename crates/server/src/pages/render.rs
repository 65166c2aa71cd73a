//! From a template to an answer.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use headers::Nonce;
use http::StatusCode;
use http::header::{CONTENT_LANGUAGE, HeaderValue, VARY};

use super::assets;
use super::words::Words;
use crate::error::ApiError;

/// What the frame around every page needs.
pub(super) struct Frame {
    /// Of this answer: what carries it is loaded, nothing else is.
    pub(super) nonce: Nonce,
    /// Behind the address of what it loads.
    pub(super) version: String,
    /// What it says.
    pub(super) around: Around,
}

/// What the frame says, and in which language.
pub(super) struct Around {
    pub(super) language: String,
    pub(super) skip: String,
    pub(super) error: String,
    pub(super) problem: String,
    pub(super) reveal: String,
    pub(super) footer: String,
}

impl Around {
    /// Of a page whose words stand in its template.
    fn english() -> Self {
        Self {
            language: "en".to_owned(),
            skip: "Skip to the content".to_owned(),
            error: "Error:".to_owned(),
            problem: "There is a problem".to_owned(),
            reveal: "Show password".to_owned(),
            footer: "Accounts and sign-in by Portcullis".to_owned(),
        }
    }

    fn of(words: &Words) -> Self {
        Self {
            language: words.language().to_owned(),
            skip: words.say("page-skip"),
            error: words.say("page-error"),
            problem: words.say("page-problem"),
            reveal: words.say("page-reveal"),
            footer: words.say("page-footer"),
        }
    }
}

/// The answer is a page as it is to be seen, whatever its status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsPage;

/// A page whose words stand in its template.
pub(super) fn page<T: Template>(
    status: StatusCode,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    framed(status, Around::english(), template)
}

/// A page in the language of these words.
pub(super) fn page_in<T: Template>(
    words: &Words,
    status: StatusCode,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    let mut page = framed(status, Around::of(words), template)?;
    let headers = page.headers_mut();
    if let Ok(language) = HeaderValue::try_from(words.language()) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.append(VARY, HeaderValue::from_static("accept-language"));
    Ok(page)
}

fn framed<T: Template>(
    status: StatusCode,
    around: Around,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    let (html, nonce) = html_in(around, template)?;
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(nonce);
    response.extensions_mut().insert(IsPage);
    Ok(response)
}

/// The text of a page whose words stand in its template, and the nonce in it.
pub(super) fn html<T: Template>(
    template: impl FnOnce(Frame) -> T,
) -> Result<(String, Nonce), ApiError> {
    html_in(Around::english(), template)
}

fn html_in<T: Template>(
    around: Around,
    template: impl FnOnce(Frame) -> T,
) -> Result<(String, Nonce), ApiError> {
    let nonce = Nonce::random().map_err(ApiError::internal)?;
    let frame = Frame {
        nonce: nonce.clone(),
        version: assets::version(),
        around,
    };
    let html = template(frame).render().map_err(ApiError::internal)?;
    Ok((html, nonce))
}
