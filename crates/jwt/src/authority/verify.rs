//! Verifying.

use std::sync::Arc;

use super::{Authority, Inner};
use crate::error::{Fault, TokenError};
use crate::key::VerifyingKey;
use crate::{Verified, base64url, claims, header};

impl Authority {
    /// Whether `token` is good at `now` (Unix seconds), and what it says.
    ///
    /// Checked are, in this order: its size, form, algorithm and signature, its claims, the times,
    /// whether it needs a session, and whether it was revoked.
    ///
    /// # Errors
    /// Every [`TokenError`] but `Missing`, `WrongType` and `NotFresh`: what the token is for is the
    /// caller's concern.
    pub fn verify(&self, token: &str, now: u64) -> Result<Arc<Verified>, TokenError> {
        let verified = self.0.open(token)?;
        self.0.check_time(&verified, now)?;
        self.0.check_standing(&verified, now)?;
        Ok(verified)
    }

    /// As [`verify`](Self::verify), but `exp` may have passed: to end a session, the token that
    /// named it is good enough.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), never [`TokenError::Expired`].
    pub fn verify_even_expired(&self, token: &str, now: u64) -> Result<Arc<Verified>, TokenError> {
        let verified = self.0.open(token)?;
        match self.0.check_time(&verified, now) {
            Ok(()) | Err(TokenError::Expired) => {}
            Err(error) => return Err(error),
        }
        self.0.check_standing(&verified, now)?;
        Ok(verified)
    }
}

impl Inner {
    /// What holds of a token at any time: form, signature, claims. Remembered in the cache.
    fn open(&self, token: &str) -> Result<Arc<Verified>, TokenError> {
        if token.len() > self.rules.max_token_size {
            return Err(TokenError::Invalid(Fault::TooLong));
        }
        if let Some(verified) = self.cache.get(token) {
            return Ok(verified);
        }
        let verified = Arc::new(self.open_anew(token).map_err(TokenError::Invalid)?);
        self.cache.put(token, &verified);
        Ok(verified)
    }

    fn open_anew(&self, token: &str) -> Result<Verified, Fault> {
        let (message, signature) = token.rsplit_once('.').ok_or(Fault::Format)?;
        let (header, payload) = message.split_once('.').ok_or(Fault::Format)?;
        let signature = base64url::decode(signature).ok_or(Fault::Format)?;

        if !self.is_signed(header, message.as_bytes(), &signature)? {
            return Err(Fault::Signature);
        }
        let payload = base64url::decode(payload).ok_or(Fault::Format)?;
        let claims = claims::read(&payload, &self.reading)?;
        Ok(Verified::new(claims, payload))
    }

    fn is_signed(&self, header: &str, message: &[u8], signature: &[u8]) -> Result<bool, Fault> {
        // Our own header needs no reading; what it says is known. Anything but a yes is looked into.
        if !self.issued_header.is_empty()
            && message.starts_with(self.issued_header.as_bytes())
            && self
                .verifying
                .first()
                .is_some_and(|key| key.verifies(message, signature))
        {
            return Ok(true);
        }
        let bytes = base64url::decode(header).ok_or(Fault::Format)?;
        let header = header::read(&bytes)?;
        let of_algorithm = |key: &&VerifyingKey| key.algorithm() == header.algorithm;
        if !self.verifying.iter().any(|key| of_algorithm(&key)) {
            return Err(Fault::Algorithm);
        }
        // `kid` only chooses among our keys. Other issuers' names for them are as good as none.
        let is_named = |key: &&VerifyingKey| Some(key.key_id()) == header.key_id.as_deref();
        let mut candidates = self.verifying.iter().filter(of_algorithm);
        if let Some(named) = candidates.clone().find(is_named) {
            return Ok(named.verifies(message, signature));
        }
        Ok(candidates.any(|key| key.verifies(message, signature)))
    }

    /// RFC 7519 §4.1.4 to §4.1.6. `iat` in the future is refused as `PyJWT` does: the clock of one of
    /// us is wrong. `exp` comes last, so that "expired" says that the rest is right.
    fn check_time(&self, verified: &Verified, now: u64) -> Result<(), TokenError> {
        let ahead = self.rules.leeway.max(self.rules.clock_skew);
        let latest = now.saturating_add(ahead);
        let earliest = now.saturating_sub(self.rules.leeway);
        let claims = &verified.claims;
        if claims.iat.is_some_and(|iat| iat > latest) || claims.nbf.is_some_and(|nbf| nbf > latest)
        {
            return Err(TokenError::Invalid(Fault::NotYetValid));
        }
        if claims.exp.is_some_and(|exp| exp <= earliest) {
            return Err(TokenError::Expired);
        }
        Ok(())
    }

    /// Whether the token's session is still to be honoured.
    fn check_standing(&self, verified: &Verified, now: u64) -> Result<(), TokenError> {
        let claims = &verified.claims;
        let is_legacy =
            claims.are_of_no_session() && self.rules.legacy_until.is_some_and(|end| now < end);
        if claims.sid.is_none() && self.rules.require_session && !is_legacy {
            return Err(TokenError::Invalid(Fault::NoSession));
        }
        if claims.iss.is_none() && !self.reading.issuers.is_empty() && !is_legacy {
            return Err(TokenError::Invalid(Fault::Issuer));
        }
        #[cfg(feature = "revocation")]
        if let Some(set) = &self.revocations {
            return set.check(verified.lookup());
        }
        Ok(())
    }
}
