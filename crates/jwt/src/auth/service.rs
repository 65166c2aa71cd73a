//! The layer's service.

use std::fmt;
use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use super::Clock;
use crate::Authority;

/// What [`AuthLayer`](super::AuthLayer) makes of a service.
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    authority: Authority,
    clock: Clock,
}

impl<S> Auth<S> {
    pub(super) const fn new(inner: S, authority: Authority, clock: Clock) -> Self {
        Self {
            inner,
            authority,
            clock,
        }
    }
}

impl<S, B> Service<Request<B>> for Auth<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = (self.clock)();
        let authentication = self.authority.authenticate(request.headers(), now);
        request.extensions_mut().insert(authentication);
        self.inner.call(request)
    }
}

impl<S: fmt::Debug> fmt::Debug for Auth<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("inner", &self.inner)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
