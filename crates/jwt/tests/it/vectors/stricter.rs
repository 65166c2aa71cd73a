//! Where we refuse more than was recorded: the rules, so that they also hold for cases that are not
//! known yet, and the cases that are.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

use super::answers::Asked;

/// The cases of our copy of the file that were accepted, and are not by us.
pub(crate) const KNOWN: &[(&str, &str)] = &[
    ("jwt-025", "a token of 9 kB: RFC 9110 §5.4"),
    ("jwt-026", "a token of 64 kB: RFC 9110 §5.4"),
    ("jwt-048", "without `type`: RFC 8725 §3.12"),
    ("jwt-056", "`type` is null: RFC 8725 §3.12"),
    ("jwt-069", "a `type` of \"other\": RFC 8725 §3.12"),
    ("jwt-070", "an empty `type`: RFC 8725 §3.12"),
    ("jwt-071", "a `type` of 1: RFC 8725 §3.12"),
    ("jwt-072", "a `type` of true: RFC 8725 §3.12"),
    (
        "jwt-221",
        "a header in UTF-16: RFC 7519 §7.2, RFC 8725 §3.7",
    ),
    (
        "jwt-241",
        "a payload in UTF-16: RFC 7519 §7.2, RFC 8725 §3.7",
    ),
];

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_SIZE: usize = 8 * 1024;

/// The rule by which `token` is refused whatever was recorded, if there is one.
pub(crate) fn rule(token: &str, identity_claim: &str) -> Option<&'static str> {
    if token.len() > MAX_TOKEN_SIZE {
        return Some("8 KiB (RFC 9110 §5.4: a field larger than the server wishes to process)");
    }
    if header_rule(token).is_some() {
        return header_rule(token);
    }
    let mut segments = token.split('.').map(|segment| {
        let bytes = URL_SAFE_NO_PAD.decode(segment.trim_end_matches('='));
        bytes.unwrap_or_default()
    });
    let (header, payload) = (segments.next()?, segments.next()?);
    if is_foreign_encoding(&header) || is_foreign_encoding(&payload) {
        return Some("JSON in UTF-8 (RFC 7519 §7.2, RFC 8725 §3.7)");
    }
    if has_foreign_number(&header) || has_foreign_number(&payload) {
        return Some("valid JSON (RFC 7519 §7.2)");
    }
    if has_unwritable_name(&payload, identity_claim) {
        return Some("names that have a UTF-8 form (RFC 8725 §3.7)");
    }
    if has_foreign_digits(&payload) {
        return Some("times in numbers (RFC 7519 §2, NumericDate)");
    }
    if has_no_known_type(&payload) {
        return Some("a token is for access or for refreshing (RFC 8725 §3.12)");
    }
    None
}

/// The rule by which an `Authorization` header is refused whatever was recorded: Python takes the
/// no-break space and other blanks of Latin-1 for a space.
pub(crate) fn header_rule(value: &str) -> Option<&'static str> {
    let is_sendable = value
        .bytes()
        .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    (!is_sendable).then_some("one space, then the token, in ASCII (RFC 6750 §2.1)")
}

/// Whether any route takes the token.
pub(crate) async fn accepted(asked: Option<Asked>) -> bool {
    let Some(mut asked) = asked else {
        return false;
    };
    matches!(asked.answer("protected").await, Ok(Some(_)))
        || matches!(asked.answer("refresh-only").await, Ok(Some(_)))
}

/// Python guesses UTF-16 and UTF-32 from zero bytes, and takes surrogates written in UTF-8.
fn is_foreign_encoding(json: &[u8]) -> bool {
    match json {
        [0, ..] | [_, 0, ..] => true,
        _ => std::str::from_utf8(json).is_err(),
    }
}

/// Python reads NaN, Infinity and -Infinity as numbers.
fn has_foreign_number(json: &[u8]) -> bool {
    let text = String::from_utf8_lossy(json);
    let is_named = text.contains("NaN") || text.contains("Infinity");
    is_named && serde_json::from_slice::<serde::de::IgnoredAny>(json).is_err()
}

/// Whether a text by which we know someone (or a token) is escaped so that it has no UTF-8 form: a
/// lone surrogate.
fn has_unwritable_name(json: &[u8], identity_claim: &str) -> bool {
    let Ok(claims) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(json) else {
        return false;
    };
    ["sub", "jti", identity_claim].iter().any(|name| {
        claims.get(*name).is_some_and(|value| {
            value.get().starts_with('"') && serde_json::from_str::<String>(value.get()).is_err()
        })
    })
}

/// Flask-JWT-Extended takes any `type` but "refresh" for access, and none too.
fn has_no_known_type(json: &[u8]) -> bool {
    // Read one by one: another claim may hold a number that no type has room for.
    serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(json).is_ok_and(|claims| {
        let named = claims
            .get("type")
            .map(|raw| serde_json::from_str::<String>(raw.get()));
        !matches!(named, Some(Ok(text)) if text == "access" || text == "refresh")
    })
}

/// Python's `int()` takes the digits of every script.
fn has_foreign_digits(json: &[u8]) -> bool {
    let claims: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(json).unwrap_or_default();
    ["iat", "nbf", "exp"].iter().any(|name| {
        let text = claims.get(*name).and_then(serde_json::Value::as_str);
        text.is_some_and(|text| text.chars().any(|c| !c.is_ascii() && c.is_numeric()))
    })
}
