//! Which requests are checked, and in which order.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::{Method, Request};
use pin_project_lite::pin_project;
use tower::ServiceExt as _;
use tower_http::csrf::{Csrf, CsrfLayer as OriginLayer};
use tower_http::csrf::{ProtectionError, ResponseForProtectionError};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::form_check::FormCheck;
use crate::layer::Shared;
use crate::{Credential, CsrfRejection, OriginError};

/// What [`CsrfLayer`](crate::CsrfLayer) makes of a service.
///
/// It holds the inner service twice: behind tower-http's origin check and the form token, and beside
/// them for requests that can't be forged.
#[derive(Clone, Debug)]
pub struct CsrfProtection<S> {
    beside: S,
    guarded: Csrf<FormCheck<S>, Refusal>,
    shared: Arc<Shared>,
}

impl<S: Clone> CsrfProtection<S> {
    pub(crate) fn new(inner: S, shared: Arc<Shared>) -> Self {
        // tower-http knows our origin as one to trust, so that it never turns to `Host`. Should it
        // not take the text for an origin it trusts nobody and refuses more.
        let layer = OriginLayer::new();
        let layer = layer
            .clone()
            .add_trusted_origin(shared.origin.as_str())
            .unwrap_or(layer)
            .with_rejection_response(Refusal);
        let form_check = FormCheck::new(inner.clone(), Arc::clone(&shared));
        Self {
            beside: inner,
            guarded: layer.layer(form_check),
            shared,
        }
    }
}

/// What becomes of a request.
enum Course {
    Beside,
    Guarded,
    Refused(CsrfRejection),
}

impl Shared {
    /// Decides by the request's head alone.
    fn course(&self, request: &mut http::request::Parts) -> Course {
        // Not `Method::is_safe`, which counts TRACE too: tower-http's layer has the same three.
        if matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Course::Beside;
        }
        if self
            .exemption
            .as_ref()
            .is_some_and(|exempt| exempt(request))
        {
            return Course::Beside;
        }
        match self.credentials.credential(request) {
            Credential::Explicit => Course::Beside,
            Credential::Anonymous => Course::Refused(CsrfRejection::NoSession),
            Credential::Session(session) => match self.origin.vouches_for(&request.headers) {
                Ok(()) => {
                    request.extensions.insert(session);
                    Course::Guarded
                }
                Err(error) => Course::Refused(error.into()),
            },
        }
    }
}

impl<S> Service<Request<Body>> for CsrfProtection<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = CsrfFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.beside.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let course = self.shared.course(&mut parts);
        parts.extensions.insert(Arc::clone(&self.shared));
        let request = Request::from_parts(parts, body);
        let kind = match course {
            Course::Beside => Kind::Beside {
                future: self.beside.call(request),
            },
            Course::Guarded => Kind::Guarded {
                future: Box::pin(self.guarded.clone().oneshot(request)),
            },
            Course::Refused(rejection) => Kind::Refused {
                response: Some(rejection.into_response()),
            },
        };
        CsrfFuture { kind }
    }
}

/// tower-http's refusals as ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal;

impl ResponseForProtectionError<Body> for Refusal {
    fn response_for_protection_error(&mut self, _: ProtectionError) -> Response {
        CsrfRejection::Origin(OriginError::ForeignOrigin).into_response()
    }
}

type Boxed<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

pin_project! {
    /// The response of a [`CsrfProtection`].
    pub struct CsrfFuture<F, E> {
        #[pin]
        kind: Kind<F, E>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F, E> {
        Beside { #[pin] future: F },
        Guarded { future: Boxed<E> },
        Refused { response: Option<Response> },
    }
}

impl<F, E> Future for CsrfFuture<F, E>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Beside { future } => future.poll(cx),
            KindProjection::Guarded { future } => future.as_mut().poll(cx),
            KindProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending, // polled after it was done
            },
        }
    }
}

impl<F, E> std::fmt::Debug for CsrfFuture<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsrfFuture").finish_non_exhaustive()
    }
}
