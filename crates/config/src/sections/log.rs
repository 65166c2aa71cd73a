//! What is logged, and how.

use crate::{
    env_vars::operation::{LOG, LOG_FORMAT},
    reader::{Reader, quoted},
};

/// The levels of a filter, from nothing to everything.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What a level without a part is for.
const ALL: &str = "";

/// The parts that log: crates of ours, and those that they stand on. A test holds this against the manifests.
const PARTS: [&str; 14] = [
    "account",
    "cli",
    "server",
    "storage",
    "storage_mongodb",
    "storage_sqlite",
    "h2",
    "hickory_net",
    "hickory_proto",
    "hickory_resolver",
    "hyper_util",
    "jiff",
    "rustls",
    "tower_http",
];

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// A level, and levels for parts of the server after commas: `info,server=debug`. Also valid as
    /// the text of `tracing-subscriber`'s `Targets`.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `Text` on a terminal, `Json` elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Log {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        use LogFormat::{Auto, Json, Text};
        Self {
            filter: reader.required(&LOG, parse_filter),
            format: reader.choice(
                &LOG_FORMAT,
                &[("auto", Auto), ("text", Text), ("json", Json)],
            ),
        }
    }
}

impl LogFormat {
    /// Whether lines are JSON, given whether they go to a terminal.
    pub const fn is_json(self, on_a_terminal: bool) -> bool {
        match self {
            Self::Auto => !on_a_terminal,
            Self::Text => false,
            Self::Json => true,
        }
    }
}

/// Stricter than `Targets`, for which a mistyped level is the name of a part, logged whole.
fn parse_filter(text: &str) -> Result<String, String> {
    let directives: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    for directive in &directives {
        let (target, level) = directive.rsplit_once('=').unwrap_or((ALL, directive));
        let is_target = directive.strip_prefix('=').is_none()
            && target
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':'));
        if !is_target || !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "{} is not a level: write one of {}, or part=level, several after commas",
                quoted(directive),
                LEVELS.join(", ")
            ));
        }
        let part = target.split("::").next().unwrap_or(target);
        if target != ALL && !PARTS.contains(&part) {
            return Err(format!(
                "nothing logs as {}: the parts are {}",
                quoted(part),
                PARTS.join(", ")
            ));
        }
    }
    if directives.is_empty() {
        return Err("names no level".to_owned());
    }
    Ok(directives.join(","))
}
