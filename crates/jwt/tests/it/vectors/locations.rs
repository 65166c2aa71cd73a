//! Tokens outside the `Authorization` header.
//!
//! This crate reads no cookie, no query string and no body: a token that a browser sends by itself
//! needs a defence against forged requests, one in a URL ends up in logs (RFC 6750 §5.3), and the
//! body belongs to the handler. Of the recorded cases those are run whose profile looks at headers
//! and that carry no cookie.

use serde_json::Value;

use super::answers::Asked;
use super::recorded::{Case, Outcome, Recorded};
use super::{differences, profile};

/// The cases left out on purpose, as far as they are known: all of profiles that look for tokens in
/// cookies, query strings or JSON bodies.
const LEFT_OUT: &[(&str, &str)] = &[
    ("location-001", "cookies"),
    ("location-002", "cookies"),
    ("location-003", "cookies"),
    ("location-004", "cookies"),
    ("location-007", "cookies"),
    ("location-008", "cookies"),
    ("location-009", "cookies"),
    ("location-011", "cookies"),
    ("location-013", "cookies"),
    ("location-014", "cookies"),
    ("location-016", "cookies"),
    ("location-018", "cookies"),
    ("location-019", "cookies"),
    ("location-020", "cookies"),
    ("location-022", "cookies"),
    ("location-023", "cookies"),
    ("location-031", "cookies, form"),
    ("location-032", "cookies, form"),
    ("location-033", "cookies, form"),
    ("location-035", "query string"),
    ("location-036", "query string"),
    ("location-037", "JSON body"),
    ("location-039", "JSON body"),
];

/// Whether the case is left out: the profile doesn't look at headers, or a cookie is sent.
fn is_left_out(recorded: &Recorded, case: &Case<'_>) -> bool {
    let locations = &recorded.profile(case.profile())["JWT_TOKEN_LOCATION"];
    let looks_at_headers = locations
        .as_array()
        .is_none_or(|locations| locations.iter().any(|location| location == "headers"));
    !looks_at_headers || case.value("headers").get("Cookie").is_some()
}

#[tokio::test]
async fn vectors_tokens_in_headers_are_found_beside_other_locations() {
    let recorded = Recorded::read();
    let mut wrong = Vec::new();
    for case in recorded.cases("location_cases") {
        if is_left_out(&recorded, &case) {
            continue;
        }
        assert!(
            !LEFT_OUT.iter().any(|(id, _)| *id == case.id()),
            "{} is no longer left out",
            case.id()
        );
        wrong.extend(difference(&recorded, &case).await);
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// How our answer to the case differs.
async fn difference(recorded: &Recorded, case: &Case<'_>) -> Option<String> {
    let authority = profile::authority(recorded, case.profile());
    let value = case
        .value("headers")
        .get("Authorization")
        .and_then(Value::as_str);
    let value = value.map(|value| recorded.fill_in("location_substitutions", value));
    let mut asked = Asked::new(&authority, value.as_deref(), case.now()).unwrap();
    let path = case.text("path");
    let outcome = Outcome::of(case.value("outcome"));
    let difference = differences::of_answer(&outcome, &asked.answer(path).await)?;
    Some(format!("{}, {path}: {difference}", case.id()))
}
