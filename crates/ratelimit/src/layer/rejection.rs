//! What a client gets instead of an answer.

use std::sync::Arc;

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::{Decision, Unavailable};

/// How long a client should wait when the store is gone, in seconds.
const STORE_RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A limit is used up. As a response: 429 with plain text and `Retry-After` (RFC 6585 §4).
#[derive(Clone, Debug, thiserror::Error)]
#[error("too many requests")]
pub struct RateLimited {
    decision: Arc<Decision>,
}

impl RateLimited {
    /// The rejection for a decision that refuses.
    pub fn new(decision: Decision) -> Self {
        Self {
            decision: Arc::new(decision),
        }
    }

    /// The limits that were charged, the one that refuses last.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }
}

impl IntoResponse for RateLimited {
    fn into_response(self) -> Response {
        let mut response = plain(StatusCode::TOO_MANY_REQUESTS, "Too many requests.\n");
        if let Some(wait) = self.decision.retry_after() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The limits can't be counted. As a response: 503 with plain text and `Retry-After: 5`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the rate limits can't be counted")]
pub struct StoreUnavailable {
    #[source]
    cause: Arc<Unavailable>,
}

impl StoreUnavailable {
    /// The store's error, for the log.
    pub fn cause(&self) -> &Unavailable {
        &self.cause
    }
}

impl From<Unavailable> for StoreUnavailable {
    fn from(cause: Unavailable) -> Self {
        Self {
            cause: Arc::new(cause),
        }
    }
}

impl IntoResponse for StoreUnavailable {
    fn into_response(self) -> Response {
        let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "Service unavailable.\n");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, STORE_RETRY_AFTER);
        response.extensions_mut().insert(self);
        response
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let plain_text = HeaderValue::from_static("text/plain; charset=utf-8");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, plain_text);
    response
}
