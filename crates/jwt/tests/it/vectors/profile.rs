//! Flask-JWT-Extended's settings as an authority.

use std::sync::Arc;

use jwt::revocation::{Entry, RevocationSet, Revoked};
use jwt::{Algorithm, Authority, HeaderFormat, SigningKey, VerifyingKey};
use serde_json::Value;

use super::recorded::Recorded;

/// The authority with the settings of the profile called `name`, whose blocklist holds the recorded
/// `revoked_jti`. Settings of cookies, query strings and bodies don't concern it.
pub(crate) fn authority(recorded: &Recorded, name: &str) -> Authority {
    let profile = recorded.profile(name);
    let secret = recorded.text("secret").as_bytes();
    let algorithm = algorithm(profile["JWT_ALGORITHM"].as_str().unwrap_or("HS256"));

    let revocations = RevocationSet::new();
    revocations.add(&Entry {
        subject: Revoked::Token(recorded.text("revoked_jti").to_owned()),
        expires: u64::MAX,
    });
    let key = SigningKey::hmac(algorithm, secret).unwrap();
    let mut builder = Authority::builder(key)
        .without_key_id()
        .identity_claim(identity_claim(recorded, name))
        .leeway(profile["JWT_DECODE_LEEWAY"].as_u64().unwrap_or(0))
        .revocations(Arc::new(revocations));
    for other in texts(&profile["JWT_DECODE_ALGORITHMS"]) {
        builder = builder.also_accept(VerifyingKey::hmac(self::algorithm(other), secret).unwrap());
    }
    for audience in texts(&profile["JWT_DECODE_AUDIENCE"]) {
        builder = builder.accept_audience(audience);
    }
    for issuer in texts(&profile["JWT_DECODE_ISSUER"]) {
        builder = builder.accept_issuer(issuer);
    }
    for audience in texts(&profile["JWT_ENCODE_AUDIENCE"]) {
        builder = builder.audience(audience);
    }
    if let Some(issuer) = profile["JWT_ENCODE_ISSUER"].as_str() {
        builder = builder.issuer(issuer);
    }
    if profile["JWT_VERIFY_SUB"] == false {
        builder = builder.accept_any_subject();
    }
    if profile["JWT_HEADER_TYPE"] == "" {
        builder = builder.header_format(HeaderFormat::Bare);
    }
    builder.build()
}

/// The claim that names the identity.
pub(crate) fn identity_claim<'a>(recorded: &'a Recorded, name: &str) -> &'a str {
    recorded.profile(name)["JWT_IDENTITY_CLAIM"]
        .as_str()
        .unwrap_or("sub")
}

fn algorithm(name: &str) -> Algorithm {
    Algorithm::from_name(name).unwrap()
}

/// One text, a list of texts, or nothing.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().map(|text| text.as_str().unwrap()).collect(),
        _ => Vec::new(),
    }
}
