//! How tokens are signed, what they say, how long they are good for.

use std::time::{Duration, SystemTime};

use secret::Secret;

use super::{PublicUrl, SecretSource, secrets};
use crate::{
    development_secrets::Found,
    env_vars::{
        EnvVar,
        server::PUBLIC_URL,
        tokens::{
            JWT_ACCESS_TOKEN_EXPIRES, JWT_ALGORITHM, JWT_DECODE_AUDIENCE, JWT_DECODE_ISSUER,
            JWT_DECODE_LEEWAY, JWT_ENCODE_AUDIENCE, JWT_ENCODE_ISSUER, JWT_PRIVATE_KEY,
            JWT_PUBLIC_KEY, JWT_PUBLIC_KEY_PREVIOUS, JWT_REFRESH_TOKEN_EXPIRES, JWT_SECRET_KEY,
            JWT_SECRET_KEY_PREVIOUS, LEGACY_TOKENS_UNTIL,
        },
    },
    reader::{Reader, parse_number, quoted},
};

/// A day: access tokens that live longer get a notice.
const DAY: Duration = Duration::from_hours(24);

/// How tokens are signed, what they say, how long they are good for.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The one algorithm that signs and is accepted.
    pub algorithm: Algorithm,
    /// The secret that signs.
    pub secret_key: SecretSource,
    /// The secret before it, which only verifies.
    pub previous: Option<Secret<String>>,
    /// The private key, in PEM, for an asymmetric algorithm.
    pub private_key: Option<Secret<String>>,
    /// The public key, in PEM, for an asymmetric algorithm.
    pub public_key: Option<String>,
    /// The public key before it, in PEM: tokens signed with its private key are still accepted.
    pub previous_public_key: Option<String>,
    /// How long an access token is good for.
    pub access_expires: Duration,
    /// How long a refresh token is good for; never less than `access_expires`.
    pub refresh_expires: Duration,
    /// The `iss` to write; `None` stands for the public URL.
    pub issuer: Option<String>,
    /// The `iss` that tokens must have, if any.
    pub accepted_issuer: Option<String>,
    /// The `aud` to write, if any.
    pub audience: Option<String>,
    /// The `aud` that tokens must have, if any.
    pub accepted_audience: Option<String>,
    /// How far other clocks may differ.
    pub leeway: Duration,
    /// Until when tokens of the Flask application, which belong to no session, are accepted; `None`:
    /// never.
    pub legacy_until: Option<SystemTime>,
}

/// How tokens are signed (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    #[default]
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::EdDsa,
        Self::Es256,
        Self::Rs256,
    ];

    pub(crate) fn read(reader: &mut Reader) -> Self {
        reader.choice(&JWT_ALGORITHM, &Self::ALL.map(|a| (a.name(), a)))
    }

    /// The name in a token's header, `HS256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// Whether signing and verifying take different keys.
    pub const fn is_asymmetric(self) -> bool {
        matches!(self, Self::EdDsa | Self::Es256 | Self::Rs256)
    }

    /// The least length of a shared secret in bytes: that of the hash (RFC 7518 §3.2).
    const fn secret_length(self) -> usize {
        match self {
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            Self::Hs256 | Self::EdDsa | Self::Es256 | Self::Rs256 => secrets::MIN_LENGTH,
        }
    }
}

impl Tokens {
    pub(crate) fn read(
        reader: &mut Reader,
        algorithm: Algorithm,
        generated: &Found,
        public_url: &PublicUrl,
    ) -> Self {
        let tokens = Self {
            algorithm,
            secret_key: if algorithm.is_asymmetric() {
                SecretSource::NotUsed
            } else {
                secrets::current(
                    reader,
                    &JWT_SECRET_KEY,
                    algorithm.secret_length(),
                    generated,
                )
            },
            previous: secrets::previous(
                reader,
                &JWT_SECRET_KEY_PREVIOUS,
                algorithm.secret_length(),
                &JWT_SECRET_KEY,
            ),
            private_key: reader.optional(&JWT_PRIVATE_KEY, |text| {
                pem(text, "PRIVATE KEY").map(Secret::from)
            }),
            public_key: reader.optional(&JWT_PUBLIC_KEY, |text| {
                pem(text, "PUBLIC KEY").map(str::to_owned)
            }),
            previous_public_key: reader.optional(&JWT_PUBLIC_KEY_PREVIOUS, |text| {
                pem(text, "PUBLIC KEY").map(str::to_owned)
            }),
            access_expires: lifetime(reader, &JWT_ACCESS_TOKEN_EXPIRES),
            refresh_expires: lifetime(reader, &JWT_REFRESH_TOKEN_EXPIRES),
            issuer: reader.text(&JWT_ENCODE_ISSUER),
            accepted_issuer: reader.text(&JWT_DECODE_ISSUER),
            audience: reader.text(&JWT_ENCODE_AUDIENCE),
            accepted_audience: reader.text(&JWT_DECODE_AUDIENCE),
            leeway: reader.seconds(&JWT_DECODE_LEEWAY),
            legacy_until: reader.optional(&LEGACY_TOKENS_UNTIL, parse_time),
        };
        tokens.check_lifetimes(reader);
        tokens.check_claims(reader, public_url);
        tokens.check_keys(reader);
        tokens
    }

