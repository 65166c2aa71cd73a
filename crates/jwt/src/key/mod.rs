//! Keys, each bound to one algorithm.
//!
//! - [`SigningKey`] issues and verifies; [`VerifyingKey`] only verifies: a previous key while its
//!   tokens still live, or another party's public key.
//! - A key has an identifier, the `kid` of RFC 7515 §4.1.4, derived from it so that every node and
//!   every start gives it the same one.

#[cfg(feature = "asymmetric")]
mod asymmetric;
#[cfg(feature = "asymmetric")]
mod der;
#[cfg(feature = "asymmetric")]
mod ed25519;
#[cfg(feature = "asymmetric")]
mod generate;
mod hmac;
#[cfg(feature = "asymmetric")]
mod jwk;
#[cfg(feature = "asymmetric")]
mod pem;
#[cfg(test)]
#[cfg(feature = "asymmetric")]
mod tests;

use std::fmt;

#[cfg(feature = "asymmetric")]
use asymmetric::{PrivateKey, PublicKey};
use hmac::HmacKey;

use crate::Algorithm;

#[cfg(feature = "asymmetric")]
pub use generate::GeneratedKey;
#[cfg(feature = "asymmetric")]
pub use jwk::{Jwk, JwkSet};

/// Why a key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is shorter than its algorithm's hash (RFC 7518 §3.2).
    #[error("a secret for {algorithm} needs at least {needed} bytes, this one has {length}")]
    TooShort {
        /// What the secret is for.
        algorithm: Algorithm,
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        length: usize,
    },
    /// An HMAC secret that is a PEM document, an SSH key or a JWK: whoever has the public key could
    /// sign with it (RFC 8725 §2.1).
    #[error("this is an asymmetric key or a JWK, not a secret")]
    NotASecret,
    /// The algorithm needs the other kind of key: a secret for HMAC, PEM for the others.
    #[error("{0} takes another kind of key")]
    WrongKind(Algorithm),
    /// No PEM (RFC 7468) with the label that is due.
    #[error(
        "there is no PEM block labelled `{0}`, from -----BEGIN {0}----- to -----END {0}-----, or it is damaged"
    )]
    NotPem(&'static str),
    /// A private key that a passphrase protects.
    #[error(
        "the key is encrypted: write it without a passphrase with `openssl pkey -in KEY.pem -out PLAIN.pem`"
    )]
    Encrypted,
    /// A private key in the form of OpenSSH.
    #[error(
        "the key is in OpenSSH's form: convert a copy of it with `ssh-keygen -p -N '' -m PKCS8 -f KEY`"
    )]
    OpenSsh,
    /// A private key where a public one is due.
    #[error("this is a private key: its public half comes from `openssl pkey -in KEY.pem -pubout`")]
    Private,
    /// A certificate where a public key is due.
    #[error(
        "this is a certificate: its key comes from `openssl x509 -in CERTIFICATE.pem -noout -pubkey`"
    )]
    Certificate,
    /// More than one key where one is due.
    #[error("there are several keys, and only one can be meant")]
    Several,
    /// A good key for another algorithm.
    #[error("this is a key for {found}, not for {wanted}")]
    OtherAlgorithm {
        /// What it should be for.
        wanted: Algorithm,
        /// What it is for.
        found: Algorithm,
    },
    /// The key inside is not one for the algorithm, or is broken.
    #[error("not a key for {0}")]
    Rejected(Algorithm),
    /// An RSA key of fewer than 2048 bits (RFC 7518 §3.3), or of more than 8192.
    #[error("an RSA key needs 2048 to 8192 bits, this one has {bits}")]
    RsaSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// A published key that is for another use or another algorithm.
    #[error("this key is not for one of our signatures")]
    NotForSignatures,
    /// The key could not be drawn or written.
    #[error("the key could not be made")]
    NotMade,
}

/// A key that issues tokens.
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: String,
    private: Private,
}

enum Private {
    Hmac(HmacKey),
    #[cfg(feature = "asymmetric")]
    Pair(PrivateKey),
}

/// The key could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub(crate) struct CannotSign;

