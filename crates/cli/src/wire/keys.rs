//! Keys: what they sign, and what is derived from them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use config::env_vars::EnvVar;
use config::env_vars::tokens::{
    JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, JWT_PUBLIC_KEY_PREVIOUS, JWT_SECRET_KEY,
    JWT_SECRET_KEY_PREVIOUS,
};
use config::{Config, Keys};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jwt::revocation::RevocationSet;
use jwt::{Algorithm, Authority, KeyError, SigningKey, VerifyingKey};
use secret::Secret;
use sha2::Sha256;

use super::CLOCK_SKEW;

/// What issues and checks tokens.
pub(super) fn authority(
    config: &Config,
    keys: &Keys,
    public_url: &str,
    revoked: Arc<RevocationSet>,
) -> anyhow::Result<Authority> {
    let tokens = &config.tokens;
    // Tokens of other nodes come from their clocks, which may be ahead of this one as far as `readyz` allows.
    let skew = match config.storage.mongo_uri {
        Some(_) => CLOCK_SKEW,
        None => Duration::ZERO,
    };
    let mut builder = Authority::builder(signing_key(config, keys.jwt_secret_key.as_ref())?)
        .issuer(tokens.issuer.as_deref().unwrap_or(public_url))
        .leeway(tokens.leeway.as_secs())
        .clock_skew(skew.as_secs())
        .require_session()
        .legacy_until(tokens.legacy_until.map(whole_seconds))
        .revocations(revoked);
    for key in previous_keys(config)? {
        builder = builder.also_accept(key);
    }
    if let Some(issuer) = &tokens.accepted_issuer {
        builder = builder.accept_issuer(issuer);
    }
    if let Some(audience) = &tokens.audience {
        builder = builder.audience(audience);
    }
    if let Some(audience) = &tokens.accepted_audience {
        builder = builder.accept_audience(audience);
    }
    Ok(builder.build())
}

/// Unix seconds, rounded down.
fn whole_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs()) // before the epoch: over
}

/// A setting that holds no key that can be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", setting.name)]
pub struct KeyFault {
    /// The setting.
    pub setting: &'static EnvVar,
    /// What is wrong with it.
    pub message: String,
}

/// The key that signs tokens: `secret`, where the algorithm takes one.
///
/// # Errors
/// When it is no key for the configured algorithm, or `JWT_PUBLIC_KEY` belongs to another.
pub fn signing_key(
    config: &Config,
    secret: Option<&Secret<String>>,
) -> Result<SigningKey, KeyFault> {
    let algorithm = algorithm(config.tokens.algorithm);
    if let Some(secret) = secret {
        let key = SigningKey::hmac(algorithm, secret.expose().as_bytes());
        return key.map_err(in_setting(&JWT_SECRET_KEY));
    }
    let private = config.tokens.private_key.as_ref();
    let private = private
        .ok_or("is not set")
        .map_err(in_setting(&JWT_PRIVATE_KEY))?;
    let key = SigningKey::from_pem(algorithm, private.expose());
    let key = key.map_err(in_setting(&JWT_PRIVATE_KEY))?;
    if let Some(public) = &config.tokens.public_key {
        let public = VerifyingKey::from_public_pem(algorithm, public);
        let public = public.map_err(in_setting(&JWT_PUBLIC_KEY))?;
        if public.key_id() != key.key_id() {
            return Err(in_setting(&JWT_PUBLIC_KEY)(
                "does not belong to JWT_PRIVATE_KEY",
            ));
        }
    }
    Ok(key)
}

/// The keys whose tokens are still accepted. They may be of another algorithm than the present one:
/// each verifies with its own and no other.
///
/// # Errors
/// When one is no key.
pub fn previous_keys(config: &Config) -> Result<Vec<VerifyingKey>, KeyFault> {
    let mut previous = Vec::new();
    if let Some(secret) = &config.tokens.previous {
        let present = algorithm(config.tokens.algorithm);
        let algorithm = if config.tokens.algorithm.is_asymmetric() {
            Algorithm::HS256
        } else {
            present
        };
        let key = VerifyingKey::hmac(algorithm, secret.expose().as_bytes());
        previous.push(key.map_err(in_setting(&JWT_SECRET_KEY_PREVIOUS))?);
    }
    if let Some(pem) = &config.tokens.previous_public_key {
        let key = public_key_of_any_kind(pem);
        previous.push(key.map_err(in_setting(&JWT_PUBLIC_KEY_PREVIOUS))?);
    }
    Ok(previous)
}

fn public_key_of_any_kind(pem: &str) -> Result<VerifyingKey, String> {
    let [first, others @ ..] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];
    let error = match VerifyingKey::from_public_pem(first, pem) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    others
        .into_iter()
        .find_map(|other| VerifyingKey::from_public_pem(other, pem).ok())
        .ok_or_else(|| match error {
            KeyError::Rejected(_) => "holds no key for EdDSA, ES256 or RS256".to_owned(),
            other => other.to_string(),
        })
}

/// Says in which setting an error is.
fn in_setting<E: ToString>(setting: &'static EnvVar) -> impl Fn(E) -> KeyFault {
    move |error| KeyFault {
        setting,
        message: error.to_string(),
    }
}

const fn algorithm(configured: config::Algorithm) -> Algorithm {
    match configured {
        config::Algorithm::Hs256 => Algorithm::HS256,
        config::Algorithm::Hs384 => Algorithm::HS384,
        config::Algorithm::Hs512 => Algorithm::HS512,
        config::Algorithm::EdDsa => Algorithm::EdDSA,
        config::Algorithm::Es256 => Algorithm::ES256,
        config::Algorithm::Rs256 => Algorithm::RS256,
    }
}

/// A key for one purpose (RFC 5869 §2.3, one block: the secret is strong already).
#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
pub(super) fn derived_key(secret: &Secret<String>, purpose: &str) -> Secret<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length");
    mac.update(b"portcullis/");
    mac.update(purpose.as_bytes());
    mac.update(&[1]);
    Secret::new(mac.finalize().into_bytes().into())
}

/// What a store may know of a secret: one that has it is recognized.
pub(super) fn fingerprint(secret: &Secret<String>) -> String {
    let key = derived_key(secret, "fingerprint");
    let half = &key.expose()[..16];
    half.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
        text
    })
}
