//! Opaque tokens: random, prefixed, handed out once, stored hashed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::{Secret, same};

/// Bytes of randomness in a token: 256 bits, so that a fast hash is enough to store it (there is
/// nothing to guess).
const TOKEN_BYTES: usize = 32;

/// The start of every token of one kind, such as `pcs_`: it tells secret scanners and people what
/// they have found, and keeps a token of one kind from being taken for another.
///
/// The prefix is part of what is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPrefix(pub &'static str);

/// A token in the clear: shown to its owner once, then forgotten.
#[derive(Clone)]
pub struct PlainToken(Secret<String>);

/// What is stored of a token: its SHA-256.
///
/// Equality is constant-time.
#[derive(Clone, Copy)]
pub struct HashedToken([u8; 32]);

/// The text is not a token of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this kind")]
pub struct UnreadableToken;

impl PlainToken {
    /// Draws a new token from the operating system's random numbers.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn random(prefix: TokenPrefix) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self::from_bytes(prefix, bytes))
    }

    /// The token that holds `bytes`, for callers with a random source of their own.
    pub fn from_bytes(prefix: TokenPrefix, bytes: [u8; TOKEN_BYTES]) -> Self {
        Self(Secret::new(format!(
            "{}{}",
            prefix.0,
            URL_SAFE_NO_PAD.encode(bytes)
        )))
    }

    /// Reads a token that a client sent back.
    ///
    /// # Errors
    /// [`UnreadableToken`] unless `text` is `prefix` and 43 characters of base64url: anything longer
    /// or shorter is refused before it is hashed.
    pub fn parse(prefix: TokenPrefix, text: &str) -> Result<Self, UnreadableToken> {
        let body = text.strip_prefix(prefix.0).ok_or(UnreadableToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| UnreadableToken)?;
        if bytes.len() != TOKEN_BYTES {
            return Err(UnreadableToken);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The text to hand to the owner.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What to store, and to look up by.
    pub fn hashed(&self) -> HashedToken {
        HashedToken(Sha256::digest(self.expose().as_bytes()).into())
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl HashedToken {
    /// A hash as it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for HashedToken {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for HashedToken {}

impl fmt::Debug for HashedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: TokenPrefix = TokenPrefix("pct_");

    #[test]
    fn a_token_read_back_has_the_hash_that_was_stored() {
        let token = PlainToken::random(PREFIX).unwrap();
        let read = PlainToken::parse(PREFIX, token.expose()).unwrap();
        assert_eq!(read.hashed(), token.hashed());
    }

    #[test]
    fn two_tokens_differ() {
        let (a, b) = (
            PlainToken::random(PREFIX).unwrap(),
            PlainToken::random(PREFIX).unwrap(),
        );
        assert_ne!(a.hashed(), b.hashed());
    }

    #[test]
    fn anything_else_is_refused() {
        let good = PlainToken::from_bytes(PREFIX, [7; 32]);
        let body = good.expose().strip_prefix("pct_").unwrap();
        for bad in [
            String::new(),
            body.to_owned(),
            format!("pcx_{body}"),
            format!("{}A", good.expose()),
            good.expose()[..good.expose().len() - 1].to_owned(),
            format!("{}=", good.expose()),
            format!(" {}", good.expose()),
            "pct_".to_owned() + &"é".repeat(22),
        ] {
            assert_eq!(
                PlainToken::parse(PREFIX, &bad).err(),
                Some(UnreadableToken),
                "{bad}"
            );
        }
    }

    #[test]
    fn debug_shows_neither_token_nor_hash() {
        let token = PlainToken::from_bytes(PREFIX, [7; 32]);
        assert_eq!(
            format!("{token:?} {:?}", token.hashed()),
            "[redacted] HashedToken([redacted])"
        );
    }
}
