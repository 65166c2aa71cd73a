//! A token whose signature and claims were checked.

use serde::de::DeserializeOwned;

#[cfg(feature = "revocation")]
use crate::revocation::Lookup;
use crate::{Claims, TokenKind};

/// A token whose signature and claims were checked. The time and revocation were too, by whoever
/// handed it out.
#[derive(Debug)]
pub struct Verified {
    /// What the token says.
    pub claims: Claims,
    payload: Box<[u8]>,
    #[cfg(feature = "revocation")]
    lookup: Lookup,
}

impl Verified {
    pub(crate) fn new(claims: Claims, payload: Vec<u8>) -> Self {
        Self {
            #[cfg(feature = "revocation")]
            lookup: Lookup::of(&claims),
            claims,
            payload: payload.into_boxed_slice(),
        }
    }

    /// Access or refresh.
    pub const fn kind(&self) -> TokenKind {
        self.claims.kind
    }

    /// Who the token is about.
    pub fn subject(&self) -> &str {
        &self.claims.sub
    }

    /// Whether the person had just authenticated at `now` (Unix seconds).
    pub const fn is_fresh(&self, now: u64) -> bool {
        self.claims.fresh.holds_at(now)
    }

    /// Reads all claims into a type of yours, for those that [`Claims`] doesn't know.
    ///
    /// # Errors
    /// When the claims don't fit `T`, or hold one name twice.
    pub fn claims_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.payload)
    }

    #[cfg(feature = "revocation")]
    pub(crate) const fn lookup(&self) -> &Lookup {
        &self.lookup
    }
}
