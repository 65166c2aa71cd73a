//! The service that applies the policy to what the inner service answers.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::extract::NonceSlot;
use crate::{Context, Csp, Policy, Scheme};

/// What [`SecurityHeadersLayer`](crate::SecurityHeadersLayer) makes of a service.
#[derive(Clone, Debug)]
pub struct SecurityHeaders<S> {
    inner: S,
    policy: Arc<Policy>,
    connection: Scheme,
}

impl<S> SecurityHeaders<S> {
    pub(crate) const fn new(inner: S, policy: Arc<Policy>, connection: Scheme) -> Self {
        Self {
            inner,
            policy,
            connection,
        }
    }
}

impl<S, B, C> Service<Request<B>> for SecurityHeaders<S>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = SecurityHeadersFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let scheme = request.extensions().get().copied();
        let nonce = NonceSlot::default();
        request.extensions_mut().insert(nonce.clone());
        SecurityHeadersFuture {
            inner: self.inner.call(request),
            policy: Arc::clone(&self.policy),
            scheme: scheme.unwrap_or(self.connection),
            nonce,
        }
    }
}

pin_project! {
    /// The response of a [`SecurityHeaders`] service.
    #[derive(Debug)]
    pub struct SecurityHeadersFuture<F> {
        #[pin]
        inner: F,
        policy: Arc<Policy>,
        scheme: Scheme,
        nonce: NonceSlot,
    }
}

impl<F, C, E> Future for SecurityHeadersFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let csp = response.extensions_mut().remove::<Csp>();
        let context = Context::new(*this.scheme)
            .nonce(this.nonce.drawn())
            .csp(csp.as_ref());
        this.policy.apply(response.headers_mut(), context);
        Poll::Ready(Ok(response))
    }
}
