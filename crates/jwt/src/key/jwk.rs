//! Public keys as published (RFC 7517), and their thumbprints (RFC 7638).

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::VerifyingKey;
use crate::base64url;

/// A public key for the document at `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    parameters: Parameters,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
}

/// The published keys (RFC 7517 §5). It never holds a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys, the one that signs first.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    pub(super) fn new(key: &VerifyingKey, parameters: &Parameters) -> Self {
        Self {
            parameters: parameters.clone(),
            usage: "sig",
            alg: key.algorithm.name(),
            kid: key.key_id.clone(),
        }
    }
}

/// The members that make the key what it is, in the order of their names: that is the order a
/// thumbprint hashes them in (RFC 7638 §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Parameters {
    /// RFC 8037 §2.
    Okp {
        crv: &'static str,
        kty: &'static str,
        x: String,
    },
    /// RFC 7518 §6.2.
    Ec {
        crv: &'static str,
        kty: &'static str,
        x: String,
        y: String,
    },
    /// RFC 7518 §6.3.
    Rsa {
        e: String,
        kty: &'static str,
        n: String,
    },
}

impl Parameters {
    pub(super) fn ed25519(key: &[u8]) -> Self {
        Self::Okp {
            crv: "Ed25519",
            kty: "OKP",
            x: base64url::encode(key),
        }
    }

    /// `None` unless `point` is uncompressed: 4, then 32 bytes of each coordinate.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let coordinates = point.strip_prefix(&[4]).filter(|rest| rest.len() == 64)?;
        let (x, y) = coordinates.split_at(32);
        Some(Self::Ec {
            crv: "P-256",
            kty: "EC",
            x: base64url::encode(x),
            y: base64url::encode(y),
        })
    }

    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa {
            e: base64url::encode(exponent),
            kty: "RSA",
            n: base64url::encode(modulus),
        }
    }

    /// The base64url of the SHA-256 of the members (RFC 7638 §3). Nothing in them needs escaping.
    pub(super) fn thumbprint(&self) -> String {
        let members = match self {
            Self::Okp { crv, kty, x } => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
            Self::Ec { crv, kty, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { e, kty, n } => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
        };
        base64url::encode(Sha256::digest(members))
    }
}
