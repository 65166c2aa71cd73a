//! The secrets that a running server works with.

use std::io;

use secret::Secret;

use crate::{
    Config, DevelopmentSecretsError, SecretSource,
    development_secrets::{DevelopmentSecrets, Fill},
};

/// The secrets of a running server: those that were set, and those made for development.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs tokens with an HMAC algorithm; absent where a private key signs.
    pub jwt_secret_key: Option<Secret<String>>,
    /// Only verifies tokens.
    pub jwt_secret_key_previous: Option<Secret<String>>,
    /// Encrypts and authenticates everything else.
    pub secret_key: Secret<String>,
    /// Only decrypts and verifies.
    pub secret_key_previous: Option<Secret<String>>,
}

impl Config {
    /// The secrets to start with. Those that are missing on a loopback address are generated from the
    /// operating system's random numbers, once, into the data folder.
    ///
    /// # Errors
    /// When secrets are missing and can't be made, written or read.
    pub fn keys(&self) -> Result<Keys, DevelopmentSecretsError> {
        self.keys_with(&mut |bytes| getrandom::fill(bytes).map_err(io::Error::from))
    }

    /// [`keys`](Self::keys) with another source of random numbers.
    ///
    /// # Errors
    /// As [`keys`](Self::keys).
    pub fn keys_with(&self, fill: Fill<'_>) -> Result<Keys, DevelopmentSecretsError> {
        let (jwt, other) = (&self.tokens.secret_key, &self.secrets.secret_key);
        let made = if [jwt, other].into_iter().any(SecretSource::is_missing) {
            Some(DevelopmentSecrets::read_or_create(
                &self.storage.data_dir,
                fill,
            )?)
        } else {
            None
        };
        let jwt_secret_key = jwt.or(made.as_ref().map(|made| &made.jwt_secret_key));
        let secret_key = other.or(made.as_ref().map(|made| &made.secret_key));
        Ok(Keys {
            jwt_secret_key,
            jwt_secret_key_previous: self.tokens.previous.clone(),
            // It is always set or made; an empty one would be refused by whatever derives keys from it.
            secret_key: secret_key.unwrap_or_default(),
            secret_key_previous: self.secrets.previous.clone(),
        })
    }
}

impl SecretSource {
    const fn is_missing(&self) -> bool {
        matches!(self, Self::ToBeGenerated)
    }

    /// The secret that was set, or `generated` where one had to be.
    fn or(&self, generated: Option<&Secret<String>>) -> Option<Secret<String>> {
        match self {
            Self::Set(secret) => Some(secret.clone()),
            Self::ToBeGenerated => generated.cloned(),
            Self::NotUsed => None,
        }
    }
}
