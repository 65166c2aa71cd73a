//! What an authority accepts, beyond what was recorded of others.

use jwt::{
    Algorithm, Authority, AuthorityBuilder, Claims, Fault, Fresh, IssueError, SigningKey,
    TokenError, TokenKind, VerifyingKey,
};

const NOW: u64 = 1_700_000_000;
const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
const OTHER_SECRET: &[u8] = b"quite another one, as long as it";
const JTI: &str = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

fn key(secret: &[u8]) -> SigningKey {
    SigningKey::hmac(Algorithm::HS256, secret).unwrap()
}

fn builder() -> AuthorityBuilder {
    Authority::builder(key(SECRET))
}

fn claims() -> Claims {
    Claims::access("alice", JTI, NOW, 900)
}

fn issue(authority: &Authority, claims: &Claims) -> String {
    authority.issue(claims).unwrap().expose().to_owned()
}

/// The JSON of a part of a token.
fn segment(text: &str) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    String::from_utf8(engine.decode(text).unwrap()).unwrap()
}

fn refused(authority: &Authority, token: &str, now: u64) -> TokenError {
    authority.verify(token, now).unwrap_err()
}

#[test]
fn what_was_issued_is_read_back() {
    let authority = builder()
        .issuer("https://a.example")
        .audience("api")
        .build();
    let mut claims = claims()
        .with_session("s1", 7)
        .with_fresh(Fresh::Until(NOW + 600))
        .with_csrf("c1");
    let verified = authority.verify(&issue(&authority, &claims), NOW).unwrap();

    claims.iss = Some("https://a.example".to_owned());
    claims.aud = vec!["api".to_owned()];
    assert_eq!(verified.claims, claims);
    assert_eq!(verified.kind(), TokenKind::Access);
    assert!(verified.is_fresh(NOW + 600));
    assert!(!verified.is_fresh(NOW + 601));
}

#[test]
fn claims_come_in_a_fixed_order_and_the_header_names_the_key() {
    let authority = builder().issuer("i").build();
    let token = issue(&authority, &claims().with_session("s1", 7).with_csrf("c1"));
    let mut segments = token.split('.');
    let kid = key(SECRET).key_id().to_owned();
    assert_eq!(
        segment(segments.next().unwrap()),
        format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#)
    );
    assert_eq!(
        segment(segments.next().unwrap()),
        format!(
            r#"{{"fresh":false,"iat":1700000000,"jti":"{JTI}","type":"access","sub":"alice","nbf":1700000000,"csrf":"c1","iss":"i","exp":1700000900,"sid":"s1","gen":7}}"#
        )
    );
}

#[test]
fn how_the_person_proved_who_they_are_comes_last_and_then_what_is_yours() {
    let authority = builder().build();
    let claims = claims()
        .with_session("s1", 7)
        .with_auth_time(NOW - 5)
        .with_authentication("urn:example:acr:2", ["pwd", "otp"])
        .with_claim("roles", ["editor"])
        .unwrap();
    let token = issue(&authority, &claims);
    let verified = authority.verify(&token, NOW).unwrap();
    let text: serde_json::Value = verified.claims_as().unwrap();
    assert_eq!(text["auth_time"], NOW - 5);
    assert_eq!(text["roles"][0], "editor");
    let read = &verified.claims;
    assert_eq!(
        (read.auth_time, read.acr.as_deref()),
        (Some(NOW - 5), Some("urn:example:acr:2"))
    );
    assert_eq!(read.amr, ["pwd", "otp"]);

    let payload = segment(token.split('.').nth(1).unwrap());
    let end = r#""gen":7,"auth_time":1699999995,"acr":"urn:example:acr:2","amr":["pwd","otp"],"roles":["editor"]}"#;
    assert!(payload.ends_with(end), "{payload}");
}

#[test]
fn one_claim_of_your_own_is_read_by_its_name() {
    let authority = builder().build();
    let claims = claims().with_claim("roles", ["editor"]).unwrap();
    let verified = authority.verify(&issue(&authority, &claims), NOW).unwrap();
    let roles: Option<Vec<String>> = verified.claim("roles").unwrap();
    assert_eq!(roles.unwrap(), ["editor"]);
    assert_eq!(verified.claim::<u64>("another").unwrap(), None);
    assert!(verified.claim::<u64>("roles").is_err());
}

#[test]
fn no_claim_of_your_own_takes_the_name_of_one_that_has_a_meaning() {
    let authority = builder().identity_claim("account").build();
    for name in ["sub", "exp", "acr", "auth_time", "account"] {
        let claims = claims().with_claim(name, "mine").unwrap();
        let refused = authority.issue(&claims).unwrap_err();
        assert!(
            matches!(&refused, IssueError::ReservedClaim(reserved) if reserved == name),
            "{refused}"
        );
    }
}

