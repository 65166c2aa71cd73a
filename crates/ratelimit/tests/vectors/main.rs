//! The behaviour recorded from limits 5.8.0 and Flask-Limiter 4.1.1, case by case.
//!
//! `PORTCULLIS_VECTORS` names another folder with files of the same names and form.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod responses;
mod sequences;
mod strings;

use std::{env, fs, path::PathBuf};

use serde_json::Value;

/// Reads one file of recorded cases.
fn recorded(file: &str) -> Value {
    let folder = env::var_os("PORTCULLIS_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors"),
        PathBuf::from,
    );
    let path = folder.join(file);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text is due: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("a list is due: {value}"))
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("a number is due: {value}"))
}

/// A recorded time in seconds as the moment it stands for.
fn moment(seconds: &Value) -> ratelimit::Timestamp {
    let seconds = seconds
        .as_f64()
        .unwrap_or_else(|| panic!("a time is due: {seconds}"));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time of this century"
    )]
    ratelimit::Timestamp::from_micros((seconds * 1e6).round() as u64)
}

/// Fails with all mismatches at once.
fn none_of(mismatches: &[String]) {
    assert!(
        mismatches.is_empty(),
        "{} mismatches:\n{}",
        mismatches.len(),
        mismatches.join("\n")
    );
}
