//! Public keys as published (RFC 7517), and their thumbprints (RFC 7638).

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::VerifyingKey;
use crate::{Algorithm, base64url};

/// A public key as published. There is no such thing as a published secret: `kty` `oct` is not read,
/// and never written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    #[serde(flatten)]
    pub(super) parameters: Parameters,
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<String>,
}

/// The keys at `/.well-known/jwks.json` (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys, the one that signs first.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    pub(super) fn new(key: &VerifyingKey, parameters: &Parameters) -> Self {
        Self {
            parameters: parameters.clone(),
            usage: Some("sig".to_owned()),
            key_ops: None, // not beside `use` (RFC 7517 §4.3)
            alg: Some(key.algorithm.name().to_owned()),
            kid: Some(key.key_id.clone()),
        }
    }

    /// The algorithm that the key is for: the only one of ours that such a key has. `None` when the
    /// key says that it is for something else (RFC 7517 §4.2 to §4.4).
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        let algorithm = self.parameters.algorithm()?;
        let is_meant = |said: &Option<String>, ours| said.as_deref().is_none_or(|it| it == ours);
        let is_for_us = is_meant(&self.usage, "sig")
            && is_meant(&self.alg, algorithm.name())
            && self.key_ops.as_deref().is_none_or(verify);
        is_for_us.then_some(algorithm)
    }
}

/// Whether these operations (RFC 7517 §4.3) are those of a signature: `verify`, perhaps beside `sign`, each once.
/// A key that is for anything unrelated as well is not one to trust.
fn verify(operations: &[String]) -> bool {
    let count = |name| operations.iter().filter(|it| *it == name).count();
    let (verify, sign) = (count("verify"), count("sign"));
    verify == 1 && sign <= 1 && verify + sign == operations.len()
}

/// What makes the key what it is, in base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub(super) enum Parameters {
    /// RFC 8037 §2.
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
    /// RFC 7518 §6.2.
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    /// RFC 7518 §6.3.
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

impl Parameters {
    pub(super) fn ed25519(key: &[u8]) -> Self {
        Self::Okp {
            crv: "Ed25519".to_owned(),
            x: base64url::encode(key),
        }
    }

    /// `None` unless `point` is uncompressed: 4, then 32 bytes of each coordinate.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let coordinates = point.strip_prefix(&[4]).filter(|rest| rest.len() == 64)?;
        let (x, y) = coordinates.split_at(32);
        Some(Self::Ec {
            crv: "P-256".to_owned(),
            x: base64url::encode(x),
            y: base64url::encode(y),
        })
    }

    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa {
            n: base64url::encode(modulus),
            e: base64url::encode(exponent),
        }
    }

    fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Okp { crv, .. } => (crv == "Ed25519").then_some(Algorithm::EdDSA),
            Self::Ec { crv, .. } => (crv == "P-256").then_some(Algorithm::ES256),
            Self::Rsa { .. } => Some(Algorithm::RS256),
        }
    }

    /// The base64url of the SHA-256 of the members, in the order of their names (RFC 7638 §3). No
    /// value needs escaping: all are base64url or a curve that we know.
    pub(super) fn thumbprint(&self) -> String {
        let members = match self {
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        base64url::encode(Sha256::digest(members))
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    /// Keys of kinds that we don't know are left out (RFC 7517 §5), so that a set may gain some.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Any {
            keys: Vec<serde_json::Value>,
        }

        let any = Any::deserialize(deserializer)?;
        let known = any
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self {
            keys: known.collect(),
        })
    }
}
