//! The nonce as an axum extractor.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::Nonce;

/// The nonce of the response to this request, for the `nonce` attributes of the page.
///
/// It is drawn when a handler asks for it, and only then named in the policy. Every use within one
/// request gives the same nonce.
#[derive(Clone, Debug)]
pub struct CspNonce(pub Nonce);

/// Why a handler got no nonce. As a response: 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceRejection {
    /// [`SecurityHeadersLayer`](crate::SecurityHeadersLayer) isn't around this handler.
    #[error("the layer that sets the security headers is missing")]
    LayerMissing,
    /// The operating system has no random numbers to give.
    #[error("no random numbers")]
    NoRandomness,
}

/// Where a request keeps the nonce between the handler that draws it and the layer that names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NonceSlot(Arc<OnceLock<Nonce>>);

impl NonceSlot {
    /// The nonce, if a handler asked for it.
    pub(crate) fn drawn(&self) -> Option<&Nonce> {
        self.0.get()
    }

    fn draw(&self) -> Result<Nonce, getrandom::Error> {
        if let Some(nonce) = self.drawn() {
            return Ok(nonce.clone());
        }
        let fresh = Nonce::random()?;
        Ok(self.0.get_or_init(|| fresh).clone())
    }
}

impl<S: Sync> FromRequestParts<S> for CspNonce {
    type Rejection = NonceRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let slot: Option<&NonceSlot> = parts.extensions.get();
        let slot = slot.ok_or(NonceRejection::LayerMissing)?;
        slot.draw()
            .map(Self)
            .map_err(|_| NonceRejection::NoRandomness)
    }
}

impl Deref for CspNonce {
    type Target = Nonce;

    fn deref(&self) -> &Nonce {
        &self.0
    }
}

impl IntoResponse for NonceRejection {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A [`Csp`](crate::Csp) in a handler's answer replaces the policy's.
impl axum_core::response::IntoResponseParts for crate::Csp {
    type Error = Infallible;

    fn into_response_parts(
        self,
        mut response: axum_core::response::ResponseParts,
    ) -> Result<axum_core::response::ResponseParts, Infallible> {
        response.extensions_mut().insert(self);
        Ok(response)
    }
}