#[test]
fn claims_of_your_own_can_be_read() {
    #[derive(serde::Deserialize)]
    struct Own {
        sid: String,
    }

    let authority = builder().build();
    let token = issue(&authority, &claims().with_session("s1", 7));
    let own: Own = authority.verify(&token, NOW).unwrap().claims_as().unwrap();
    assert_eq!(own.sid, "s1");
}

#[test]
fn a_previous_key_verifies_until_it_is_taken_away() {
    let old = Authority::builder(key(OTHER_SECRET)).build();
    let token = issue(&old, &claims());
    let unnamed = issue(
        &Authority::builder(key(OTHER_SECRET))
            .without_key_id()
            .build(),
        &claims(),
    );

    let previous = VerifyingKey::hmac(Algorithm::HS256, OTHER_SECRET).unwrap();
    for rotated in [
        builder().also_accept(previous.clone()).build(),
        builder().without_key_id().also_accept(previous).build(),
    ] {
        assert!(rotated.verify(&token, NOW).is_ok());
        assert!(rotated.verify(&unnamed, NOW).is_ok());
        assert!(rotated.verify(&issue(&rotated, &claims()), NOW).is_ok());
        assert!(old.verify(&issue(&rotated, &claims()), NOW).is_err());
    }
    let without = builder().build();
    for token in [token, unnamed] {
        assert_eq!(
            refused(&without, &token, NOW),
            TokenError::Invalid(Fault::Signature)
        );
    }
}

#[test]
fn a_token_that_names_one_of_our_keys_is_checked_with_no_other() {
    let claimed = key(SECRET).key_id().to_owned();
    let forger = Authority::builder(key(OTHER_SECRET).with_key_id(claimed)).build();
    let previous = VerifyingKey::hmac(Algorithm::HS256, OTHER_SECRET).unwrap();
    let authority = builder().also_accept(previous).build();
    let token = issue(&forger, &claims());
    assert_eq!(
        refused(&authority, &token, NOW),
        TokenError::Invalid(Fault::Signature)
    );
}

#[test]
fn the_algorithm_is_that_of_a_key() {
    let long = [7; 64];
    let hs512 = Authority::builder(SigningKey::hmac(Algorithm::HS512, &long).unwrap()).build();
    let hs256 = Authority::builder(SigningKey::hmac(Algorithm::HS256, &long).unwrap()).build();
    let token = issue(&hs512, &claims());
    assert_eq!(
        refused(&hs256, &token, NOW),
        TokenError::Invalid(Fault::Algorithm)
    );
}

/// RFC 7515 A.1 and RFC 7519 §3.1; the identity is the issuer, as there is no subject. All of it is right, and it is
/// neither for access nor for refreshing.
#[test]
fn the_example_of_rfc_7519_is_read_up_to_what_it_is_for() {
    use base64::Engine as _;

    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let authority = Authority::builder(key(&secret))
        .identity_claim("iss")
        .build();
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(
        refused(&authority, token, 1_300_819_379),
        TokenError::Invalid(Fault::Claim("type"))
    );

    // RFC 7519 §6.1: the same claims, unsecured.
    let unsecured = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    assert_eq!(
        refused(&authority, unsecured, 0),
        TokenError::Invalid(Fault::Algorithm)
    );
}

#[test]
fn a_token_too_long_is_not_looked_at() {
    let authority = builder().max_token_size(400).build();
    let token = issue(&authority, &claims());
    assert!(authority.verify(&token, NOW).is_ok());
    let mut long = claims();
    long.sub = "a".repeat(300);
    let token = issue(&authority, &long);
    assert_eq!(
        refused(&authority, &token, NOW),
        TokenError::Invalid(Fault::TooLong)
    );
}

#[test]
fn an_expired_token_is_good_enough_to_end_its_session() {
    let authority = builder().build();
    let token = issue(&authority, &claims());
    assert_eq!(refused(&authority, &token, NOW + 900), TokenError::Expired);
    assert!(authority.verify_even_expired(&token, NOW + 900).is_ok());
    assert!(authority.verify_even_expired(&token, NOW).is_ok());
    let too_early = authority.verify_even_expired(&token, NOW - 1).unwrap_err();
    assert_eq!(too_early, TokenError::Invalid(Fault::NotYetValid));
}

