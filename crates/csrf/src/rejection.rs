//! Why a request was refused.

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

use crate::{OriginError, TokenError};

/// Why a request was refused.
///
/// As a response: 403 (400 for a body that can't be read), a sentence that gives nothing away, and
/// this value in the response's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrfRejection {
    /// The origin check: no page of the application sent it.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// It carries no session that a token could be bound to.
    #[error("the request has no session")]
    NoSession,
    /// It carries no form token, or none within the part of the body that is looked at.
    #[error("the form token is missing")]
    MissingToken,
    /// It carries several form tokens.
    #[error("there is more than one form token")]
    RepeatedToken,
    /// Its form token isn't good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The form ended early, or hit a limit.
    #[error("the form can't be read")]
    UnreadableBody,
}

impl CsrfRejection {
    /// The status of the default response.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Origin(_)
            | Self::NoSession
            | Self::MissingToken
            | Self::RepeatedToken
            | Self::Token(_) => StatusCode::FORBIDDEN,
            Self::UnreadableBody => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for CsrfRejection {
    fn into_response(self) -> Response {
        let text = "This form can't be accepted. Load the page again and send it once more.";
        let mut response = (self.status(), text).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
