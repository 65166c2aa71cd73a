//! `rate_limit_strings.json`: what `limits.parse_many` reads.

use std::fmt::Write as _;

use ratelimit::{Quotas, Unit};
use serde_json::Value;

use super::{list, none_of, recorded, text};

#[test]
fn vectors_rate_limit_strings() {
    let file = recorded("rate_limit_strings.json");
    let mut mismatches = Vec::new();
    for case in list(&file["cases"]) {
        // What is no text (`None`, `20`, a list) can't be given to a parser of text; the library
        // refuses all of it.
        let Value::String(input) = &case["input"] else {
            assert!(
                !case["error"].is_null(),
                "{} is read by the library",
                case["id"]
            );
            continue;
        };
        let expected = match &case["error"] {
            Value::Null => list(&case["limits"]).iter().map(library_quota).collect(),
            _ => "refused".to_owned(),
        };
        let read = match input.parse::<Quotas>() {
            Ok(quotas) => quotas.iter().fold(String::new(), |mut all, quota| {
                let (unit, seconds) = (quota.unit().name(), quota.seconds());
                let _ = write!(
                    all,
                    "[{quota}, {} {} {unit}, {seconds} s]",
                    quota.amount(),
                    quota.multiples()
                );
                all
            }),
            Err(_) => "refused".to_owned(),
        };
        if read != expected {
            mismatches.push(format!(
                "{}: {input:?}\n  read {read}\n  due  {expected}",
                case["id"]
            ));
        }
    }
    none_of(&mismatches);
}

fn library_quota(limit: &Value) -> String {
    let amount = capped(&limit["amount"]);
    let multiples = capped(&limit["multiples"]);
    let unit = text(&limit["granularity"]);
    let unit_seconds = Unit::ALL
        .into_iter()
        .find(|known| known.name() == unit)
        .unwrap()
        .seconds();
    let seconds = multiples.saturating_mul(unit_seconds);
    if let Some(expiry) = limit["expiry_seconds"].as_u64() {
        assert_eq!(seconds, expiry, "{limit}");
    }
    format!("[{amount} per {multiples} {unit}, {amount} {multiples} {unit}, {seconds} s]")
}

/// Python's integers have no end. What is beyond 64 bits is `u64::MAX` here: no counter gets there,
/// and no window of that length ends.
fn capped(number: &Value) -> u64 {
    number.as_u64().unwrap_or(u64::MAX)
}
