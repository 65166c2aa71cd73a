//! What tickets and records are made of: a kind, and a body that is bounded.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// What a ticket, a record or a job is: lower-case letters, digits and `_`. It is part of what is stored, so it never
/// changes, and no two things have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub &'static str);

/// More than a store keeps of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most {most} {what}")]
pub struct TooLarge {
    /// What has a bound, in its unit.
    pub what: &'static str,
    /// The bound.
    pub most: usize,
}

/// What a ticket carries, as JSON.
pub type TicketBody = Body<4096>;

/// What a record holds, as JSON.
pub type RecordBody = Body<65_536>;

/// A text of at most `MOST` bytes. It may tell of a person, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Body<const MOST: usize>(String);

impl<const MOST: usize> Body<MOST> {
    /// A text to be stored.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn new(text: String) -> Result<Self, TooLarge> {
        if text.len() > MOST {
            let what = "bytes of a body";
            return Err(TooLarge { what, most: MOST });
        }
        Ok(Self(text))
    }

    /// A text as it was stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `value`, as it is stored.
    pub(crate) fn of<E: From<TooLarge> + From<Error>>(value: &impl Serialize) -> Result<Self, E> {
        let text = serde_json::to_string(value).map_err(|error| Error::Backend(error.into()))?;
        Ok(Self::new(text)?)
    }

    /// The value that was stored in `table`, of this kind.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        table: &'static str,
        kind: Kind,
    ) -> Result<T, Error> {
        // The parser's own words may quote the text.
        serde_json::from_str(&self.0).map_err(|_| Error::Unreadable {
            table,
            reason: format!("the body of a {}", kind.0),
        })
    }
}

impl<const MOST: usize> fmt::Debug for Body<MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_a_bound() {
        assert!(Body::<3>::new("abc".to_owned()).is_ok());
        let refused = Body::<3>::new("abcd".to_owned()).unwrap_err();
        assert_eq!(refused.to_string(), "at most 3 bytes of a body");
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_body() {
        let body = TicketBody::new("alice@example.org".to_owned()).unwrap();
        let error = body.read::<u32>("tickets", Kind("reset")).unwrap_err();
        let text = format!("{body:?} {error} {error:?}");
        assert!(!text.contains("alice"), "{text}");
        assert!(text.contains("the body of a reset"), "{text}");
    }
}
