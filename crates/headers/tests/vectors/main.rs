//! Flask-Talisman's recorded responses: every header that it sends, with that value or a stricter
//! one, and its redirects to https.
//!
//! Which value is stricter is decided by [`stricter`], header by header. What is left out on
//! purpose:
//! - Cases of other settings than `described` and its variants: this crate hasn't those settings.
//! - Headers in [`APPLICATION_HEADERS`]: the application sends them, with or without Talisman.
//! - Status and host of a redirect: 302 to whatever `Host` says became 308 to the public URL, and 403
//!   for methods that change something. Path and query must match.
#![cfg(feature = "layer")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "recorded cases are well formed"
)]

mod app;
mod stricter;

use std::path::PathBuf;

use http::{Method, Uri};
use serde_json::Value;

/// Sent by Flask or the view, not by Talisman.
const APPLICATION_HEADERS: [&str; 5] = [
    "content-type",
    "content-length",
    "allow",
    "vary",
    "set-cookie",
];

fn cases() -> Vec<Value> {
    let folder = std::env::var_os("PORTCULLIS_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("talisman_headers.json")).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let Value::Array(cases) = file["cases"].take() else {
        panic!("no cases")
    };
    cases
        .into_iter()
        .filter(|case| text_of(&case["config"]).starts_with("described"))
        .collect()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn vectors_every_header_of_talisman_is_sent_as_strict_or_stricter() {
    let cases = cases();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let mut faults = Vec::new();
    for case in &cases {
        if let Err(fault) = check(case).await {
            faults.push(format!("{}: {fault}", text_of(&case["id"])));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn check(case: &Value) -> Result<(), String> {
    let request = app::request(case);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let config = text_of(&case["config"]);
    let forces_https = matches!(config, "described" | "described, no CSP");
    let response = app::respond(request, forces_https, app::Peer::TrustedProxy).await;

    let recorded: Vec<(String, &str)> = case["response"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (text_of(&pair[0]).to_lowercase(), text_of(&pair[1])))
        .collect();
    for (name, theirs) in &recorded {
        if name == "location" || APPLICATION_HEADERS.contains(&name.as_str()) {
            continue;
        }
        let mut ours = response.headers().get_all(name.as_str()).iter();
        let (Some(value), None) = (ours.next(), ours.next()) else {
            return Err(format!("{name}: not sent exactly once"));
        };
        let value = value.to_str().unwrap();
        if !stricter::is_at_least(name, value, theirs)? {
            return Err(format!("{name}: {value} is weaker than {theirs}"));
        }
    }
    let hsts = response.headers().contains_key("strict-transport-security");
    if hsts
        && !recorded
            .iter()
            .any(|(name, _)| name == "strict-transport-security")
    {
        return Err("HSTS over http".to_owned());
    }

    let location = recorded.iter().find(|(name, _)| name == "location");
    let location = location.map(|(_, value)| *value);
    let is_to_https = case["response"]["status"] == 302
        && location.is_some_and(|location| location.starts_with("https://"));
    redirect_matches(
        &method,
        &uri,
        is_to_https.then_some(location).flatten(),
        &response,
    )
}

/// Ours redirects (or refuses) exactly where Talisman redirects to https.
fn redirect_matches(
    method: &Method,
    uri: &Uri,
    theirs: Option<&str>,
    response: &app::Response,
) -> Result<(), String> {
    let ours = response
        .headers()
        .get("location")
        .map(|it| it.to_str().unwrap());
    let refused = response
        .extensions()
        .get::<headers::HttpsRequired>()
        .is_some();
    match theirs {
        None if refused
            || response.status() == 308 && ours.is_some_and(|to| to.starts_with("https://")) =>
        {
            Err("turned away where Talisman serves".to_owned())
        }
        None => Ok(()),
        Some(_) if !method.is_safe() => match (refused, response.status().as_u16()) {
            (true, 403) => Ok(()),
            (_, status) => Err(format!("{method} over http answered {status}")),
        },
        Some(theirs) => {
            let path_and_query: Uri = theirs.parse().unwrap();
            let expected = format!(
                "https://app.example{}",
                path_and_query.path_and_query().unwrap()
            );
            if response.status() == 308 && ours == Some(&expected) {
                Ok(())
            } else {
                Err(format!("{uri} went to {ours:?}, not to {expected}"))
            }
        }
    }
}

/// Talisman believes `X-Forwarded-Proto` from anyone; only a trusted proxy's counts here.
#[tokio::test]
async fn vectors_a_forwarded_scheme_from_a_stranger_changes_nothing() {
    let mut checked = 0;
    for case in cases() {
        let request = app::request(&case);
        let is_http = request.uri().scheme_str() == Some("http");
        if !(is_http && request.headers().contains_key("x-forwarded-proto")) {
            continue;
        }
        let response = app::respond(request, true, app::Peer::Stranger).await;
        assert_eq!(response.status(), 308, "{}", case["id"]);
        assert!(!response.headers().contains_key("strict-transport-security"));
        checked += 1;
    }
    assert!(checked >= 5, "{checked} cases");
}
