//! The text of a stored hash.

use std::fmt;

use crate::{Kind, Malformed, read};

/// A password hash as it is stored.
///
/// It is built from any text, well-formed or not: whether it can be checked shows when it is used.
/// It is never printed by `Debug`, and has no `Display`, so that it reaches no log and no answer.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// What stands in place of a hash until somebody has chosen a password. No application checks it as one.
const NOT_CHOSEN: &str = "!not-chosen";

impl PasswordHash {
    /// Nothing matches it: nobody has chosen a password yet.
    pub fn not_chosen() -> Self {
        Self(NOT_CHOSEN.to_owned())
    }

    /// Whether nobody has chosen a password yet.
    pub fn is_not_chosen(&self) -> bool {
        self.0 == NOT_CHOSEN
    }

    /// A hash as it was stored.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What checking this hash costs.
    ///
    /// # Errors
    /// [`Malformed`] when it can't be checked at all.
    pub fn kind(&self) -> Result<Kind, Malformed> {
        read(&self.0).map(|stored| stored.kind)
    }
}

impl From<String> for PasswordHash {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for PasswordHash {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_chosen_is_no_hash() {
        let hash = PasswordHash::not_chosen();
        assert!(hash.is_not_chosen() && hash.kind().is_err());
        assert!(!PasswordHash::from("").is_not_chosen());
    }

    #[test]
    fn debug_shows_nothing_of_the_hash() {
        let hash = PasswordHash::from("$2b$12$secret");
        assert_eq!(format!("{hash:?}"), "PasswordHash([redacted])");
    }
}
