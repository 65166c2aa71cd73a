//! The service that redirects, refuses or calls on.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, Request, StatusCode};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{HttpsRedirect, HttpsRequired, Verdict};
use crate::Scheme;

/// What [`HttpsRedirectLayer`](super::HttpsRedirectLayer) makes of a service.
#[derive(Clone, Debug)]
pub struct HttpsRedirectService<S> {
    inner: S,
    redirect: HttpsRedirect,
    connection: Scheme,
}

impl<S> HttpsRedirectService<S> {
    pub(super) const fn new(inner: S, redirect: HttpsRedirect, connection: Scheme) -> Self {
        Self {
            inner,
            redirect,
            connection,
        }
    }
}

impl<S, B> Service<Request<B>> for HttpsRedirectService<S>
where
    S: Service<Request<B>>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = S::Error;
    type Future = HttpsRedirectFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let scheme = request.extensions().get().copied();
        let verdict = self.redirect.judge(
            scheme.unwrap_or(self.connection),
            request.method(),
            request.uri(),
        );
        let kind = match verdict {
            Verdict::Serve => Kind::Served {
                future: self.inner.call(request),
            },
            Verdict::Redirect(location) => Kind::Answered {
                response: Some(redirection(location)),
            },
            Verdict::Refuse(refusal) => Kind::Answered {
                response: Some(refusal.into_response()),
            },
        };
        HttpsRedirectFuture { kind }
    }
}

fn redirection(location: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, location);
    response
}

impl IntoResponse for HttpsRequired {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::FORBIDDEN, self.to_string()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pin_project! {
    /// The response of a [`HttpsRedirectService`].
    #[derive(Debug)]
    pub struct HttpsRedirectFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<F> {
        Served { #[pin] future: F },
        Answered { response: Option<Response> },
    }
}

impl<F, R, E> Future for HttpsRedirectFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: IntoResponse,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Served { future } => {
                Poll::Ready(ready!(future.poll(cx)).map(IntoResponse::into_response))
            }
            KindProjection::Answered { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending, // polled after it was done
            },
        }
    }
}
