//! Forms and queries: `application/x-www-form-urlencoded` (URL Standard §5).

use std::borrow::Cow;

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use percent_encoding::percent_decode;
use secret::Secret;

use crate::{Input, Object, Rejection, Value};

use super::{body, media_type};

/// The most pairs of a form or query.
const MAX_PAIRS: usize = 256;

/// A form that keeps every rule of `T`, sent as `application/x-www-form-urlencoded`.
///
/// # Rejections
/// 415, 413, 400 and 422, as in [`Valid`](crate::Valid).
#[derive(Clone, Copy, Debug)]
pub struct ValidForm<T>(pub T);

/// A query that keeps every rule of `T`.
///
/// # Rejections
/// 400 when it is malformed; 422 with all its faults.
#[derive(Clone, Copy, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: Input, S: Sync> FromRequest<S> for ValidForm<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        media_type::check(request.headers(), "application/x-www-form-urlencoded")?;
        let body = body::read(request).await?;
        Ok(Self(T::from_object(object(&body)?)?))
    }
}

impl<T: Input, S: Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(T::from_object(object(query.as_bytes())?)?))
    }
}

/// Reads pairs. The names must differ: which of two counts would be anyone's guess.
fn object(text: &[u8]) -> Result<Object, Rejection> {
    let mut object = Object::new();
    for (position, pair) in text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .enumerate()
    {
        if position == MAX_PAIRS {
            return Err(Rejection::MalformedRequest("Send fewer fields."));
        }
        let middle = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = middle.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        object
            .insert(decoded(name)?, Value::Plain(Secret::new(decoded(value)?)))
            .map_err(|_| Rejection::MalformedRequest("Send each field only once."))?;
    }
    Ok(object)
}

fn decoded(text: &[u8]) -> Result<String, Rejection> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect::<Vec<_>>()
            .into()
    } else {
        text.into()
    };
    percent_decode(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| Rejection::MalformedRequest("Send UTF-8, percent-encoded."))
}
