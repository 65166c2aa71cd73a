//! Ed25519, P-256 and RSA keys, by aws-lc.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair,
};

use super::jwk::Parameters;
use super::pem::{self, PrivateForm};
use super::{CannotSign, KeyError, der, ed25519};
use crate::{Algorithm, base64url};

/// Bits of the RSA moduli that are taken (RFC 7518 §3.3; a larger one costs whoever verifies).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A private key with its public half.
pub(super) struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    pub(super) fn from_pem(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        let (form, document) = pem::private(text)?;
        let read = |algorithm| Self::from_document(algorithm, form, &document);
        read(algorithm).map_err(|error| named(error, |other| read(other).is_ok()))
    }

    fn from_document(
        algorithm: Algorithm,
        form: PrivateForm,
        document: &[u8],
    ) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected(algorithm);
        let (pair, public) = match (algorithm, form) {
            (Algorithm::EdDSA, PrivateForm::Pkcs8) => {
                // "Maybe unchecked" takes PKCS#8 version 1 too, which OpenSSL writes.
                let pair =
                    Ed25519KeyPair::from_pkcs8_maybe_unchecked(document).map_err(rejected)?;
                let public = PublicKey::new(algorithm, pair.public_key().as_ref())?;
                (Pair::Ed25519(pair), public)
            }
            (Algorithm::ES256, PrivateForm::Pkcs8 | PrivateForm::Sec1) => {
                let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = if form == PrivateForm::Sec1 {
                    EcdsaKeyPair::from_private_key_der(curve, document)
                } else {
                    EcdsaKeyPair::from_pkcs8(curve, document)
                };
                let pair = pair.map_err(rejected)?;
                let public = PublicKey::new(algorithm, pair.public_key().as_ref())?;
                (Pair::P256(pair), public)
            }
            (Algorithm::RS256, PrivateForm::Pkcs8 | PrivateForm::Pkcs1) => {
                let pair = if form == PrivateForm::Pkcs1 {
                    RsaKeyPair::from_der(document)
                } else {
                    RsaKeyPair::from_pkcs8(document)
                };
                let pair = pair.map_err(rejected)?;
                let public = PublicKey::new(algorithm, pair.public_key().as_ref())?;
                (Pair::Rsa(pair), public)
            }
            (Algorithm::EdDSA | Algorithm::ES256 | Algorithm::RS256, _) => {
                return Err(KeyError::Rejected(algorithm));
            }
            (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512, _) => {
                return Err(KeyError::WrongKind(algorithm));
            }
        };
        Ok(Self { pair, public })
    }

    pub(super) const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed25519(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec()),
            Pair::P256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
        }
        .map_err(|_| CannotSign)
    }
}

/// A public key, parsed once.
#[derive(Clone)]
pub(super) struct PublicKey {
    key: Arc<ParsedPublicKey>,
    parameters: Parameters,
}

impl PublicKey {
    pub(super) fn from_pem(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        let document = pem::public(text)?;
        let read = |algorithm| Self::from_document(algorithm, &document);
        read(algorithm).map_err(|error| named(error, |other| read(other).is_ok()))
    }

    fn from_document(algorithm: Algorithm, document: &[u8]) -> Result<Self, KeyError> {
        let bytes = match algorithm {
            Algorithm::EdDSA => der::strip_ed25519_prefix(document),
            Algorithm::ES256 => der::strip_p256_prefix(document),
            _ => Some(document),
        };
        Self::new(algorithm, bytes.ok_or(KeyError::Rejected(algorithm))?)
    }

    /// The key that `parameters` describe, which must be one for `algorithm`.
    pub(super) fn from_parameters(
        algorithm: Algorithm,
        parameters: &Parameters,
    ) -> Result<Self, KeyError> {
        let rejected = KeyError::Rejected(algorithm);
        let bytes = |text: &str| base64url::decode(text).ok_or(rejected);
        match parameters {
            Parameters::Okp { x, .. } => Self::new(algorithm, &bytes(x)?),
            Parameters::Ec { x, y, .. } => {
                Self::new(algorithm, &[vec![4], bytes(x)?, bytes(y)?].concat())
            }
            Parameters::Rsa { n, e } => Self::rsa(algorithm, &bytes(n)?, &bytes(e)?),
        }
    }

    /// The key in `bytes`: 32 bytes for `EdDSA`, an uncompressed point for ES256, PKCS#1 or a
    /// `SubjectPublicKeyInfo` for RS256.
    fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected(algorithm);
        let (key, parameters) = match algorithm {
            Algorithm::EdDSA => {
                if !ed25519::is_sound(bytes) {
                    return Err(KeyError::Rejected(algorithm));
                }
                (
                    ParsedPublicKey::new(&ED25519, bytes).map_err(rejected)?,
                    Parameters::ed25519(bytes),
                )
            }
            Algorithm::ES256 => (
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).map_err(rejected)?,
                Parameters::p256(bytes).ok_or(KeyError::Rejected(algorithm))?,
            ),
            Algorithm::RS256 => {
                let key = rsa::PublicKey::from_der(bytes).map_err(rejected)?;
                return Self::rsa(
                    algorithm,
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                );
            }
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Err(KeyError::WrongKind(algorithm));
            }
        };
        Ok(Self {
            key: Arc::new(key),
            parameters,
        })
    }

    /// The RSA key of these two numbers, big-endian without leading zeros.
    fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let bits = bit_length(modulus);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        let components = rsa::PublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key = components
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| KeyError::Rejected(algorithm))?;
        // Only reading a document checks the numbers: with 1 for an exponent anyone could sign.
        rsa::PublicKey::from_der(key.as_ref()).map_err(|_| KeyError::Rejected(algorithm))?;
        Ok(Self {
            key: Arc::new(key),
            parameters: Parameters::rsa(modulus, exponent),
        })
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    pub(super) const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// RFC 7638.
    pub(super) fn thumbprint(&self) -> String {
        self.parameters.thumbprint()
    }
}

/// The error for a key that is good, and one for another algorithm.
fn named(error: KeyError, is_for: impl Fn(Algorithm) -> bool) -> KeyError {
    let KeyError::Rejected(wanted) = error else {
        return error;
    };
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256]
        .into_iter()
        .find(|other| is_for(*other))
        .map_or(error, |found| KeyError::OtherAlgorithm { wanted, found })
}

/// Bits of a big-endian number without leading zero bytes.
fn bit_length(number: &[u8]) -> usize {
    match number {
        [first, rest @ ..] => rest.len() * 8 + (8 - first.leading_zeros() as usize),
        [] => 0,
    }
}
