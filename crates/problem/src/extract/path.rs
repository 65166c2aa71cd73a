//! Path parameters.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Rejection;

/// Path parameters, as axum's `Path`.
///
/// # Rejections
/// 404 when a parameter can't be a `T`: nothing exists under such a path. 400 when it is no UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct ValidPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ValidPath<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &PathRejection) -> Rejection {
    use axum::extract::path::ErrorKind;

    match rejection {
        PathRejection::FailedToDeserializePathParams(failure) => match failure.kind() {
            ErrorKind::InvalidUtf8InPathParam { .. } => {
                Rejection::MalformedRequest("Send UTF-8, percent-encoded.")
            }
            ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
                Rejection::Misused("the path has other parameters than the handler")
            }
            _ => Rejection::NoSuchPath,
        },
        _ => Rejection::Misused("the route has no path parameters"),
    }
}