impl SigningKey {
    /// The key that is `secret`, for HS256, HS384 or HS512.
    ///
    /// # Errors
    /// [`KeyError::TooShort`] below 32, 48 or 64 bytes (RFC 7518 §3.2), [`KeyError::NotASecret`] for
    /// what looks like an asymmetric key, [`KeyError::WrongKind`] for another algorithm.
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        HmacKey::new(algorithm, secret).map(|key| Self::of_hmac(algorithm, key))
    }

    /// As [`hmac`](Self::hmac), of any length. For reading the tokens of a system whose secret can't
    /// be changed yet: a short one can be found by guessing, from a single token.
    ///
    /// # Errors
    /// As [`hmac`](Self::hmac), but for [`KeyError::TooShort`].
    pub fn hmac_with_insecure_length(
        algorithm: Algorithm,
        secret: &[u8],
    ) -> Result<Self, KeyError> {
        HmacKey::of_any_length(algorithm, secret).map(|key| Self::of_hmac(algorithm, key))
    }

    fn of_hmac(algorithm: Algorithm, key: HmacKey) -> Self {
        Self {
            algorithm,
            key_id: key.id(algorithm),
            private: Private::Hmac(key),
        }
    }

    /// The private key in `pem` for `EdDSA`, ES256 or RS256: a PKCS#8 document (RFC 5958), for ES256 also SEC1
    /// (RFC 5915), for RS256 also PKCS#1 (RFC 8017). Text around it and the parameters of its curve are passed over.
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] for an HMAC algorithm, else one that says what the text holds in place of such a key.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let private = PrivateKey::from_pem(algorithm, pem)?;
        Ok(Self {
            algorithm,
            key_id: private.public().thumbprint(),
            private: Private::Pair(private),
        })
    }

    /// Names the key as another system does.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = key_id.into();
        self
    }

    /// What the key signs with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's identifier, for `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The half that verifies.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey {
            algorithm: self.algorithm,
            key_id: self.key_id.clone(),
            public: match &self.private {
                Private::Hmac(key) => Public::Hmac(Box::new(key.clone())),
                #[cfg(feature = "asymmetric")]
                Private::Pair(pair) => Public::Key(pair.public().clone()),
            },
        }
    }

    #[cfg_attr(
        not(feature = "asymmetric"),
        expect(clippy::unnecessary_wraps, reason = "other keys can fail to sign")
    )]
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        match &self.private {
            Private::Hmac(key) => Ok(key.sign(message)),
            #[cfg(feature = "asymmetric")]
            Private::Pair(pair) => pair.sign(message),
        }
    }
}

/// A key that verifies tokens.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key_id: String,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Hmac(Box<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Key(PublicKey),
}

impl VerifyingKey {
    /// The key that is `secret`, as [`SigningKey::hmac`].
    ///
    /// # Errors
    /// As [`SigningKey::hmac`].
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        SigningKey::hmac(algorithm, secret).map(|key| key.verifying_key())
    }

    /// The public key in `pem` for `EdDSA`, ES256 or RS256: a `SubjectPublicKeyInfo` (RFC 5280 §4.1), for RS256 also
    /// PKCS#1 (RFC 8017).
    ///
    /// # Errors
    /// As [`SigningKey::from_pem`].
    #[cfg(feature = "asymmetric")]
    pub fn from_public_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let public = PublicKey::from_pem(algorithm, pem)?;
        Ok(Self {
            algorithm,
            key_id: public.thumbprint(),
            public: Public::Key(public),
        })
    }

    /// A public key as another system publishes it (RFC 7517), under the name that it has there.
    ///
    /// # Errors
    /// [`KeyError::NotForSignatures`] for a key of another use or algorithm, else as
    /// [`SigningKey::from_pem`].
    #[cfg(feature = "asymmetric")]
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let algorithm = jwk.algorithm().ok_or(KeyError::NotForSignatures)?;
        let public = PublicKey::from_parameters(algorithm, &jwk.parameters)?;
        Ok(Self {
            algorithm,
            key_id: jwk.kid.clone().unwrap_or_else(|| public.thumbprint()),
            public: Public::Key(public),
        })
    }

    /// Names the key as another system does.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = key_id.into();
        self
    }

    /// What the key verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's identifier, for `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether `signature` is the key's signature of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Hmac(key) => key.verifies(message, signature),
            #[cfg(feature = "asymmetric")]
            Public::Key(key) => key.verifies(message, signature),
        }
    }

    /// The key as published (RFC 7517 §4), or `None` when it is a secret.
    #[cfg(feature = "asymmetric")]
    pub fn jwk(&self) -> Option<Jwk> {
        match &self.public {
            Public::Hmac(_) => None,
            Public::Key(key) => Some(Jwk::new(self, key.parameters())),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
