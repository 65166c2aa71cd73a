//! The form token of a request that rides on a session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::{HeaderMap, Request};
use tower_service::Service;

use crate::body::read_start;
use crate::form::{FormKind, Repeated};
use crate::layer::Shared;
use crate::{CsrfRejection, SessionBinding};

/// Calls the inner service if the request brings a form token of its session, which is in its
/// extensions.
#[derive(Clone, Debug)]
pub(crate) struct FormCheck<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> FormCheck<S> {
    pub(crate) const fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S> Service<Request<Body>> for FormCheck<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let fresh = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, fresh); // the one that was polled
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            match shared.check_form(request).await {
                Ok(request) => ready.call(request).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}

impl Shared {
    /// Gives the request back, body and all, if its token is good.
    async fn check_form(&self, request: Request<Body>) -> Result<Request<Body>, CsrfRejection> {
        let session: Option<&SessionBinding> = request.extensions().get();
        let session = *session.ok_or(CsrfRejection::NoSession)?;

        let (in_form, request) = self.token_in_form(request).await?;
        let token = match &in_form {
            Some(token) => token,
            None => self
                .token_in_headers(request.headers())?
                .ok_or(CsrfRejection::MissingToken)?,
        };
        self.tokens.verify(token, &session, (self.clock)())?;
        Ok(request)
    }

    async fn token_in_form(
        &self,
        request: Request<Body>,
    ) -> Result<(Option<String>, Request<Body>), CsrfRejection> {
        let Some(kind) = FormKind::of(request.headers()) else {
            return Ok((None, request));
        };
        let (parts, body) = request.into_parts();
        let start = read_start(body, self.body_bound)
            .await
            .map_err(|_| CsrfRejection::UnreadableBody)?;
        let token = kind
            .find_token(start.bytes, start.is_whole, &self.field_name)
            .await
            .map_err(|Repeated| CsrfRejection::RepeatedToken)?;
        Ok((token, Request::from_parts(parts, start.body)))
    }

    /// The first header that isn't empty; `""` stands for one that isn't ASCII, and is no token.
    fn token_in_headers<'a>(
        &self,
        headers: &'a HeaderMap,
    ) -> Result<Option<&'a str>, CsrfRejection> {
        for name in self.header_names.iter() {
            let mut values = headers.get_all(name).iter();
            let Some(value) = values.next() else {
                continue;
            };
            if values.next().is_some() {
                return Err(CsrfRejection::RepeatedToken);
            }
            if !value.is_empty() {
                return Ok(Some(value.to_str().unwrap_or_default()));
            }
        }
        Ok(None)
    }
}
