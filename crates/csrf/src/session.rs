//! What a form token is bound to.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The session that a form token is good for.
///
/// Held as a SHA-256, so that nothing here leaks a session id.
#[derive(Clone, Copy)]
pub struct SessionBinding([u8; 32]);

impl SessionBinding {
    /// Binds to `session`: the value of the session's cookie, or an id that lives as long. Before a
    /// login it is a random value in a cookie of its own, which the login replaces.
    pub fn new(session: &[u8]) -> Self {
        Self(Sha256::digest(session).into())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionBinding([redacted])")
    }
}
