//! An issued token.

use std::fmt;

use secret::Secret;

/// A signed token in compact form (RFC 7515 §7.1), to be handed to its owner.
#[derive(Clone)]
pub struct Token(Secret<String>);

impl Token {
    pub(crate) const fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The text to send.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}
