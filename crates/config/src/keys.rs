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
    /// Signs tokens with an HMAC algorithm.
    pub jwt_secret_key: Secret<String>,
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
        let (jwt_secret_key, secret_key) = match (&self.tokens.secret_key, &self.secrets.secret_key)
        {
            (SecretSource::Set(jwt), SecretSource::Set(other)) => (jwt.clone(), other.clone()),
            (jwt, other) => {
                let made = DevelopmentSecrets::read_or_create(&self.storage.data_dir, fill)?;
                (jwt.or(&made.jwt_secret_key), other.or(&made.secret_key))
            }
        };
        Ok(Keys {
            jwt_secret_key,
            jwt_secret_key_previous: self.tokens.previous.clone(),
            secret_key,
            secret_key_previous: self.secrets.previous.clone(),
        })
    }
}

impl SecretSource {
    fn or(&self, generated: &Secret<String>) -> Secret<String> {
        match self {
            Self::Set(secret) => secret.clone(),
            Self::ToBeGenerated => generated.clone(),
        }
    }
}
