//! The examples of the RFCs, and hostile signatures of the kinds that Wycheproof collects.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, ParsedPublicKey, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaKeyPair,
};

use super::{der, pem};
use crate::{Algorithm, GeneratedKey, Jwk, KeyError, SigningKey, VerifyingKey, base64url};

const RFC7515_RSA: &str = r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
const RFC7515_EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const RFC8037_ED25519: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The order of P-256's group, and of Ed25519's (little-endian).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
];

/// As `openssl ecparam -name prime256v1 -genkey` writes it, and its public half.
const SEC1: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIHmzsSIjde71INF8VRi6rihMKbZ489JDveJlws+D7CeFoAoGCCqGSM49
AwEHoUQDQgAE0TKxgY1NSiJqID9kIsmG4ZS2JqLww5WwCyTetgQLZX/4IXWiuEzn
3zxwwzJpsBPZNSvVJSBPQOuMzWu7oQS20g==
-----END EC PRIVATE KEY-----
";
const SEC1_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0TKxgY1NSiJqID9kIsmG4ZS2JqLw
w5WwCyTetgQLZX/4IXWiuEzn3zxwwzJpsBPZNSvVJSBPQOuMzWu7oQS20g==
-----END PUBLIC KEY-----
";
/// A key on another curve.
const P384: &str = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDAe9Ri7KNJawkc/JES0/ymIuCTmZlD73RxvzuVnc5k1mbJn4m3dgkHA
poQsRRYJp9WgBwYFK4EEACKhZANiAARjSlJczpewGaNZ49pCXQ8/QZ0Ejf6o4XsO
ELwy/s5uxHY5feVLrMeYHfpzlpM+jqV3QgxNkLsTZgqQRC0PAwmCBgWmst7kfXBF
Z+LSrXlPcKyiBjmWAzRvBG5ldcEBhM8=
-----END EC PRIVATE KEY-----
";

/// What PKCS#8 (and a `SubjectPublicKeyInfo`) of an RSA key has before its PKCS#1.
const RSA_HEADER: usize = 26;
const RSA_PUBLIC_HEADER: usize = 24;

fn published(json: &str) -> VerifyingKey {
    VerifyingKey::from_jwk(&serde_json::from_str::<Jwk>(json).unwrap()).unwrap()
}

fn generated(algorithm: Algorithm) -> (GeneratedKey, SigningKey) {
    let key = GeneratedKey::new(algorithm).unwrap();
    let signing = SigningKey::from_pem(algorithm, key.private_pem.expose()).unwrap();
    (key, signing)
}

fn verifies(key: &VerifyingKey, jws: &str) -> bool {
    let (message, signature) = jws.rsplit_once('.').unwrap();
    key.verifies(message.as_bytes(), &base64url::decode(signature).unwrap())
}

#[test]
fn the_examples_of_rfc_7515_and_rfc_8037_verify() {
    // RFC 7515 A.2.
    assert!(verifies(
        &published(RFC7515_RSA),
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    ));
    // RFC 7515 A.3.
    assert!(verifies(
        &published(RFC7515_EC),
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    ));
    // RFC 8037 A.5.
    assert!(verifies(
        &published(RFC8037_ED25519),
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    ));
}

