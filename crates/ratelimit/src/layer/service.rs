//! The service that the layer makes, and its future.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum_core::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, request::Parts};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Headers, Identify, RateLimitLayer, RateLimited, StoreUnavailable};
use crate::{Begun, Call, Decision, Store, Timestamp, Unavailable};

/// The service of a [`RateLimitLayer`].
pub struct RateLimit<T, S, I> {
    inner: T,
    layer: RateLimitLayer<S, I>,
}

impl<T, S, I> RateLimit<T, S, I> {
    pub(super) const fn new(inner: T, layer: RateLimitLayer<S, I>) -> Self {
        Self { inner, layer }
    }
}

impl<T: Clone, S, I: Clone> Clone for RateLimit<T, S, I> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<T, S, I> fmt::Debug for RateLimit<T, S, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}

impl<T, S, I, B> Service<Request<B>> for RateLimit<T, S, I>
where
    T: Service<Request<B>, Response = Response> + Clone + Send + 'static,
    T::Future: Send,
    T::Error: Send,
    S: Store,
    I: Identify,
    B: Send + 'static,
{
    type Response = Response;
    type Error = T::Error;
    type Future = ResponseFuture<T::Future, T::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let now = (self.layer.clock)();
        let begun = self.layer.limits.begin(&self.layer.call(&parts, now));
        let state = match begun {
            Ok(Ok(decision)) if decision.is_allowed() => {
                let inner = self.inner.call(Request::from_parts(parts, body));
                State::Inner {
                    inner,
                    decision: Some(decision),
                }
            }
            Ok(answer) => State::Ready {
                response: Some(self.layer.refusal(answer)),
            },
            Err(begun) => {
                // The service that is ready goes into the future, its clone waits for the next call.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                let request = Request::from_parts(parts, body);
                let later = wait(ready, self.layer.clone(), request, now, begun);
                State::Waiting {
                    later: Box::pin(later),
                }
            }
        };
        ResponseFuture {
            state,
            headers: self.layer.headers,
        }
    }
}

impl<S: Store, I: Identify> RateLimitLayer<S, I> {
    fn call<'a>(&self, request: &'a Parts, now: Timestamp) -> Call<'a> {
        Call {
            caller: self.identify.caller(request),
            route: self.identify.route(request),
            method: request.method.as_str(),
            cost: self.identify.cost(request),
            refundable: false,
            now,
        }
    }

    /// The response to a request that is not admitted.
    fn refusal(&self, answer: Result<Decision, Unavailable>) -> Response {
        match answer {
            Ok(decision) => {
                let rejection = RateLimited::new(decision);
                let mut response = rejection.clone().into_response();
                self.headers
                    .write(rejection.decision(), response.headers_mut());
                response
            }
            Err(error) => StoreUnavailable::from(error).into_response(),
        }
    }
}

/// The rest of a call whose store takes its time.
async fn wait<T, S, I, B>(
    mut inner: T,
    layer: RateLimitLayer<S, I>,
    request: Request<B>,
    now: Timestamp,
    begun: Begun,
) -> Result<Response, T::Error>
where
    T: Service<Request<B>, Response = Response>,
    S: Store,
    I: Identify,
{
    let (parts, body) = request.into_parts();
    match layer.limits.finish(&layer.call(&parts, now), begun).await {
        Ok(decision) if decision.is_allowed() => {
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            layer.headers.write(&decision, response.headers_mut());
            Ok(response)
        }
        answer => Ok(layer.refusal(answer)),
    }
}

type Later<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

pin_project! {
    /// The future of a [`RateLimit`].
    pub struct ResponseFuture<F, E> {
        #[pin]
        state: State<F, E>,
        headers: Headers,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, E> {
        Inner { #[pin] inner: F, decision: Option<Decision> },
        Ready { response: Option<Response> },
        Waiting { later: Later<E> },
    }
}

impl<F, E> Future for ResponseFuture<F, E>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.state.project() {
            StateProjection::Inner { inner, decision } => {
                let mut response = ready!(inner.poll(context))?;
                if let Some(decision) = decision.take() {
                    this.headers.write(&decision, response.headers_mut());
                }
                Poll::Ready(Ok(response))
            }
            // A future that was polled to its end is not polled again; if it is, it waits for ever.
            StateProjection::Ready { response } => response
                .take()
                .map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            StateProjection::Waiting { later } => later.as_mut().poll(context),
        }
    }
}

impl<F, E> fmt::Debug for ResponseFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
