//! Who is asking, as far as the header tells.

use std::sync::Arc;

use http::HeaderMap;

use super::header;
use crate::{Authority, TokenError, Verified};

/// Who is asking: put into the request's extensions by the layer, and read by the extractors.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// What became of the token.
    pub outcome: Outcome,
    /// When that was, in Unix seconds.
    pub at: u64,
    /// Seconds after which an authentication is no longer recent, to be told to a client whose
    /// token is not fresh.
    pub max_age: u64,
}

/// What became of a request's token.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// There was none.
    Missing,
    /// It is good.
    Verified(Arc<Verified>),
    /// It was good, and was not revoked.
    Expired(Arc<Verified>),
    /// It is not good; never [`TokenError::Missing`] nor [`TokenError::Expired`].
    Refused(TokenError),
}

impl Authentication {
    /// The token, if it is good now.
    ///
    /// # Errors
    /// Why it isn't.
    pub const fn verified(&self) -> Result<&Arc<Verified>, TokenError> {
        match &self.outcome {
            Outcome::Verified(verified) => Ok(verified),
            Outcome::Missing => Err(TokenError::Missing),
            Outcome::Expired(_) => Err(TokenError::Expired),
            Outcome::Refused(error) => Err(*error),
        }
    }

    /// The token, if it is good or was before it expired.
    ///
    /// # Errors
    /// Why it isn't.
    pub const fn verified_even_expired(&self) -> Result<&Arc<Verified>, TokenError> {
        match &self.outcome {
            Outcome::Verified(verified) | Outcome::Expired(verified) => Ok(verified),
            Outcome::Missing => Err(TokenError::Missing),
            Outcome::Refused(error) => Err(*error),
        }
    }

    /// Whether there was no token.
    pub const fn is_missing(&self) -> bool {
        matches!(self.outcome, Outcome::Missing)
    }
}

impl Authority {
    /// Who is asking at `now` (Unix seconds), by the `Authorization` header.
    ///
    /// This is what the layer does, for a stack that does without it: put the answer into the
    /// request's extensions, and the extractors work.
    pub fn authenticate(&self, headers: &HeaderMap, now: u64) -> Authentication {
        Authentication {
            outcome: self.outcome(headers, now),
            at: now,
            max_age: self.fresh_max_age(),
        }
    }

    fn outcome(&self, headers: &HeaderMap, now: u64) -> Outcome {
        let token = match header::token(headers, self.header_format()) {
            Ok(Some(token)) => token,
            Ok(None) => return Outcome::Missing,
            Err(fault) => return Outcome::Refused(TokenError::Invalid(fault)),
        };
        match self.verify(token, now) {
            Ok(verified) => Outcome::Verified(verified),
            Err(TokenError::Expired) => match self.verify_even_expired(token, now) {
                Ok(verified) => Outcome::Expired(verified),
                Err(error) => Outcome::Refused(error),
            },
            Err(error) => Outcome::Refused(error),
        }
    }
}
