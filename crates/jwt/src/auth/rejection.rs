//! The answer to a request that is not let through.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::TokenError;

/// Seconds after which a client may ask again when revocations could not be checked.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Why an extractor refused. As a response it is plain text, and carries itself in the response's
/// extensions, so that a layer further out can put a body of its own in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthRejection {
    /// There is no good token, or not the right one.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is good, but the authentication behind it is not recent (RFC 9470).
    #[error("a more recent authentication is required")]
    NotFresh {
        /// Seconds that count as recent.
        max_age: u64,
    },
    /// Nobody looked at the token: the layer is missing. A fault of the application.
    #[error("no authentication layer is installed")]
    NotInstalled,
}

impl AuthRejection {
    /// The error as a token's, or `None` when it is the application's.
    pub const fn token_error(self) -> Option<TokenError> {
        match self {
            Self::Token(error) => Some(error),
            Self::NotFresh { .. } => Some(TokenError::NotFresh),
            Self::NotInstalled => None,
        }
    }

    /// 401, or 503 when revocations can't be checked, or 500 when the layer is missing.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Token(TokenError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token(_) | Self::NotFresh { .. } => StatusCode::UNAUTHORIZED,
            Self::NotInstalled => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The value of `WWW-Authenticate`, for a 401 (RFC 6750 §3, RFC 9470 §3). It names an error only
    /// when a token was sent.
    pub fn challenge(self) -> Option<HeaderValue> {
        let challenge = match self {
            Self::Token(TokenError::Missing) => "Bearer",
            Self::Token(TokenError::Invalid(_)) => {
                r#"Bearer error="invalid_token", error_description="The token is not valid""#
            }
            Self::Token(TokenError::Expired) => {
                r#"Bearer error="invalid_token", error_description="The token has expired""#
            }
            Self::Token(TokenError::Revoked) => {
                r#"Bearer error="invalid_token", error_description="The token has been revoked""#
            }
            Self::Token(TokenError::WrongType) => {
                r#"Bearer error="invalid_token", error_description="The token is of the wrong type""#
            }
            Self::Token(TokenError::NotFresh) => NOT_FRESH,
            Self::NotFresh { max_age } => {
                return HeaderValue::try_from(format!(r#"{NOT_FRESH}, max_age="{max_age}""#)).ok();
            }
            Self::Token(TokenError::Unavailable) | Self::NotInstalled => return None,
        };
        Some(HeaderValue::from_static(challenge))
    }
}

/// RFC 9470 §3, without the age.
const NOT_FRESH: &str = r#"Bearer error="insufficient_user_authentication", error_description="A more recent authentication is required""#;

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response.extensions_mut().insert(self);
        response
    }
}
