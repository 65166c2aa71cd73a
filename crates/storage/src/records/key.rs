//! By what records are found.

use std::fmt;

use model::{Rng, SessionId, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::TooLarge;

/// The longest id, in bytes.
const MOST: usize = 128;

/// Which record of a kind. Listings go by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(String);

/// A key that no two records of a kind share: the SHA-256 of what it is made of, of whatever length that is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueKey([u8; 32]);

impl fmt::Debug for UniqueKey {
    /// The hash of an address or a code is as good as these: whoever reads a log could try all of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UniqueKey([redacted])")
    }
}

/// The keys of a record. What is the first key of one may be the second of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The first.
    pub first: Option<UniqueKey>,
    /// The second.
    pub second: Option<UniqueKey>,
}

/// What no two records of a kind share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKey {
    /// The id.
    Id,
    /// The first key.
    First,
    /// The second key.
    Second,
}

impl RecordId {
    /// A new id, sortable by time (RFC 9562 §5.7).
    pub fn new(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(SessionId::new(now, rng).to_string())
    }

    /// The id with this text: for a record that has its place, such as the one of an account. An id that may be
    /// deleted and inserted again begins anew with its versions.
    ///
    /// # Errors
    /// [`TooLarge`] unless it is 1 to 128 bytes long.
    pub fn parse(text: impl Into<String>) -> Result<Self, TooLarge> {
        let text = text.into();
        if text.is_empty() || text.len() > MOST || text.contains('\0') {
            let what = "bytes of an id, none of them zero";
            return Err(TooLarge { what, most: MOST });
        }
        Ok(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UniqueKey {
    /// The key that is made of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// What is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Keys {
    /// No key: found by its id only.
    pub const fn none() -> Self {
        Self {
            first: None,
            second: None,
        }
    }

    /// One key.
    pub fn one(first: impl AsRef<[u8]>) -> Self {
        Self {
            first: Some(UniqueKey::of(first)),
            second: None,
        }
    }

    /// Two keys.
    pub fn two(first: impl AsRef<[u8]>, second: impl AsRef<[u8]>) -> Self {
        Self {
            second: Some(UniqueKey::of(second)),
            ..Self::one(first)
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::First => "first key",
            Self::Second => "second key",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_a_bound() {
        assert!(RecordId::parse("x".repeat(128)).is_ok());
        for bad in ["", "a\0b", &"x".repeat(129)] {
            assert!(RecordId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_as_long_as_any_other() {
        let (short, long) = (UniqueKey::of("a"), UniqueKey::of([7; 1023]));
        assert_eq!(short.as_bytes().len(), long.as_bytes().len());
        assert_ne!(short, long);
    }
}
