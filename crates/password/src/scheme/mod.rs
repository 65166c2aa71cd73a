//! What a new hash is written as.

#[cfg(feature = "legacy")]
mod werkzeug;

use secret::Secret;

use crate::memory::Memory;
use crate::verify::hash_in;
use crate::{HashError, Kind, Params, PasswordHash};

/// What the new hashes of a [`Hasher`](crate::Hasher) are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Argon2id of the configured cost.
    #[default]
    Argon2id,
    /// What `generate_password_hash` of Werkzeug 3 writes, `scrypt:32768:8:1$…`: for as long as a
    /// Flask application reads the same accounts. Weaker than Argon2id, and hashed as it was sent,
    /// without normalisation, since that is how the other application checks it.
    #[cfg(feature = "legacy")]
    Werkzeug,
}

impl Scheme {
    /// What checking a new hash costs; `params` are the cost of Argon2id.
    pub fn kind(self, params: &Params) -> Kind {
        match self {
            Self::Argon2id => Kind::of(params),
            #[cfg(feature = "legacy")]
            Self::Werkzeug => werkzeug::KIND,
        }
    }

    pub(crate) fn hash(
        self,
        password: &Secret<String>,
        params: &Params,
        memory: &mut Memory,
    ) -> Result<PasswordHash, HashError> {
        match self {
            Self::Argon2id => hash_in(password, params, memory),
            #[cfg(feature = "legacy")]
            Self::Werkzeug => werkzeug::hash(password),
        }
    }
}
