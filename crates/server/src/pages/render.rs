//! From a template to an answer.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use headers::Nonce;
use http::StatusCode;

use super::assets;
use crate::error::ApiError;

/// What the frame around every page needs.
pub(super) struct Frame {
    /// Of this answer: what carries it is loaded, nothing else is.
    pub(super) nonce: Nonce,
    /// Behind the address of what it loads.
    pub(super) version: String,
}

/// The answer is a page as it is to be seen, whatever its status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsPage;

/// A page.
pub(super) fn page<T: Template>(
    status: StatusCode,
    template: impl FnOnce(Frame) -> T,
) -> Result<Response, ApiError> {
    let (html, nonce) = html(template)?;
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(nonce);
    response.extensions_mut().insert(IsPage);
    Ok(response)
}

/// The text of a page, and the nonce in it.
pub(super) fn html<T: Template>(
    template: impl FnOnce(Frame) -> T,
) -> Result<(String, Nonce), ApiError> {
    let nonce = Nonce::random().map_err(ApiError::internal)?;
    let frame = Frame {
        nonce: nonce.clone(),
        version: assets::version(),
    };
    let html = template(frame).render().map_err(ApiError::internal)?;
    Ok((html, nonce))
}
