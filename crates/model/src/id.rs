//! Identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Rng, Timestamp};

/// The longest identifier of an imported account, in bytes.
const MAX_USER_ID_BYTES: usize = 128;

/// The text is no identifier of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct UnreadableId;

/// Which account: the `sub` of its tokens (RFC 7519 §4.1.2).
///
/// `UUIDv7` text for accounts made here; an imported account keeps the text it had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

/// Which session: the `sid` of its tokens. A `UUIDv7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

/// Which token: its `jti` (RFC 7519 §4.1.7). A `UUIDv4` in tokens made here, any text in others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

/// How often the password of an account was changed or reset: tokens of an older generation are
/// refused, whatever second they were issued in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// How often the address of an account was changed, or a change undone: what was mailed to an earlier address is good
/// for nothing any more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AddressNumber(pub u64);

impl UserId {
    /// A new identifier, sortable by time (RFC 9562 §5.7).
    pub fn new(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(uuid_v7(now, rng).to_string())
    }

    /// The identifier with this text, as it stands in a row or in a token.
    ///
    /// # Errors
    /// [`UnreadableId`] when it is empty or longer than 128 bytes.
    pub fn parse(text: impl Into<String>) -> Result<Self, UnreadableId> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_USER_ID_BYTES {
            return Err(UnreadableId);
        }
        Ok(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SessionId {
    /// A new identifier, sortable by time (RFC 9562 §5.7).
    pub fn new(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(uuid_v7(now, rng))
    }

    /// Reads the hyphenated, lower-case form, and no other: one session has one text.
    ///
    /// # Errors
    /// [`UnreadableId`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, UnreadableId> {
        let uuid = Uuid::try_parse(text).map_err(|_| UnreadableId)?;
        let id = Self(uuid);
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(UnreadableId)
        }
    }
}

impl TokenId {
    /// A new identifier (RFC 9562 §5.4).
    pub fn new(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .to_string(),
        )
    }

    /// The identifier that a token or a row holds.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Generation {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl AddressNumber {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

fn uuid_v7(now: Timestamp, rng: &dyn Rng) -> Uuid {
    let mut random = [0; 10];
    rng.fill(&mut random);
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

impl std::borrow::Borrow<str> for UserId {
    /// Maps keyed by accounts can be asked with the text of a token.
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    #[test]
    fn new_identifiers_differ_and_carry_their_version() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let (a, b) = (UserId::new(now, &SystemRng), UserId::new(now, &SystemRng));
        assert_ne!(a, b);
        assert_eq!(a.as_str().as_bytes()[14], b'7');
        assert_eq!(TokenId::new(&SystemRng).as_str().as_bytes()[14], b'4');
    }

    #[test]
    fn one_session_has_one_text() {
        let id = SessionId::new(Timestamp::from_seconds(1), &SystemRng).to_string();
        assert!(SessionId::parse(&id).is_ok());
        for other in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            String::new(),
        ] {
            let same = other == id; // no letter among the digits: the upper case is the same text
            assert_eq!(SessionId::parse(&other).is_ok(), same, "{other}");
        }
    }

    #[test]
    fn a_user_id_is_bounded() {
        assert!(UserId::parse("").is_err());
        assert!(UserId::parse("x".repeat(128)).is_ok());
        assert!(UserId::parse("x".repeat(129)).is_err());
    }
}
