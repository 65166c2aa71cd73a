//! HMAC secrets (RFC 7518 §3.2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha384, Sha512};

use super::KeyError;
use crate::{Algorithm, base64url};

/// Bytes of the identifier: enough that two keys never share one by accident.
const ID_BYTES: usize = 12;

/// A secret, already mixed into the hash so that a signature costs only its message.
#[derive(Clone)]
pub(super) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let needed = hash_bytes(algorithm).ok_or(KeyError::WrongKind(algorithm))?;
        if secret.len() < needed {
            return Err(KeyError::TooShort {
                algorithm,
                needed,
                length: secret.len(),
            });
        }
        Self::of_any_length(algorithm, secret)
    }

    pub(super) fn of_any_length(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        if looks_asymmetric(secret) {
            return Err(KeyError::NotASecret);
        }
        // HMAC takes keys of any length, so that the inner errors never come.
        let rejected = |_| KeyError::Rejected(algorithm);
        match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(secret)
                .map(Self::Sha256)
                .map_err(rejected),
            Algorithm::HS384 => Hmac::new_from_slice(secret)
                .map(Self::Sha384)
                .map_err(rejected),
            Algorithm::HS512 => Hmac::new_from_slice(secret)
                .map(Self::Sha512)
                .map_err(rejected),
            #[cfg(feature = "asymmetric")]
            Algorithm::EdDSA | Algorithm::ES256 | Algorithm::RS256 => {
                Err(KeyError::WrongKind(algorithm))
            }
        }
    }

    /// An identifier that tells no more about the secret than any signature does.
    pub(super) fn id(&self, algorithm: Algorithm) -> String {
        let mac = self.sign(format!("portcullis-jwt key id, {algorithm}").as_bytes());
        base64url::encode(&mac[..ID_BYTES])
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256(key) => key
                .clone()
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec(),
            Self::Sha384(key) => key
                .clone()
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec(),
            Self::Sha512(key) => key
                .clone()
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec(),
        }
    }

    /// Compares in constant time; a signature of another length than the hash's is wrong.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(key) => key
                .clone()
                .chain_update(message)
                .verify_slice(signature)
                .is_ok(),
            Self::Sha384(key) => key
                .clone()
                .chain_update(message)
                .verify_slice(signature)
                .is_ok(),
            Self::Sha512(key) => key
                .clone()
                .chain_update(message)
                .verify_slice(signature)
                .is_ok(),
        }
    }
}

/// Bytes of the algorithm's hash, the least a secret must have, if it is an HMAC.
#[cfg_attr(
    not(feature = "asymmetric"),
    expect(
        clippy::unnecessary_wraps,
        reason = "other algorithms have no such hash"
    )
)]
const fn hash_bytes(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::HS256 => Some(32),
        Algorithm::HS384 => Some(48),
        Algorithm::HS512 => Some(64),
        #[cfg(feature = "asymmetric")]
        Algorithm::EdDSA | Algorithm::ES256 | Algorithm::RS256 => None,
    }
}

/// Whether the secret is a document that holds a key rather than a secret.
fn looks_asymmetric(secret: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(secret) else {
        return false;
    };
    text.contains("-----BEGIN ")
        || text.starts_with("ssh-")
        || text.starts_with("ecdsa-sha2-")
        || (text.trim_start().starts_with(['{', '[']) && text.contains("\"kty\""))
}
