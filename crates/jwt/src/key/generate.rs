//! Drawing a new key pair.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use secret::Secret;

use super::{KeyError, der, pem};
use crate::Algorithm;

/// A new key pair in PEM, to be stored.
#[derive(Debug)]
pub struct GeneratedKey {
    /// PKCS#8, for [`SigningKey::from_pem`](super::SigningKey::from_pem).
    pub private_pem: Secret<String>,
    /// `SubjectPublicKeyInfo`, for
    /// [`VerifyingKey::from_public_pem`](super::VerifyingKey::from_public_pem) and for others.
    pub public_pem: String,
}

impl GeneratedKey {
    /// Draws a key for `EdDSA`, ES256, or RS256 (of 3072 bits, 128 bits of strength by
    /// NIST SP 800-57 part 1 §5.6.1).
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] for an HMAC algorithm, [`KeyError::NotMade`] when aws-lc fails.
    pub fn new(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let not_made = |_| KeyError::NotMade;
        let (private, public) = match algorithm {
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().map_err(not_made)?;
                // Version 1, which every other tool reads; version 2 would hold the public key too.
                let private = pair.to_pkcs8v1().map_err(not_made)?;
                let public = der::add_ed25519_prefix(pair.public_key().as_ref());
                (pem::encode(pem::PRIVATE, private.as_ref())?, public)
            }
            Algorithm::ES256 => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let private = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(not_made)?;
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref())
                    .map_err(|_| KeyError::NotMade)?;
                let public = der::add_p256_prefix(pair.public_key().as_ref());
                (pem::encode(pem::PRIVATE, private.as_ref())?, public)
            }
            Algorithm::RS256 => {
                let pair = RsaPair::generate(KeySize::Rsa3072).map_err(not_made)?;
                let private: Pkcs8V1Der<'_> = pair.as_der().map_err(not_made)?;
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(not_made)?;
                (
                    pem::encode(pem::PRIVATE, private.as_ref())?,
                    public.as_ref().to_vec(),
                )
            }
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Err(KeyError::WrongKind(algorithm));
            }
        };
        Ok(Self {
            private_pem: Secret::new(private),
            public_pem: pem::encode(pem::PUBLIC, &public)?,
        })
    }
}
