//! How tokens are signed and what they say.

use std::time::{Duration, SystemTime};

use config::Algorithm;

use crate::{APP_KEY, JWT_KEY, Setup};

#[test]
fn the_defaults_are_those_of_the_reference() {
    let config = Setup::new().good();
    let tokens = &config.tokens;
    assert_eq!(tokens.algorithm, Algorithm::Hs256);
    assert_eq!(tokens.access_expires, Duration::from_mins(15));
    assert_eq!(tokens.refresh_expires, Duration::from_hours(30 * 24));
    assert_eq!(tokens.leeway, Duration::ZERO);
    assert!(
        tokens.issuer.is_none()
            && tokens.accepted_issuer.is_none()
            && tokens.legacy_until.is_none()
    );
    assert_eq!(config.sessions.refresh_grace, Duration::from_secs(10));
    assert_eq!(config.sessions.max_age, Duration::from_hours(90 * 24));
    assert_eq!(
        config.sessions.revocation_max_staleness,
        Duration::from_secs(30)
    );
    assert_eq!(
        (config.passwords.min_length, config.passwords.upgrade),
        (8, true)
    );
    assert!(config.registration.is_open());
    assert_eq!(config.log.filter, "info");
    assert!(config.log.format.is_json(false) && !config.log.format.is_json(true));
}

#[test]
fn a_longer_hash_needs_a_longer_secret() {
    for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let with = |length: usize| {
            Setup::new()
                .env("JWT_ALGORITHM", algorithm)
                .env("JWT_SECRET_KEY", &JWT_KEY[..length])
        };
        with(least).good();
        let fault = with(least - 1).fault();
        assert!(
            fault.contains(&format!("has {} bytes of at least {least}", least - 1)),
            "{fault}"
        );
    }
}

#[test]
fn an_asymmetric_algorithm_needs_a_private_key_and_no_secret() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHh4\n-----END PRIVATE KEY-----\n";
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let fault = Setup::new().env("JWT_ALGORITHM", algorithm).fault();
        assert!(fault.contains("JWT_PRIVATE_KEY"), "{fault}");
        assert!(
            fault.contains(&format!("keys generate --algorithm {algorithm}")),
            "{fault}"
        );
        let config = Setup::new()
            .env("JWT_ALGORITHM", algorithm)
            .env("JWT_PRIVATE_KEY", pem)
            .env("SECRET_KEY", APP_KEY)
            .env("PORTCULLIS_LISTEN", "0.0.0.0:8080")
            .good();
        assert!(config.keys().unwrap().jwt_secret_key.is_none());
        let here = Setup::new()
            .env("JWT_ALGORITHM", algorithm)
            .env("JWT_PRIVATE_KEY", pem)
            .env("SECRET_KEY", APP_KEY);
        assert_eq!(here.good().notices, [], "none is generated");
    }
    let fault = Setup::new().env("JWT_ALGORITHM", "none").fault();
    assert!(fault.contains("must be one of HS256"), "{fault}");
}

#[test]
fn a_key_must_be_pem() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHh4\n-----END PRIVATE KEY-----\n";
    let config = Setup::new()
        .file("key", pem)
        .env("JWT_PRIVATE_KEY_FILE", "key")
        .good();
    assert!(config.tokens.private_key.is_some());
    assert_eq!(
        config.notices[0].to_string(),
        "JWT_PRIVATE_KEY: is not used with HS256"
    );

    let fault = Setup::new().env("JWT_PRIVATE_KEY", "hunter2").fault();
    assert!(
        fault.contains("is not PEM") && !fault.contains("hunter2"),
        "{fault}"
    );
}

#[test]
fn a_server_must_take_its_own_tokens() {
    for (written, accepted) in [
        ("JWT_ENCODE_ISSUER", "JWT_DECODE_ISSUER"),
        ("JWT_ENCODE_AUDIENCE", "JWT_DECODE_AUDIENCE"),
    ] {
        Setup::new().env(written, "a").good();
        Setup::new().env(written, "a").env(accepted, "a").good();
        let fault = Setup::new().env(written, "a").env(accepted, "b").fault();
        assert!(fault.contains("refuse its own tokens"), "{fault}");
    }
    let fault = Setup::new().env("JWT_DECODE_AUDIENCE", "a").fault();
    assert!(fault.contains("refuse its own tokens"), "{fault}");
    let fault = Setup::new().env("JWT_DECODE_ISSUER", "a").fault();
    assert!(fault.contains("refuse its own tokens"), "{fault}");
    Setup::new()
        .env("JWT_DECODE_ISSUER", "http://127.0.0.1:8080")
        .good();
}

#[test]
fn a_refresh_token_outlives_an_access_token() {
    let fault = Setup::new().env("JWT_REFRESH_TOKEN_EXPIRES", "899").fault();
    assert!(fault.contains("899 s is less than 900 s"), "{fault}");
}

#[test]
fn a_long_lived_access_token_is_mentioned() {
    let lifetime = |seconds| Setup::new().env("JWT_ACCESS_TOKEN_EXPIRES", seconds).good();
    assert_eq!(lifetime("86400").notices.len(), 0);
    assert_eq!(lifetime("86401").notices.len(), 1);
}

#[test]
fn the_end_of_legacy_tokens_is_a_time() {
    let until = Setup::new()
        .env(
            "PORTCULLIS_LEGACY_TOKENS_UNTIL",
            "2027-01-31T01:00:00+01:00",
        )
        .good()
        .tokens
        .legacy_until;
    assert_eq!(
        until,
        Some(SystemTime::UNIX_EPOCH + Duration::from_hours(500_376))
    );
}
