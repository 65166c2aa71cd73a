//! The recorded answers of the systems whose hashes are taken over.

#![cfg(feature = "legacy")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't read its vectors has failed"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use password::{Malformed, Params, PasswordHash, Verdict, verify};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
    foreign_cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    password: String,
    hash: String,
    /// What the library returns, `None` where it raises.
    verify: Option<bool>,
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Error {
    message: String,
}

/// Cases that are left out on purpose, each with its reason. There are none.
const LEFT_OUT: [(&str, &str); 0] = [];

fn vectors() -> Vectors {
    let folder = std::env::var_os("PORTCULLIS_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("password_hashes.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The verdicts on all cases, in their order, found on every core.
fn verdicts(cases: &[Case]) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let mut found: Vec<(usize, Verdict)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(case) = cases.get(index) else {
                            return found;
                        };
                        let hash = PasswordHash::from(case.hash.as_str());
                        let password = case.password.as_str().into();
                        found.push((index, verify(&password, &hash, &Params::default())));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, verdict)| verdict).collect()
}

fn assert_agreement(cases: &[Case]) {
    let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(id, _)| *id).collect();
    let disagreements: Vec<String> = cases
        .iter()
        .zip(verdicts(cases))
        .filter(|(case, _)| !left_out.contains(case.id.as_str()))
        .filter(|(case, verdict)| !agrees(case, *verdict))
        .map(|(case, verdict)| format!("{}: {:?}, not {verdict:?}", case.id, case.verify))
        .collect();
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

/// True is a match and nothing else is. Where the library raises at the hash, the hash is malformed;
/// where it raises at the password, there is no match.
fn agrees(case: &Case, verdict: Verdict) -> bool {
    match (case.verify, &case.error) {
        (Some(true), _) => verdict.is_match(),
        (Some(false), _) => !verdict.is_match(),
        (None, Some(error)) if error.message.contains("password") => verdict == Verdict::NoMatch,
        (None, _) => matches!(verdict, Verdict::Malformed(_)),
    }
}

#[test]
fn vectors_of_werkzeug_get_its_verdicts() {
    assert_agreement(&vectors().cases);
}

#[test]
fn vectors_of_other_systems_get_their_verdicts() {
    assert_agreement(&vectors().foreign_cases);
}

#[test]
fn vectors_are_all_within_the_bounds() {
    let vectors = vectors();
    for case in vectors.cases.iter().chain(&vectors.foreign_cases) {
        let kind = PasswordHash::from(case.hash.as_str()).kind();
        if case.verify == Some(true) {
            assert!(kind.is_ok(), "{}: {kind:?}", case.id);
        } else {
            assert_ne!(kind, Err(Malformed::TooLong), "{}", case.id);
        }
    }
}