#[test]
fn a_token_without_a_session_is_accepted_only_for_a_while() {
    let flask = issue(&builder().without_key_id().build(), &claims());
    let ours = issue(&builder().build(), &claims().with_session("s1", 1));

    let strict = builder().require_session().build();
    assert_eq!(
        refused(&strict, &flask, NOW),
        TokenError::Invalid(Fault::NoSession)
    );
    assert!(strict.verify(&ours, NOW).is_ok());

    let migrating = builder()
        .require_session()
        .legacy_until(Some(NOW + 10))
        .build();
    assert!(migrating.verify(&flask, NOW + 9).is_ok());
    // Also when it is remembered from a second ago.
    assert_eq!(
        refused(&migrating, &flask, NOW + 10),
        TokenError::Invalid(Fault::NoSession)
    );
    assert!(migrating.verify(&ours, NOW + 10).is_ok());

    let anything = builder().build();
    assert!(anything.verify(&flask, NOW).is_ok());
}

#[test]
fn a_token_of_an_application_without_issuer_is_accepted_for_the_same_while() {
    let flask = issue(&builder().without_key_id().build(), &claims());
    let no_issuer = issue(&builder().build(), &claims().with_session("s1", 1));
    let authority = builder()
        .accept_issuer("https://a.example")
        .require_session()
        .legacy_until(Some(NOW + 10))
        .build();
    assert!(authority.verify(&flask, NOW + 9).is_ok());
    assert!(authority.verify(&flask, NOW + 10).is_err());
    assert_eq!(
        refused(&authority, &no_issuer, NOW),
        TokenError::Invalid(Fault::Issuer)
    );
}

#[test]
fn a_token_that_lacks_only_some_of_a_session_gains_nothing() {
    let migrating = builder()
        .accept_issuer("https://a.example")
        .require_session()
        .legacy_until(Some(NOW + 10))
        .build();
    let of = |issuer: Option<&str>, claims: &Claims| {
        let issuing = issuer.map_or_else(builder, |issuer| builder().issuer(issuer));
        issue(&issuing.build(), claims)
    };
    let bare = claims();
    let (mut generation, mut nameless, mut endless) = (claims(), claims(), claims());
    generation.generation = Some(0);
    nameless.jti = None;
    endless.exp = None;
    assert!(migrating.verify(&of(None, &bare), NOW).is_ok());
    let issued = Some("https://a.example");
    for token in [
        of(issued, &bare),
        of(None, &generation),
        of(None, &nameless),
        of(None, &endless),
    ] {
        assert_eq!(
            refused(&migrating, &token, NOW),
            TokenError::Invalid(Fault::NoSession)
        );
    }
    let in_session = claims().with_session("s1", 0);
    assert_eq!(
        refused(&migrating, &of(None, &in_session), NOW),
        TokenError::Invalid(Fault::Issuer)
    );
    assert!(migrating.verify(&of(issued, &in_session), NOW).is_ok());
}

#[test]
fn the_clock_of_another_issuer_may_be_ahead_but_nothing_lives_longer_for_it() {
    let token = issue(&builder().build(), &claims());
    let too_early = TokenError::Invalid(Fault::NotYetValid);
    let alone = builder().build();
    assert_eq!(refused(&alone, &token, NOW - 1), too_early);
    let several = builder().clock_skew(2).build();
    assert!(several.verify(&token, NOW - 2).is_ok());
    assert_eq!(refused(&several, &token, NOW - 3), too_early);
    assert!(several.verify(&token, NOW + 899).is_ok());
    assert_eq!(refused(&several, &token, NOW + 900), TokenError::Expired);
    // A longer leeway counts.
    let lenient = builder().clock_skew(2).leeway(5).build();
    assert!(lenient.verify(&token, NOW - 5).is_ok());
    assert!(lenient.verify(&token, NOW + 904).is_ok());
}

#[test]
fn also_an_expired_token_is_accepted_no_longer_than_others_without_a_session() {
    let migrating = builder()
        .require_session()
        .legacy_until(Some(NOW + 2000))
        .build();
    let token = issue(&builder().build(), &claims());
    assert_eq!(refused(&migrating, &token, NOW + 1999), TokenError::Expired);
    assert!(migrating.verify_even_expired(&token, NOW + 1999).is_ok());
    assert_eq!(
        migrating.verify_even_expired(&token, NOW + 2000).err(),
        Some(TokenError::Invalid(Fault::NoSession))
    );
}

#[test]
fn a_verifier_issues_nothing() {
    let key = VerifyingKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let verifier = Authority::verifier(key).build();
    assert!(matches!(
        verifier.issue(&claims()),
        Err(IssueError::NoSigningKey)
    ));
    assert!(
        verifier
            .verify(&issue(&builder().build(), &claims()), NOW)
            .is_ok()
    );
}

