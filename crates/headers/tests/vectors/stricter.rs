//! When a header's value is at least as strict as another.

use std::collections::{BTreeMap, BTreeSet};

/// Whether `ours` forbids all that `theirs` forbids. `Err` for a header that no rule is known for.
pub(crate) fn is_at_least(name: &str, ours: &str, theirs: &str) -> Result<bool, String> {
    match name {
        "x-content-type-options" => Ok(ours == "nosniff"),
        // DENY, then SAMEORIGIN, then ALLOW-FROM.
        "x-frame-options" => Ok(frames(ours) <= frames(theirs)),
        // Longer, and for subdomains if theirs is.
        "strict-transport-security" => {
            Ok(hsts(ours).0 >= hsts(theirs).0 && hsts(ours).1 >= hsts(theirs).1)
        }
        // Only the strictest of all needs no comparison; the recorded settings have no other.
        "referrer-policy" => Ok(ours == "no-referrer" || ours == theirs),
        "permissions-policy" => Ok(permissions_at_least(ours, theirs)),
        "content-security-policy" => Ok(csp_at_least(ours, theirs)),
        _ => Err(format!("{name}: no rule")),
    }
}

fn frames(value: &str) -> u8 {
    match value {
        "DENY" => 0,
        "SAMEORIGIN" => 1,
        _ => 2, // ALLOW-FROM and junk: browsers ignore both
    }
}

fn hsts(value: &str) -> (u64, bool) {
    let max_age = value
        .split(';')
        .find_map(|part| part.trim().strip_prefix("max-age="));
    (
        max_age.map_or(0, |it| it.parse().unwrap()),
        value.contains("includeSubDomains"),
    )
}

/// Every feature that theirs restricts is off in ours, or has the same list.
fn permissions_at_least(ours: &str, theirs: &str) -> bool {
    let ours: BTreeSet<&str> = ours.split(", ").collect();
    theirs.split(", ").all(|entry| {
        let feature = entry.split('=').next().unwrap();
        ours.contains(entry) || ours.contains(format!("{feature}=()").as_str())
    })
}

const FETCH_DIRECTIVES: [&str; 11] = [
    "default-src",
    "script-src",
    "style-src",
    "img-src",
    "font-src",
    "connect-src",
    "media-src",
    "frame-src",
    "worker-src",
    "manifest-src",
    "object-src",
];

/// For every kind of content ours allows no source that theirs doesn't; and what doesn't fall back
/// to `default-src` is as restricted as in theirs.
fn csp_at_least(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (directives(ours), directives(theirs));
    let fetch = FETCH_DIRECTIVES.iter().all(|directive| {
        match (effective(&ours, directive), effective(&theirs, directive)) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(ours), Some(theirs)) => ours.iter().all(|source| allows(theirs, source)),
        }
    });
    let others = theirs
        .iter()
        .filter(|(name, _)| !FETCH_DIRECTIVES.contains(name));
    let others_kept = others.into_iter().all(|(name, theirs)| {
        ours.get(name)
            .is_some_and(|ours| ours.iter().all(|source| allows(theirs, source)))
    });
    fetch && others_kept
}

type Directives<'a> = BTreeMap<&'a str, Vec<&'a str>>;

fn directives(policy: &str) -> Directives<'_> {
    policy
        .split(';')
        .map(|part| {
            let mut words = part.split_ascii_whitespace();
            (words.next().unwrap_or(""), words.collect())
        })
        .collect()
}

fn effective<'a>(policy: &'a Directives<'_>, directive: &str) -> Option<&'a Vec<&'a str>> {
    let worker = (directive == "worker-src")
        .then(|| policy.get("script-src"))
        .flatten();
    policy
        .get(directive)
        .or(worker)
        .or_else(|| policy.get("default-src"))
}

/// A nonce counts as stricter than `'self'`: `'self'` runs any file that the origin serves, an
/// upload or a callback among them, while markup that was slipped into a page can't name the nonce.
fn allows(theirs: &[&str], source: &str) -> bool {
    let is_nonce = source.starts_with("'nonce-");
    source == "'none'"
        || theirs.contains(&source)
        || theirs.contains(&"*")
        || is_nonce
            && (theirs.contains(&"'self'") || theirs.iter().any(|it| it.starts_with("'nonce-")))
}

#[test]
fn the_rules_tell_stricter_from_weaker() {
    for (name, ours, theirs, expected) in [
        ("x-frame-options", "DENY", "SAMEORIGIN", true),
        ("x-frame-options", "SAMEORIGIN", "DENY", false),
        (
            "strict-transport-security",
            "max-age=9; includeSubDomains",
            "max-age=9",
            true,
        ),
        (
            "strict-transport-security",
            "max-age=9",
            "max-age=9; includeSubDomains",
            false,
        ),
        ("strict-transport-security", "max-age=8", "max-age=9", false),
        ("referrer-policy", "unsafe-url", "no-referrer", false),
        ("permissions-policy", "a=(), b=()", "b=()", true),
        ("permissions-policy", "a=()", "b=()", false),
        ("permissions-policy", "b=(self)", "b=()", false),
        (
            "content-security-policy",
            "default-src 'none'",
            "default-src 'self'; object-src 'none'",
            true,
        ),
        (
            "content-security-policy",
            "default-src 'self'",
            "default-src 'self'; object-src 'none'",
            false,
        ),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'nonce-a'",
            "default-src 'self'",
            true,
        ),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'nonce-a'",
            "default-src 'none'",
            false,
        ),
        (
            "content-security-policy",
            "default-src 'none'; img-src *",
            "default-src 'self'",
            false,
        ),
        (
            "content-security-policy",
            "img-src 'none'",
            "default-src 'self'",
            false,
        ),
        (
            "content-security-policy",
            "default-src 'none'",
            "default-src 'none'; base-uri 'none'",
            false,
        ),
    ] {
        assert_eq!(
            is_at_least(name, ours, theirs),
            Ok(expected),
            "{name}: {ours} / {theirs}"
        );
    }
}
