//! What the service is called.

use std::fmt;
use std::sync::Arc;

use crate::value::is_shown_plainly;

/// The variable that every text may use.
pub(crate) const VARIABLE: &str = "brand";

/// The most characters of a name.
const MAX_CHARACTERS: usize = 64;

/// The name of a service, as people read it: one line of plain text that fits in a heading and in a mail header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandName(Arc<str>);

/// Why a text is no [`BrandName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 1 to 64 characters, none of them a line break, a control character or a character that changes the direction of text"
)]
pub struct BrandNameFault;

impl BrandName {
    /// Reads a name. Blanks around it don't count.
    ///
    /// # Errors
    /// [`BrandNameFault`].
    pub fn parse(text: &str) -> Result<Self, BrandNameFault> {
        let name = text.trim();
        let fits = (1..=MAX_CHARACTERS).contains(&name.chars().count());
        if fits && name.chars().all(is_shown_plainly) {
            Ok(Self(name.into()))
        } else {
            Err(BrandNameFault)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for BrandName {
    fn default() -> Self {
        Self("Portcullis".into())
    }
}

impl fmt::Display for BrandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_line_of_plain_text() {
        let longest = "ü".repeat(MAX_CHARACTERS);
        for name in ["Example", "  Example & Söhne \t", "<b>", &longest] {
            assert_eq!(BrandName::parse(name).unwrap().as_str(), name.trim());
        }
        let too_long = "x".repeat(MAX_CHARACTERS + 1);
        for name in [
            "",
            " \t",
            "a\nb",
            "a\r\nBcc: b@example.org",
            "a\u{0}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{202e}b",
            &too_long,
        ] {
            assert_eq!(BrandName::parse(name), Err(BrandNameFault), "{name:?}");
        }
    }
}
