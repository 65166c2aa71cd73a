//! The number used once that lets one response run its own scripts and styles.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// 192 bits. CSP 3 §7.1 asks for 128 at least; 24 bytes fill 32 characters of base64 exactly.
const NONCE_BYTES: usize = 24;

/// A nonce for the `script-src` and `style-src` of one response, and for the `nonce` attributes in
/// its page (CSP 3 §2.3.1, §7.1).
///
/// A page that someone slipped markup into doesn't know it, so the markup's scripts don't run. It
/// must never serve a second response: don't cache a page that holds one.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(Box<str>);

impl Nonce {
    /// Draws a nonce from the operating system's random numbers.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; NONCE_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The nonce that holds `bytes`, for callers with a random source of their own.
    #[must_use]
    pub fn from_bytes(bytes: [u8; NONCE_BYTES]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The 32 characters for a `nonce` attribute; none of them needs escaping in HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Browsers hide a page's nonces from its own scripts; logs needn't show them either.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_32_characters_that_html_and_csp_take_as_they_are() {
        let nonce = Nonce::random().unwrap();
        assert_eq!(nonce.as_str().len(), 32);
        assert!(
            nonce
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
        assert_ne!(nonce, Nonce::random().unwrap());
    }
}