#[test]
fn a_thumbprint_is_that_of_rfc_7638_and_rfc_8037() {
    // RFC 7638 §3.1.
    let key = published(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#,
    );
    assert_eq!(key.key_id(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 A.3.
    let key = published(RFC8037_ED25519);
    assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_generated_key_signs_and_its_public_half_verifies() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        let (key, signing) = generated(algorithm);
        let public = VerifyingKey::from_public_pem(algorithm, &key.public_pem).unwrap();
        let signature = signing.sign(b"message").unwrap();
        assert!(public.verifies(b"message", &signature), "{algorithm}");
        assert!(!public.verifies(b"massage", &signature), "{algorithm}");
        assert!(!public.verifies(b"message", &[]), "{algorithm}");
        assert!(!public.verifies(b"message", &signature[1..]), "{algorithm}");
        assert_eq!(public.key_id(), signing.key_id(), "{algorithm}");

        let json = serde_json::to_string(&public.jwk().unwrap()).unwrap();
        let published = published(&json);
        assert!(published.verifies(b"message", &signature), "{algorithm}");
        assert_eq!(published.key_id(), signing.key_id(), "{algorithm}");
    }
}

#[test]
fn an_ecdsa_signature_is_two_numbers_within_the_group_and_nothing_else() {
    let (key, signing) = generated(Algorithm::ES256);
    let public = signing.verifying_key();
    let good = signing.sign(b"message").unwrap();
    let (r, s) = good.split_at(32);
    let zero = [0; 32];

    for (what, signature) in [
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("both 0", [zero, zero].concat()),
        ("r = n", [&P256_ORDER, s].concat()),
        ("s = n", [r, &P256_ORDER].concat()),
        ("both n", [P256_ORDER, P256_ORDER].concat()),
        ("r = 2^256 - 1", [&[0xff; 32], s].concat()),
        ("a leading zero on each", [&[0], r, &[0], s].concat()),
        ("a byte more", [&good[..], &[0]].concat()),
        ("a byte less", good[..63].to_vec()),
        ("swapped", [s, r].concat()),
    ] {
        assert!(!public.verifies(b"message", &signature), "{what}");
    }

    let (_, document) = pem::private(key.private_pem.expose()).unwrap();
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &document).unwrap();
    let signature = der.sign(&random, b"message").unwrap();
    assert!(!public.verifies(b"message", signature.as_ref()), "DER");
}

#[test]
fn an_ed25519_signature_has_one_form() {
    let (_, signing) = generated(Algorithm::EdDSA);
    let public = signing.verifying_key();
    let good = signing.sign(b"message").unwrap();
    assert!(public.verifies(b"message", &good));

    // S + L verifies the same equation (RFC 8032 §5.1.7 demands S < L).
    let mut malleated = good.clone();
    let mut carry = 0_u16;
    for (byte, order) in malleated[32..].iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert!(!public.verifies(b"message", &malleated), "S + L");

    assert!(!public.verifies(b"message", &[0; 64]), "all zero");
    assert!(
        !public.verifies(b"message", &[&good[..], &[0]].concat()),
        "a byte more"
    );
    let mut identity = [0; 64];
    identity[0] = 1; // R the neutral element, S = 0
    assert!(
        !public.verifies(b"message", &identity),
        "the neutral element"
    );
}

/// The encodings of points whose order divides 8, canonical or not, with either sign of x, and the other encodings
/// of y beyond the prime (RFC 8032 §5.1.3).
fn unsound_ed25519_keys() -> Vec<[u8; 32]> {
    let ending = |low: u8| {
        let mut y = [0xff; 32];
        (y[0], y[31]) = (low, 0x7f);
        y
    };
    let starting = |low: u8| {
        let mut y = [0; 32];
        y[0] = low;
        y
    };
    let order_8 = [
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
    ];
    let order_8 = order_8.map(|text| base64url::decode(text).unwrap().try_into().unwrap());
    let keys = [starting(0), starting(1), ending(0xec)].into_iter();
    let keys = keys.chain(order_8).chain((0xed..=0xff).map(ending));
    keys.flat_map(|key: [u8; 32]| {
        let mut negative = key;
        negative[31] |= 0x80;
        [key, negative]
    })
    .collect()
}

#[test]
fn an_ed25519_key_that_anyone_could_sign_for_is_not_taken() {
    // Under the neutral element the signature that is the neutral element, then zero, verifies any message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut forged = [0; 64];
    forged[0] = 1;
    let anyones = ParsedPublicKey::new(&ED25519, neutral).unwrap();
    assert!(anyones.verify_sig(b"any message", &forged).is_ok());

    for key in unsound_ed25519_keys() {
        let x = base64url::encode(key);
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        let error = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap_err();
        assert_eq!(error, KeyError::Rejected(Algorithm::EdDSA), "{x}");
        let pem = pem::encode(pem::PUBLIC, &der::add_ed25519_prefix(&key)).unwrap();
        let error = VerifyingKey::from_public_pem(Algorithm::EdDSA, &pem).unwrap_err();
        assert_eq!(error, KeyError::Rejected(Algorithm::EdDSA), "{x}");
    }
}

