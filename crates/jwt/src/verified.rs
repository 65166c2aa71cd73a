//! A token whose signature and claims were checked.

use serde::de::DeserializeOwned;

use crate::json::read_object;
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

    /// Reads one claim into a type of yours: one that [`Claims`] doesn't know. The last one of this name
    /// counts, as everywhere here.
    ///
    /// # Errors
    /// When it doesn't fit `T`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let mut found = None;
        read_object(&self.payload, |member, value| {
            if member == name.as_bytes() {
                found = Some(value);
            }
        });
        found
            .map(|value| serde_json::from_str(value.source()))
            .transpose()
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
