//! Whatever is sent, it is refused rather than panicked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jwt::{Algorithm, Authority, Claims, Fault, SigningKey, TokenError};
use proptest::prelude::*;

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
const NOW: u64 = 1_700_000_000;

fn authority() -> Authority {
    Authority::builder(SigningKey::hmac(Algorithm::HS256, SECRET).unwrap()).build()
}

/// A token over these segments that really is signed.
fn signed(header: &[u8], payload: &[u8]) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET).unwrap();
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Any JSON value, also such as strict readers refuse.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("NaN".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        (1_usize..5000).prop_map(|digits| "9".repeat(digits)),
        "\"\\PC*\"",
        "\"(\\\\u[0-9a-f]{4}|\\\\n|[ -!#-\\[\\]-~])*\"",
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            ("[a-z]{0,5}", inner).prop_map(|(name, value)| format!("{{\"{name}\":{value}}}")),
        ]
    })
}

fn claim_name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "fresh",
        "iat",
        "jti",
        "type",
        "sub",
        "nbf",
        "csrf",
        "exp",
        "sid",
        "gen",
        "iss",
        "aud",
        "x",
        "auth_time",
        "acr",
        "amr",
    ])
}

#[test]
fn what_says_how_somebody_authenticated_reads_as_absent_in_any_other_shape() {
    let read = |claims: &str| {
        let payload = format!(r#"{{"sub":"alice","jti":"j","type":"access",{claims}}}"#);
        let token = signed(br#"{"alg":"HS256"}"#, payload.as_bytes());
        let verified = authority().verify(&token, NOW).unwrap();
        let claims = &verified.claims;
        (claims.auth_time, claims.acr.clone(), claims.amr.clone())
    };
    for (auth_time, acr, amr) in [
        ("{}", "2", r#""pwd""#),
        ("null", "[]", "[[]]"),
        (r#""junk""#, "null", "{}"),
    ] {
        let claims = format!(r#""auth_time":{auth_time},"acr":{acr},"amr":{amr}"#);
        let (auth_time, acr, mut amr) = read(&claims);
        amr.retain(|name| name != "pwd"); // a text alone is a list of one
        assert_eq!((auth_time, acr, amr), (None, None, Vec::new()), "{claims}");
    }
}

/// The same key may sign other things, and did (RFC 8725 §3.12).
#[test]
fn a_token_that_does_not_say_that_it_is_for_access_or_for_refreshing_is_good_for_neither() {
    let verify = |claim: &str| {
        let payload = format!(r#"{{"sub":"alice","jti":"j"{claim}}}"#);
        authority().verify(&signed(br#"{"alg":"HS256"}"#, payload.as_bytes()), NOW)
    };
    for good in [r#","type":"access""#, r#","type":"re\u0066resh""#] {
        assert!(verify(good).is_ok(), "{good}");
    }
    for other in [
        "",
        r#","type":null"#,
        r#","type":"""#,
        r#","type":"other""#,
        r#","type":"Access""#,
        r#","type":"access ""#,
        r#","type":["access"]"#,
        r#","type":true"#,
        r#","typ":"access""#,
        r#","type":"access","type":"password-reset""#,
    ] {
        let refused = verify(other).unwrap_err();
        assert_eq!(
            refused,
            TokenError::Invalid(Fault::Claim("type")),
            "{other}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_refused(text in "\\PC*") {
        prop_assert!(authority().verify(&text, NOW).is_err());
    }

    #[test]
    fn any_segments_are_refused(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) {
        let segments = [header, payload, signature].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        prop_assert!(authority().verify(&segments.join("."), NOW).is_err());
    }

    #[test]
    fn signed_bytes_are_read_or_refused(header: Vec<u8>, payload: Vec<u8>) {
        let _ = authority().verify(&signed(&header, &payload), NOW);
        let _ = authority().verify(&signed(br#"{"alg":"HS256"}"#, &payload), NOW);
    }

    #[test]
    fn signed_claims_of_any_kind_are_read_or_refused(
        members in proptest::collection::vec((claim_name(), json()), 0..8),
        now: u64,
    ) {
        let members: Vec<_> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let payload = format!(r#"{{"sub":"alice","type":"access",{}}}"#, members.join(","));
        let token = signed(br#"{"alg":"HS256"}"#, payload.as_bytes());
        if let Ok(verified) = authority().verify(&token, now) {
            let claims = &verified.claims;
            prop_assert!(claims.exp.is_none_or(|exp| exp > now));
            prop_assert!(claims.iat.is_none_or(|iat| iat <= now));
            prop_assert!(claims.nbf.is_none_or(|nbf| nbf <= now));
        }
    }

    #[test]
    fn signed_headers_of_any_kind_are_read_or_refused(value in json()) {
        for name in ["alg", "kid", "crit", "b64", "typ", "x"] {
            let header = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
            let _ = authority().verify(&signed(header.as_bytes(), br#"{"sub":"a"}"#), NOW);
        }
    }

    #[test]
    fn a_changed_token_is_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
        let authority = authority();
        let claims = Claims::access("alice", "j", NOW, 900);
        let good = authority.issue(&claims).unwrap().expose().to_owned();
        let at = at.index(good.len());
        let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
        prop_assert_eq!(authority.verify(&changed, NOW).is_ok(), changed == good);
    }

    #[test]
    fn what_is_issued_is_read_back(
        sub in "\\PC*", jti in "\\PC*", sid in "\\PC+", generation: u64, lifetime in 1_u64..1 << 40,
    ) {
        let authority = authority();
        let claims = Claims::refresh(sub, jti, NOW, lifetime).with_session(sid, generation);
        let token = authority.issue(&claims).unwrap();
        if let Ok(verified) = authority.verify(token.expose(), NOW) {
            prop_assert_eq!(&verified.claims, &claims);
        } else {
            prop_assert!(token.expose().len() > 8 * 1024);
        }
    }
}
