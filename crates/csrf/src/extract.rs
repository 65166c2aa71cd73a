//! The token as an axum extractor.

use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::layer::Shared;
use crate::{Credential, SessionBinding, TokenError};

/// Renders form tokens for the session of the request.
///
/// ```
/// # use csrf::{CsrfToken, RenderError};
/// async fn form(csrf: CsrfToken) -> Result<String, RenderError> {
///     Ok(format!("<form method=post>{}<button>Send</button></form>", csrf.hidden_input()?))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CsrfToken {
    shared: Arc<Shared>,
    session: Option<SessionBinding>,
}

/// [`CsrfLayer`](crate::CsrfLayer) isn't around the handler. As a response: 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the CSRF layer is missing")]
pub struct CsrfLayerMissing;

/// Why there is no token to render. As a response: 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The request has no session: begin one, and bind the token to it with
    /// [`bound_to`](CsrfToken::bound_to).
    #[error("there is no session to bind a form token to")]
    NoSession,
    /// The operating system has no random numbers to give.
    #[error("no random numbers")]
    NoRandomness,
}

impl CsrfToken {
    /// Whether the request has a session to bind tokens to.
    pub const fn is_bound(&self) -> bool {
        self.session.is_some()
    }

    /// Binds to `session` instead: one that begins with this response, such as the one before a
    /// login.
    #[must_use]
    pub const fn bound_to(mut self, session: SessionBinding) -> Self {
        self.session = Some(session);
        self
    }

    /// A token for one form. Each call gives another one, all of them good.
    ///
    /// # Errors
    /// [`RenderError::NoSession`] unless it is bound.
    pub fn render(&self) -> Result<String, RenderError> {
        let session = self.session.as_ref().ok_or(RenderError::NoSession)?;
        let now = (self.shared.clock)();
        let token = self.shared.tokens.issue(session, now);
        token.map_err(|_| RenderError::NoRandomness)
    }

    /// The hidden field for a form. Put it first: only the start of a long form is searched.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn hidden_input(&self) -> Result<String, RenderError> {
        let (name, token) = (&self.shared.field_name, self.render()?);
        Ok(format!(
            r#"<input type="hidden" name="{name}" value="{token}">"#
        ))
    }

    /// The element that scripts take the token from, for the header `X-CSRFToken`.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn meta_tag(&self) -> Result<String, RenderError> {
        Ok(format!(
            r#"<meta name="csrf-token" content="{}">"#,
            self.render()?
        ))
    }

    /// Whether `token` is good for the session, for a route that is exempt from the layer's check
    /// and makes its own.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::Invalid`] without a session.
    pub fn verify(&self, token: &str) -> Result<(), TokenError> {
        let session = self.session.as_ref().ok_or(TokenError::Invalid)?;
        self.shared
            .tokens
            .verify(token, session, (self.shared.clock)())
    }
}

impl<S: Sync> FromRequestParts<S> for CsrfToken {
    type Rejection = CsrfLayerMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let shared: Option<&Arc<Shared>> = parts.extensions.get();
        let shared = Arc::clone(shared.ok_or(CsrfLayerMissing)?);
        let session = match shared.credentials.credential(parts) {
            Credential::Session(session) => Some(session),
            Credential::Explicit | Credential::Anonymous => None,
        };
        Ok(Self { shared, session })
    }
}

impl IntoResponse for CsrfLayerMissing {
    fn into_response(self) -> Response {
        internal(self)
    }
}

impl IntoResponse for RenderError {
    fn into_response(self) -> Response {
        internal(self)
    }
}

fn internal(error: impl Clone + Send + Sync + 'static) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(error);
    response
}
