//! JSON bodies.

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http_body::Body as _;

use crate::{Input, Rejection, read};

use super::{body, media_type};

/// Whether the head of a request says that its body is JSON: that [`Valid`] reads it, and doesn't answer 415.
pub fn sends_json(headers: &HeaderMap) -> bool {
    is_json(headers).is_ok()
}

fn is_json(headers: &HeaderMap) -> Result<(), Rejection> {
    media_type::check(headers, "application/json")
}

/// A JSON body that keeps every rule of `T`.
///
/// # Rejections
/// 415 unless the body is `application/json` in UTF-8; 413 when it exceeds
/// [`BodyLimit`](crate::BodyLimit); 400 when it is no JSON; 422 with all the faults of the input.
#[derive(Clone, Copy, Debug)]
pub struct Valid<T>(pub T);

/// A JSON body as in [`Valid`], or none: an empty body is `None`, whatever its type.
#[derive(Clone, Copy, Debug)]
pub struct OptionalBody<T>(pub Option<T>);

impl<T: Input, S: Sync> FromRequest<S> for Valid<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        is_json(request.headers())?;
        let body = body::read(request).await?;
        read(&body).map(Self)
    }
}

impl<T: Input, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        if request.body().is_end_stream() {
            return Ok(Self(None));
        }
        let fitting = is_json(request.headers());
        let body = body::read(request).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        fitting?;
        read(&body).map(|input| Self(Some(input)))
    }
}
