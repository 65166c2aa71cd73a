//! Addresses and names as the Python stack judged them (`emails.json`).

#![expect(clippy::expect_used, reason = "a test without its vectors fails")]

use std::path::PathBuf;

use model::{EmailAddress, Username, UsernameFault};
use serde_json::Value;

fn vectors() -> Value {
    let folder = std::env::var_os("PORTCULLIS_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("emails.json")).expect("emails.json is there");
    serde_json::from_str(&text).expect("emails.json is JSON")
}

#[test]
fn email_vectors_have_the_verdict_and_normal_form_of_email_validator() {
    let vectors = vectors();
    let mut compared = 0;
    let mut differing = Vec::new();
    for case in vectors["cases"].as_array().expect("a list of cases") {
        // Inputs of another JSON type have no verdict: an input's type refuses them (`invalid_type`).
        let Some(input) = case["input"].as_str() else {
            assert!(case["email_validator"].is_null(), "{}", case["id"]);
            continue;
        };
        let expected = case["email_validator"]["normalized"].as_str();
        let ours = EmailAddress::parse(input);
        if ours.as_ref().ok().map(EmailAddress::as_str) != expected {
            differing.push(format!(
                "{}: {input:?}, expected {expected:?}, got {ours:?}",
                case["id"]
            ));
        }
        compared += 1;
    }
    assert!(compared > 0 && differing.is_empty(), "{differing:#?}");
}

/// The Python application takes every text as a username; these rules of ours are why some are
/// refused (`username-03`, `-05` and `-09`: a blank, a NUL, angle brackets; `-11`: a Cyrillic а
/// before Latin letters).
fn is_refused_on_purpose(name: &str, fault: UsernameFault) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-':".contains(c);
    match fault {
        UsernameFault::TooShort => name.is_empty(),
        UsernameFault::TooLong => name.chars().count() > 64,
        UsernameFault::ContainsAt => name.contains(['@', '＠']),
        UsernameFault::InvalidCharacter => !name.chars().all(plain),
        UsernameFault::MixedDirections | UsernameFault::MixedScripts => !name.is_ascii(),
    }
}

#[test]
fn username_vectors_are_taken_or_refused_on_purpose() {
    for case in vectors()["username_cases"]
        .as_array()
        .expect("a list of cases")
    {
        // Inputs of another JSON type are refused by the input's type (`invalid_type`).
        let Some(input) = case["input"].as_str() else {
            continue;
        };
        if let Err(fault) = Username::parse(input) {
            assert!(
                is_refused_on_purpose(input, fault),
                "{} {input:?} {fault:?}",
                case["id"]
            );
        }
    }
}
