//! A letter and where it goes.

use std::fmt;

use model::{EmailAddress, Timestamp};
use texts::Language;

use crate::letter::Letter;

/// A letter to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Which one. Whoever sends it again, not knowing whether it arrived, uses the same.
    pub id: MessageId,
    /// To whom.
    pub to: EmailAddress,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub letter: Letter,
    /// When it is written: `Date`, and what the time that is left is counted from.
    pub date: Timestamp,
}

/// What a letter is known by: the part of its `Message-ID` before the `@`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// The text is no [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to 64 ASCII letters, digits, hyphens and underscores")]
pub struct UnreadableMessageId;

/// A boundary between parts may have 70 characters (RFC 2046 §5.1.1), two of which are ours.
const MAX_BYTES: usize = 64;

impl MessageId {
    /// Takes an id.
    ///
    /// # Errors
    /// [`UnreadableMessageId`]: it also names a file and stands in headers.
    pub fn parse(text: &str) -> Result<Self, UnreadableMessageId> {
        let is_fitting = (1..=MAX_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if is_fitting {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnreadableMessageId)
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<uuid::Uuid> for MessageId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_anywhere() {
        for id in ["a", "0190d3a5-7e4f-7c3b-9d6e-1f2a3b4c5d6e", "A_b-9"] {
            assert_eq!(MessageId::parse(id).unwrap().as_str(), id);
        }
        let long = "x".repeat(MAX_BYTES + 1);
        for text in ["", "a\r\nBcc: b", "../x", "a b", "é", "<a>", ".", &long] {
            assert_eq!(MessageId::parse(text), Err(UnreadableMessageId), "{text:?}");
        }
    }
}