    fn check_lifetimes(&self, reader: &mut Reader) {
        let lifetimes = [&JWT_ACCESS_TOKEN_EXPIRES, &JWT_REFRESH_TOKEN_EXPIRES];
        if lifetimes.iter().all(|var| !reader.is_faulty(var))
            && self.refresh_expires < self.access_expires
        {
            reader.fault(
                &JWT_REFRESH_TOKEN_EXPIRES,
                format!(
                    "must be at least the lifetime of an access token: {} s is less than {} s",
                    self.refresh_expires.as_secs(),
                    self.access_expires.as_secs()
                ),
            );
        }
        if self.access_expires > DAY {
            reader.notice(
                &JWT_ACCESS_TOKEN_EXPIRES,
                "access tokens live longer than a day: a service that doesn't follow revocations \
                 trusts a stolen one as long",
            );
        }
    }

    /// Refuses settings with which the server would not accept what it issues.
    fn check_claims(&self, reader: &mut Reader, public_url: &PublicUrl) {
        let issuer = self.issuer.as_deref().unwrap_or(public_url.as_str());
        for (written, accepted, decode, encode) in [
            (
                Some(issuer),
                &self.accepted_issuer,
                &JWT_DECODE_ISSUER,
                &JWT_ENCODE_ISSUER,
            ),
            (
                self.audience.as_deref(),
                &self.accepted_audience,
                &JWT_DECODE_AUDIENCE,
                &JWT_ENCODE_AUDIENCE,
            ),
        ] {
            let known = [decode, encode, &PUBLIC_URL]
                .iter()
                .all(|var| !reader.is_faulty(var));
            if known && accepted.is_some() && accepted.as_deref() != written {
                reader.fault(
                    decode,
                    format!(
                        "must be the same as {} ({}): the server would refuse its own tokens",
                        encode.name,
                        written.map_or_else(|| "unset".to_owned(), quoted)
                    ),
                );
            }
        }
    }

    fn check_keys(&self, reader: &mut Reader) {
        if self.algorithm.is_asymmetric()
            && self.private_key.is_none()
            && !reader.is_faulty(&JWT_PRIVATE_KEY)
        {
            let name = self.algorithm.name();
            reader.fault(
                &JWT_PRIVATE_KEY,
                format!("is needed to sign with {name}: `portcullis keys generate --algorithm {name}` makes one"),
            );
        }
        for var in [&JWT_PRIVATE_KEY, &JWT_PUBLIC_KEY] {
            if reader.raw(var).is_some() && !self.algorithm.is_asymmetric() {
                reader.notice(var, format!("is not used with {}", self.algorithm.name()));
            }
        }
    }
}

fn lifetime(reader: &mut Reader, var: &'static EnvVar) -> Duration {
    let seconds = reader.required(var, |text| {
        if ["false", "none", "never"].contains(&text.to_ascii_lowercase().as_str()) {
            return Err(
                "tokens that never expire are not issued: give a number of seconds".to_owned(),
            );
        }
        parse_number(var.kind, text)
    });
    Duration::from_secs(seconds)
}

/// Whether a text holds PEM (RFC 7468) with such a label; what it holds is for the signer to judge.
fn pem<'a>(text: &'a str, label: &str) -> Result<&'a str, String> {
    if !text.contains("-----BEGIN ") || !text.contains("-----END ") {
        return Err(format!(
            "is not PEM: there must be a line -----BEGIN {label}----- and its like at the end"
        ));
    }
    if text.contains("\\n") && !text.contains('\n') {
        return Err(
            "has \\n in place of line breaks, as `docker run --env-file` leaves them: put it into a file, and name that by \
             the variable that ends with _FILE"
                .to_owned(),
        );
    }
    Ok(text)
}

fn parse_time(text: &str) -> Result<SystemTime, String> {
    text.parse::<jiff::Timestamp>()
        .and_then(SystemTime::try_from)
        .map_err(|_| {
            format!(
                "{} is not a time: write 2027-01-31T00:00:00Z (RFC 3339)",
                quoted(text)
            )
        })
}
