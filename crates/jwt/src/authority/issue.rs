//! Issuing.

use super::Authority;
use crate::{Claims, Token, base64url, claims};

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// This authority only verifies.
    #[error("this authority has no key to sign with")]
    NoSigningKey,
    /// A claim of the caller's own has a name that has a meaning here.
    #[error("the claim {0:?} can't be added: its name has a meaning")]
    ReservedClaim(String),
    /// The claims have no JSON form.
    #[error("the claims could not be written")]
    Claims(#[source] serde_json::Error),
    /// The cryptographic library failed; with an HMAC key it never does.
    #[error("the token could not be signed")]
    Signing,
}

impl Authority {
    /// Signs `claims`. The authority's `iss` and `aud` are put in where `claims` has none.
    ///
    /// # Errors
    /// [`IssueError::NoSigningKey`] for a [`verifier`](Self::verifier), [`IssueError::ReservedClaim`] for
    /// a claim of yours by a name that means something else; the others don't happen with an HMAC key.
    pub fn issue(&self, claims: &Claims) -> Result<Token, IssueError> {
        let inner = &*self.0;
        let key = inner.signing.as_ref().ok_or(IssueError::NoSigningKey)?;
        if let Some(name) = claims.misnamed(&inner.reading.identity_claim) {
            return Err(IssueError::ReservedClaim(name.to_owned()));
        }
        let payload = claims::encode(
            claims,
            &inner.reading.identity_claim,
            inner.rules.issuer.as_deref(),
            &inner.rules.audience,
        )
        .map_err(IssueError::Claims)?;

        let mut text = inner.issued_header.clone();
        base64url::encode_to(payload, &mut text);
        let signature = key.sign(text.as_bytes()).map_err(|_| IssueError::Signing)?;
        text.push('.');
        base64url::encode_to(signature, &mut text);
        Ok(Token::new(text))
    }
}
