//! What we issue, byte for byte.

use jwt::{Claims, Fresh, TokenKind};
use serde_json::Value;

use super::profile;
use super::recorded::{Case, Recorded};

/// The recorded claims as ours, or `None` where they hold something that we don't issue.
fn claims(payload: &Value) -> Option<Claims> {
    const KNOWN: [&str; 9] = [
        "fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "iss", "exp",
    ];
    if payload
        .as_object()?
        .keys()
        .any(|name| !KNOWN.contains(&name.as_str()))
    {
        return None;
    }
    let (sub, jti) = (payload["sub"].as_str()?, payload["jti"].as_str()?);
    let mut claims = match payload["type"].as_str()? {
        "refresh" => Claims::refresh(sub, jti, 0, 0),
        _ => Claims::access(sub, jti, 0, 0),
    };
    claims.fresh = if payload["fresh"].as_bool()? {
        Fresh::Yes
    } else {
        Fresh::No
    };
    claims.iat = payload["iat"].as_u64();
    claims.nbf = payload["nbf"].as_u64();
    claims.exp = payload["exp"].as_u64();
    claims.csrf = payload["csrf"].as_str().map(str::to_owned);
    claims.iss = payload["iss"].as_str().map(str::to_owned);
    Some(claims)
}

fn is_issued_by_the_library(case: &Case<'_>) -> bool {
    let made_by = case.optional_text("made_by").unwrap_or_default();
    made_by.starts_with("flask_jwt_extended.create_")
}

#[test]
fn vectors_tokens_that_we_issue_are_the_recorded_ones() {
    let recorded = Recorded::read();
    let mut compared = 0;
    for case in recorded.cases("cases").filter(is_issued_by_the_library) {
        let header = case.value("header");
        let Some(claims) = claims(case.value("payload")).filter(|_| header["kid"].is_null()) else {
            continue;
        };
        let authority = profile::authority(&recorded, case.profile());
        let token = authority.issue(&claims).unwrap();
        // Additional claims that override others leave them in their place, which is ours too.
        assert_eq!(
            token.expose(),
            case.text("token"),
            "{} ({})",
            case.id(),
            case.name()
        );
        assert!(matches!(
            claims.kind,
            TokenKind::Access | TokenKind::Refresh
        ));
        compared += 1;
    }
    let is_our_copy = std::env::var_os("PORTCULLIS_VECTORS").is_none();
    assert!(compared > 5 || !is_our_copy, "only {compared} compared");
}
