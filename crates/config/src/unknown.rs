//! Names that stand for no setting of ours: which of them are mistakes.

use crate::{
    Fault, Notice,
    env_vars::{self, EnvVar},
    values::Raw,
};

const PREFIX: &str = "PORTCULLIS_";

/// What the tests of this project are told by: a server that is started beside them sees it, too.
const TESTS: &str = "PORTCULLIS_TEST_";

/// Settings of Flask-JWT-Extended 4.7 that have no effect here, and the value that means what we do.
const FLASK_JWT: &[(&str, &[&str], &str)] = &[
    (
        "JWT_TOKEN_LOCATION",
        &["headers", "[\"headers\"]"],
        "tokens are taken from the Authorization header only",
    ),
    (
        "JWT_HEADER_NAME",
        &["Authorization"],
        "tokens are taken from the Authorization header only",
    ),
    (
        "JWT_HEADER_TYPE",
        &["Bearer"],
        "tokens are taken as Bearer tokens only",
    ),
    (
        "JWT_DECODE_ALGORITHMS",
        &[],
        "only the algorithm of JWT_ALGORITHM is accepted",
    ),
    (
        "JWT_IDENTITY_CLAIM",
        &["sub"],
        "the identity is the claim `sub`",
    ),
    (
        "JWT_VERIFY_SUB",
        &["True", "true"],
        "the claim `sub` is always verified",
    ),
];

/// The setting called `name`, or whose file is.
pub(crate) fn known(name: &str) -> Option<&'static EnvVar> {
    env_vars::all().find(|var| var.name == name || var.file_variable().as_deref() == Some(name))
}

/// Whether `name` is a setting, or could only be meant as one.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) || known(name).is_some()
}

/// A fault for each `PORTCULLIS_…` that isn't a setting.
pub(crate) fn faults(others: &Raw) -> impl Iterator<Item = Fault> {
    others
        .iter()
        .filter(|(name, value)| {
            name.starts_with(PREFIX)
                && !name.starts_with(TESTS)
                && !is_kubernetes_service(name, value.text.expose())
        })
        .map(|(name, value)| Fault {
            name: name.clone(),
            source: Some(value.origin.clone()),
            message: match nearest(name) {
                Some(nearest) => format!("there is no such setting; did you mean {nearest}?"),
                None => "there is no such setting; docs/configuration.md lists them all".to_owned(),
            },
        })
}

/// What to know about Flask settings that have no effect here.
pub(crate) fn notices(others: &Raw) -> Vec<Notice> {
    let mut notices = Vec::new();
    for (name, effective, message) in FLASK_JWT {
        if let Some(value) = others.get(*name)
            && !effective.contains(&value.text.expose().as_str())
        {
            notices.push(Notice {
                name: (*name).to_owned(),
                message: format!("has no effect: {message}"),
            });
        }
    }
    for (name, value) in others.iter().filter(|(name, _)| name.starts_with("JWT_")) {
        if let Some((1..=2, nearest)) = closest(name) {
            notices.push(Notice {
                name: format!("{name} ({})", value.origin),
                message: format!(
                    "has no effect: there is no such setting; did you mean {nearest}?"
                ),
            });
        }
    }
    notices
}

/// The setting whose name looks most like `name`, if one does.
fn nearest(name: &str) -> Option<&'static str> {
    let bare = &name[PREFIX.len()..];
    if let Some(var) = known(bare) {
        return Some(var.name); // PORTCULLIS_SECRET_KEY
    }
    if let Some(var) = name.strip_suffix("_FILE").and_then(known) {
        return Some(var.name); // PORTCULLIS_LISTEN_FILE: not a secret
    }
    let tolerance = (bare.len() / 3).max(1);
    closest(bare)
        .filter(|(distance, _)| *distance <= tolerance)
        .map(|(_, name)| name)
        .or_else(|| only_beginning_with(name))
}

/// The setting whose name goes on from `name` by whole words, if there is one and no other: `PORTCULLIS_BRAND` is meant as
/// `PORTCULLIS_BRAND_NAME`.
fn only_beginning_with(name: &str) -> Option<&'static str> {
    let mut found = env_vars::all().filter(|var| {
        let rest = var.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('_'))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first.name)
}

/// The setting closest to `name`, and the number of mistakes in typing between them. The prefix of
/// our own settings doesn't count.
fn closest(name: &str) -> Option<(usize, &'static str)> {
    env_vars::all()
        .map(|var| {
            let theirs = var.name.strip_prefix(PREFIX).unwrap_or(var.name);
            (strsim::osa_distance(name, theirs), var.name)
        })
        .min()
}

/// Whether Kubernetes set the variable: for a service `portcullis` it puts `PORTCULLIS_PORT`,
/// `PORTCULLIS_SERVICE_HOST` and others like them into the environment of every pod.
fn is_kubernetes_service(name: &str, text: &str) -> bool {
    let is_link = ["tcp://", "udp://", "sctp://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let is_port = |name: &str| {
        name.split_once("_PORT_").is_some_and(|(_, rest)| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && ["_TCP", "_UDP", "_SCTP"]
                    .iter()
                    .any(|protocol| rest.contains(protocol))
        })
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && is_link)
        || is_port(name)
}
