//! Answers in JSON.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::error::ApiError;

/// A value as JSON, in one line with its end: for whoever reads it on a terminal.
pub(crate) struct Json<T>(pub(crate) T);

/// The line.
///
/// # Errors
/// When the value is none that JSON can hold.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = serde_json::to_vec(value)?;
    json.push(b'\n');
    Ok(json)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        match line(&self.0) {
            Ok(json) => ([(CONTENT_TYPE, kind)], json).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}