#[test]
fn a_remembered_token_is_still_checked_for_its_times() {
    for entries in [0, 1, 4096] {
        let authority = builder().cache_entries(entries).build();
        let token = issue(&authority, &claims());
        assert!(authority.verify(&token, NOW).is_ok());
        assert!(authority.verify(&token, NOW + 899).is_ok());
        assert_eq!(refused(&authority, &token, NOW + 900), TokenError::Expired);
        let too_early = TokenError::Invalid(Fault::NotYetValid);
        assert_eq!(refused(&authority, &token, NOW - 1), too_early);
    }
}

#[test]
fn a_remembered_token_vouches_for_no_other() {
    let authority = builder().cache_entries(1).build();
    let good = issue(&authority, &claims());
    assert!(authority.verify(&good, NOW).is_ok());
    for at in 0..good.len() {
        let mut forged = good.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(authority.verify(&forged, NOW).is_err(), "byte {at}");
    }
    assert!(authority.verify(&good, NOW).is_ok());
}

#[test]
fn nothing_secret_is_shown() {
    let authority = builder().build();
    let token = authority.issue(&claims()).unwrap();
    assert_eq!(format!("{token:?}"), "Token([redacted])");
    assert!(!format!("{authority:?} {:?}", builder()).contains("secret of thirty-two"));
}

#[cfg(feature = "asymmetric")]
mod asymmetric {
    use jwt::GeneratedKey;

    use super::*;

    fn pair(algorithm: Algorithm) -> (GeneratedKey, Authority) {
        let key = GeneratedKey::new(algorithm).unwrap();
        let signing = SigningKey::from_pem(algorithm, key.private_pem.expose()).unwrap();
        (key, Authority::builder(signing).build())
    }

    #[test]
    fn whoever_has_the_published_keys_verifies() {
        for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
            let (_, authority) = pair(algorithm);
            let set = serde_json::to_string(&authority.jwks()).unwrap();
            let set: jwt::JwkSet = serde_json::from_str(&set).unwrap();
            let verifier =
                Authority::verifier(VerifyingKey::from_jwk(&set.keys[0]).unwrap()).build();
            let token = issue(&authority, &claims());
            assert!(verifier.verify(&token, NOW).is_ok(), "{algorithm}");
        }
    }

    #[test]
    fn no_secret_is_published() {
        let (_, authority) = pair(Algorithm::EdDSA);
        let previous = VerifyingKey::hmac(Algorithm::HS256, SECRET).unwrap();
        let (key, _) = pair(Algorithm::ES256);
        let private = key.private_pem.expose();
        let key = SigningKey::from_pem(Algorithm::ES256, private).unwrap();
        let authority_with_both = Authority::builder(key).also_accept(previous).build();
        assert_eq!(authority.jwks().keys.len(), 1);
        assert_eq!(authority_with_both.jwks().keys.len(), 1);
        let json = serde_json::to_value(authority_with_both.jwks()).unwrap();
        assert_eq!(json["keys"][0]["kty"], "EC");
        assert_eq!(json["keys"][0]["use"], "sig");
        assert_eq!(json["keys"][0]["alg"], "ES256");
        assert_eq!(json["keys"][0]["d"], serde_json::Value::Null);
        assert_eq!(builder().build().jwks().keys, []);
    }

    #[test]
    fn unknown_published_keys_are_passed_over() {
        let set: jwt::JwkSet = serde_json::from_str(
            r#"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"AKP","pub":"x"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k","x5c":[]}]}"#,
        )
        .unwrap();
        assert_eq!(set.keys.len(), 1);
        assert_eq!(VerifyingKey::from_jwk(&set.keys[0]).unwrap().key_id(), "k");
    }

    /// RFC 8725 §2.1: the public key's text as the secret of an HMAC.
    #[test]
    fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
        use hmac::{Hmac, KeyInit as _, Mac as _};

        use base64::Engine as _;

        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
            let (key, authority) = pair(algorithm);
            let kid = authority.key_ids().next().unwrap().to_owned();
            let token = issue(&authority, &claims());
            let payload = token.split('.').nth(1).unwrap();
            for header in [
                r#"{"alg":"HS256"}"#.to_owned(),
                format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#),
                format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"JWT"}}"#),
            ] {
                for secret in [key.public_pem.as_str(), key.public_pem.trim_end()] {
                    let message = format!("{}.{payload}", engine.encode(&header));
                    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
                    let signature = mac.chain_update(&message).finalize().into_bytes();
                    let forged = format!("{message}.{}", engine.encode(signature));
                    assert!(authority.verify(&forged, NOW).is_err(), "{header}");
                }
            }
        }
    }
}
