//! The tower layer: every request is checked before the service sees it.

mod headers;
mod identify;
mod rejection;
mod service;

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use crate::{Limits, Timestamp};

pub use headers::Headers;
pub use identify::{ByAddress, Identify};
pub use rejection::{RateLimited, StoreUnavailable};
pub use service::{RateLimit, ResponseFuture};

/// Checks every request against [`Limits`].
///
/// - Admitted: the service answers, and the response gets the [`Headers`].
/// - Refused: the response of [`RateLimited`], status 429.
/// - The store is gone: the response of [`StoreUnavailable`], status 503.
///
/// Both values are in the extensions of their response: whoever wants another body maps responses
/// that have one there.
///
/// With axum, use it by `Router::layer`: there a request has its `MatchedPath` already.
pub struct RateLimitLayer<S, I> {
    limits: Arc<Limits<S>>,
    identify: I,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    headers: Headers,
}

impl<S, I: Identify> RateLimitLayer<S, I> {
    /// Charges those whom `identify` names, at the times that `clock` tells.
    pub fn new(
        limits: Arc<Limits<S>>,
        identify: I,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self {
            limits,
            identify,
            clock: Arc::new(clock),
            headers: Headers::default(),
        }
    }

    /// Chooses the headers of responses.
    #[must_use]
    pub const fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }
}

impl<S, I: Identify, T> Layer<T> for RateLimitLayer<S, I> {
    type Service = RateLimit<T, S, I>;

    fn layer(&self, inner: T) -> Self::Service {
        RateLimit::new(inner, self.clone())
    }
}

impl<S, I: Clone> Clone for RateLimitLayer<S, I> {
    fn clone(&self) -> Self {
        Self {
            limits: Arc::clone(&self.limits),
            identify: self.identify.clone(),
            clock: Arc::clone(&self.clock),
            headers: self.headers,
        }
    }
}

impl<S, I> fmt::Debug for RateLimitLayer<S, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