#[test]
fn an_rsa_signature_has_the_one_padding_and_hash() {
    let (key, signing) = generated(Algorithm::RS256);
    let public = signing.verifying_key();
    let (_, document) = pem::private(key.private_pem.expose()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&document).unwrap();
    let random = SystemRandom::new();
    let mut signature = vec![0; pair.public_modulus_len()];

    pair.sign(&RSA_PSS_SHA256, &random, b"message", &mut signature)
        .unwrap();
    assert!(!public.verifies(b"message", &signature), "PSS");
    pair.sign(&RSA_PKCS1_SHA512, &random, b"message", &mut signature)
        .unwrap();
    assert!(!public.verifies(b"message", &signature), "SHA-512");
    for byte in [0, 1, 0xff] {
        assert!(
            !public.verifies(b"message", &vec![byte; signature.len()]),
            "all {byte}"
        );
    }
    let good = signing.sign(b"message").unwrap();
    assert!(
        !public.verifies(b"message", &[&[0], &good[..]].concat()),
        "a leading zero"
    );
}

#[test]
fn a_key_of_another_kind_is_not_taken() {
    let (ed25519, _) = generated(Algorithm::EdDSA);
    let (p256, _) = generated(Algorithm::ES256);
    let private = ed25519.private_pem.expose();
    let other = |wanted, found| KeyError::OtherAlgorithm { wanted, found };
    for wanted in [Algorithm::ES256, Algorithm::RS256] {
        assert_eq!(
            SigningKey::from_pem(wanted, private).unwrap_err(),
            other(wanted, Algorithm::EdDSA)
        );
    }
    assert_eq!(
        SigningKey::from_pem(Algorithm::HS256, private).unwrap_err(),
        KeyError::WrongKind(Algorithm::HS256)
    );
    assert_eq!(
        SigningKey::from_pem(Algorithm::EdDSA, &ed25519.public_pem).unwrap_err(),
        KeyError::NotPem("PRIVATE KEY")
    );
    assert_eq!(
        VerifyingKey::from_public_pem(Algorithm::EdDSA, &p256.public_pem).unwrap_err(),
        other(Algorithm::EdDSA, Algorithm::ES256)
    );
    assert_eq!(
        VerifyingKey::from_public_pem(Algorithm::ES256, private).unwrap_err(),
        KeyError::Private
    );
    assert_eq!(
        SigningKey::from_pem(Algorithm::ES256, P384).unwrap_err(),
        KeyError::Rejected(Algorithm::ES256)
    );
    assert_eq!(
        VerifyingKey::hmac(Algorithm::EdDSA, &[7; 64]).unwrap_err(),
        KeyError::WrongKind(Algorithm::EdDSA)
    );
}

#[test]
fn keys_in_the_older_forms_of_openssl_are_taken() {
    let sec1 = SigningKey::from_pem(Algorithm::ES256, SEC1).unwrap();
    let public = VerifyingKey::from_public_pem(Algorithm::ES256, SEC1_PUBLIC).unwrap();
    assert_eq!(sec1.key_id(), public.key_id());
    assert!(public.verifies(b"message", &sec1.sign(b"message").unwrap()));
    assert_eq!(
        SigningKey::from_pem(Algorithm::EdDSA, SEC1).unwrap_err(),
        KeyError::OtherAlgorithm {
            wanted: Algorithm::EdDSA,
            found: Algorithm::ES256
        }
    );

    let (key, signing) = generated(Algorithm::RS256);
    let (_, document) = pem::private(key.private_pem.expose()).unwrap();
    let pkcs1 = pem::encode("RSA PRIVATE KEY", &document[RSA_HEADER..]).unwrap();
    let pkcs1 = SigningKey::from_pem(Algorithm::RS256, &pkcs1).unwrap();
    assert_eq!(pkcs1.key_id(), signing.key_id());
    let document = pem::public(&key.public_pem).unwrap();
    let public = pem::encode("RSA PUBLIC KEY", &document[RSA_PUBLIC_HEADER..]).unwrap();
    let public = VerifyingKey::from_public_pem(Algorithm::RS256, &public).unwrap();
    assert_eq!(public.key_id(), signing.key_id());
}

