//! Usernames.
//!
//! Whoever may choose a name freely will choose one that reads like another's: `аdmin` with a
//! Cyrillic а, `admin` in full-width letters, `ADMIN`. A name is therefore mapped to one form (PRECIS
//! `UsernameCaseMapped`, RFC 8265 §3.3), kept to characters and scripts that belong together (UTS 39
//! §5.2, highly restrictive), and unique by a key under which look-alikes are the same.

mod key;
mod profile;

use std::fmt;

use serde::{Serialize, Serializer};

pub use key::UsernameKey;

/// The most characters of a name, after mapping.
const MAX_CHARACTERS: usize = 64;

/// The most bytes that are looked at: mapping makes one character of four at the most.
const MAX_BYTES: usize = MAX_CHARACTERS * 4 * 4;

/// A name in its stored form: lower case, NFC, 1 to 64 characters, without `@`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text is no name that we take. The text of each is a sentence for whoever typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameFault {
    /// Nothing.
    #[error("Choose a user name of at least one character.")]
    TooShort,
    /// More than 64 characters.
    #[error("Choose a user name of at most 64 characters.")]
    TooLong,
    /// An `@`, which would make an e-mail address of it.
    #[error("A user name can’t contain @.")]
    ContainsAt,
    /// A character that names don't have: a blank, a sign, a symbol, a control character.
    #[error(
        "Use letters, digits and . _ - ' : only, and start with none that changes the one before it."
    )]
    InvalidCharacter,
    /// Left-to-right and right-to-left characters in an order that can be shown in two ways.
    #[error("Don’t mix left-to-right and right-to-left characters.")]
    MixedDirections,
    /// Scripts that are not written together, such as Latin and Cyrillic.
    #[error("Use letters of one script, such as only Latin or only Greek ones.")]
    MixedScripts,
}

impl UsernameFault {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::ContainsAt => "contains_at",
            Self::InvalidCharacter => "invalid_username",
            Self::MixedDirections => "mixed_directions",
            Self::MixedScripts => "mixed_scripts",
        }
    }
}

impl Username {
    /// Reads a name, and gives it its stored form. A stored form reads as itself.
    ///
    /// # Errors
    /// [`UsernameFault`]; more than 1,024 bytes are refused unread.
    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        if text.len() > MAX_BYTES {
            return Err(UsernameFault::TooLong);
        }
        let name = profile::enforce(text)?;
        if name.chars().count() > MAX_CHARACTERS {
            return Err(UsernameFault::TooLong);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which it is unique.
    pub fn key(&self) -> UsernameKey {
        UsernameKey::new(self)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    /// Names are public, but logs name accounts by their id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[username]")
    }
}

impl Serialize for Username {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> Result<String, UsernameFault> {
        Username::parse(text).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn a_name_is_mapped_to_one_form() {
        for (typed, kept) in [
            ("alice", "alice"),
            ("Alice", "alice"),
            ("ＡＬＩＣＥ", "alice"),
            ("Ame\u{301}lie", "am\u{e9}lie"),
            ("O'Brien-Smith.2_x", "o'brien-smith.2_x"),
            ("STRAẞE", "straße"),
            ("山田たろう", "山田たろう"),
            ("yamada山田", "yamada山田"),
            ("한국어", "한국어"),
            ("Σίσυφος", "σίσυφος"),
            ("אברהם", "אברהם"),
            ("محمد", "محمد"),
            ("Дмитрий", "дмитрий"),
        ] {
            assert_eq!(stored(typed).as_deref(), Ok(kept), "{typed}");
            assert_eq!(stored(kept).as_deref(), Ok(kept), "{kept} again");
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        use UsernameFault as Fault;

        for (typed, fault) in [
            ("", Fault::TooShort),
            ("alice@example.org", Fault::ContainsAt),
            ("alice＠example", Fault::ContainsAt),
            (" ", Fault::InvalidCharacter),
            ("alice smith", Fault::InvalidCharacter),
            ("a\0b", Fault::InvalidCharacter),
            ("<script>", Fault::InvalidCharacter),
            ("al\u{200b}ice", Fault::InvalidCharacter),
            ("al\u{200d}ice", Fault::InvalidCharacter),
            ("\u{202e}ecila", Fault::InvalidCharacter),
            ("\u{feff}alice", Fault::InvalidCharacter),
            ("\u{301}alice", Fault::InvalidCharacter),
            ("😀", Fault::InvalidCharacter),
            ("ﬁne", Fault::InvalidCharacter),
            ("①", Fault::InvalidCharacter),
            ("Ⅷ", Fault::InvalidCharacter),
            ("аdmin", Fault::MixedScripts),
            ("αlice", Fault::MixedScripts),
            ("аΒ", Fault::MixedScripts),
            ("1אב", Fault::MixedDirections),
        ] {
            assert_eq!(stored(typed), Err(fault), "{typed:?}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_after_mapping() {
        assert!(stored(&"x".repeat(64)).is_ok());
        assert_eq!(stored(&"x".repeat(65)), Err(UsernameFault::TooLong));
        assert!(stored(&"e\u{301}".repeat(64)).is_ok());
        assert!(stored(&"漢".repeat(64)).is_ok());
        assert_eq!(stored(&"x".repeat(1_000_000)), Err(UsernameFault::TooLong));
    }
}
