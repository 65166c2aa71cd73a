//! Why a token is refused.

/// Why a request was not authenticated. Each is told apart by [`code`](TokenError::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token was sent.
    #[error("no token was sent")]
    Missing,
    /// The token is not one of ours, or not for here; [`Fault`] is for the log.
    #[error("the token is not valid: {0}")]
    Invalid(Fault),
    /// `exp` has passed (RFC 7519 §4.1.4). Nothing else is wrong with the token.
    #[error("the token has expired")]
    Expired,
    /// The token, its session or everything its user had was revoked.
    #[error("the token has been revoked")]
    Revoked,
    /// An access token where a refresh token is due, or the other way round.
    #[error("the token is of the wrong type")]
    WrongType,
    /// The route wants a recent authentication (RFC 9470).
    #[error("a more recent authentication is required")]
    NotFresh,
    /// What has been revoked is not known well enough to accept any token.
    #[error("revocations can't be checked")]
    Unavailable,
}

impl TokenError {
    /// A stable word for the error, for problem documents and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing_token",
            Self::Invalid(_) => "invalid_token",
            Self::Expired => "expired_token",
            Self::Revoked => "revoked_token",
            Self::WrongType => "wrong_token_type",
            Self::NotFresh => "insufficient_user_authentication",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What is wrong with an invalid token. For logs: a client is told no more than `invalid_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The `Authorization` header has the scheme but not exactly one token, or comes twice.
    #[error("the Authorization header is malformed")]
    Header,
    /// Longer than the limit; nothing of it was decoded.
    #[error("too long")]
    TooLong,
    /// Not three segments of base64url (RFC 7515 §7.1).
    #[error("not a compact JWS")]
    Format,
    /// A segment is not a JSON object in UTF-8 (RFC 7519 §7.2), or too deep.
    #[error("not a JSON object")]
    Json,
    /// A header parameter breaks its rule, or is critical and not understood (RFC 7515 §4.1.11).
    #[error("a header parameter is not acceptable")]
    HeaderParameter,
    /// No key here is for that `alg` (RFC 8725 §3.1).
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// The signature is not by one of our keys.
    #[error("the signature is wrong")]
    Signature,
    /// The named claim is missing or of the wrong kind.
    #[error("the claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// `iat` or `nbf` lies ahead (RFC 7519 §4.1.5).
    #[error("not valid yet")]
    NotYetValid,
    /// `iss` is not an accepted issuer (RFC 7519 §4.1.1, RFC 8725 §3.8).
    #[error("the issuer is not accepted")]
    Issuer,
    /// `aud` names no accepted audience (RFC 7519 §4.1.3, RFC 8725 §3.9).
    #[error("the audience is not accepted")]
    Audience,
    /// There is no `sid`, and tokens without one are not, or no longer, accepted.
    #[error("the token belongs to no session")]
    NoSession,
}