#[test]
fn a_small_rsa_key_is_not_taken() {
    let modulus = base64url::encode([[0xc1; 1].as_slice(), &[0x5b; 127]].concat());
    let jwk = format!(r#"{{"kty":"RSA","n":"{modulus}","e":"AQAB"}}"#);
    let error = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap_err();
    assert_eq!(error, KeyError::RsaSize { bits: 1024 });
}

#[test]
fn an_rsa_exponent_that_hides_nothing_is_not_taken() {
    for exponent in ["AQ", "Ag", "AAEAAQ", ""] {
        let jwk = RFC7515_RSA.replace("AQAB", exponent);
        let error = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap_err();
        assert_eq!(error, KeyError::Rejected(Algorithm::RS256), "{exponent}");
    }
}

#[test]
fn a_point_off_the_curve_is_not_taken() {
    let jwk = RFC7515_EC.replace("x_FEzRu9m36", "x_FEzRu9m37");
    let error = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap_err();
    assert_eq!(error, KeyError::Rejected(Algorithm::ES256));
}

#[test]
fn a_published_key_for_another_use_is_not_taken() {
    for said in [
        r#""use":"enc""#,
        r#""alg":"PS256""#,
        r#""alg":"HS256""#,
        r#""alg":"none""#,
        r#""key_ops":["encrypt"]"#,
        r#""key_ops":["sign"]"#,
        r#""key_ops":[]"#,
        r#""key_ops":["verify","verify"]"#,
        r#""key_ops":["verify","wrapKey"]"#,
        r#""key_ops":["Verify"]"#,
        r#""use":"sig","key_ops":["encrypt"]"#,
        r#""use":"enc","key_ops":["verify"]"#,
    ] {
        let jwk = RFC7515_RSA.replacen('{', &format!("{{{said},"), 1);
        let error = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap_err();
        assert_eq!(error, KeyError::NotForSignatures, "{said}");
    }
    for said in [
        r#""key_ops":["verify"]"#,
        r#""key_ops":["sign","verify"]"#,
        r#""use":"sig","key_ops":["verify"],"alg":"RS256""#,
    ] {
        published(&RFC7515_RSA.replacen('{', &format!("{{{said},"), 1));
    }
    assert!(serde_json::from_str::<Jwk>(r#"{"kty":"oct","k":"AAAA"}"#).is_err());
}

#[test]
fn a_public_key_or_a_jwk_is_no_hmac_secret() {
    let (key, _) = generated(Algorithm::RS256);
    for text in [
        key.public_pem.as_str(),
        &format!("\n  {}", key.public_pem),
        key.private_pem.expose(),
        RFC7515_RSA,
        r#"{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}]}"#,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5k1U8nYV6qMZk1mEtsTzlVjdXtTTtLwRyCRdbxtMdK a@b",
    ] {
        let error = SigningKey::hmac(Algorithm::HS256, text.as_bytes()).unwrap_err();
        assert_eq!(error, KeyError::NotASecret, "{text}");
    }
}

#[test]
fn a_secret_is_as_long_as_its_hash() {
    for (algorithm, needed) in [
        (Algorithm::HS256, 32),
        (Algorithm::HS384, 48),
        (Algorithm::HS512, 64),
    ] {
        assert!(SigningKey::hmac(algorithm, &vec![7; needed]).is_ok());
        let length = needed - 1;
        let error = SigningKey::hmac(algorithm, &vec![7; length]).unwrap_err();
        assert_eq!(
            error,
            KeyError::TooShort {
                algorithm,
                needed,
                length
            }
        );
        assert!(SigningKey::hmac_with_insecure_length(algorithm, &vec![7; length]).is_ok());
    }
}

#[test]
fn a_key_has_the_same_name_at_every_start_and_shows_nothing_else() {
    let key = |secret| SigningKey::hmac(Algorithm::HS256, &[secret; 32]).unwrap();
    assert_eq!(key(1).key_id(), key(1).key_id());
    assert_ne!(key(1).key_id(), key(2).key_id());
    let other = SigningKey::hmac(Algorithm::HS512, &[1; 64]).unwrap();
    assert_ne!(key(1).key_id(), other.key_id());
    let shown = format!("{:?}", key(1));
    assert_eq!(
        shown,
        format!(
            r#"SigningKey {{ algorithm: HS256, key_id: "{}", .. }}"#,
            key(1).key_id()
        )
    );
}
