//! `${NAME}` and `${NAME:-default}` in values. Both kinds of quotes resolve them, as python-dotenv does.

use std::collections::HashMap;

use secret::Secret;

use super::{Assignment, parse::Statement};

/// Resolves the variables of each value: by the environment, else by the assignments above it, else by
/// the default, else as nothing.
pub(super) fn resolve(
    statements: Vec<Statement>,
    environment: impl Fn(&str) -> Option<String>,
) -> Vec<Assignment> {
    let mut above: HashMap<String, Option<Secret<String>>> = HashMap::new();
    let mut assignments = Vec::with_capacity(statements.len());
    for Statement { name, value, line } in statements {
        let look_up = |wanted: &str| match environment(wanted) {
            Some(value) => Some(value),
            // a name without `=` is there and empty: its default isn't used
            None => above.get(wanted).map(|value| {
                value
                    .as_ref()
                    .map_or_else(String::new, |value| value.expose().clone())
            }),
        };
        let value = value.map(|value| Secret::new(substitute(value.expose(), look_up)));
        above.insert(name.clone(), value.clone());
        assignments.push(Assignment { name, value, line });
    }
    assignments
}

fn substitute(text: &str, look_up: impl Fn(&str) -> Option<String>) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, variable) = rest.split_at(start);
        resolved.push_str(before);
        if let Some((name, default, after)) = variable_at_start(variable) {
            resolved.push_str(&look_up(name).unwrap_or_else(|| default.to_owned()));
            rest = after;
        } else {
            resolved.push_str("${");
            rest = &variable[2..];
        }
    }
    resolved.push_str(rest);
    resolved
}

/// Takes `${NAME}` or `${NAME:-default}` apart: the name, the default and what follows. Anything else
/// after `${`, such as `${NAME:x}`, stands for itself.
fn variable_at_start(text: &str) -> Option<(&str, &str, &str)> {
    let inner = text.strip_prefix("${")?;
    let (inner, after) = inner.split_once('}')?;
    match inner.split_once(':') {
        None => Some((inner, "", after)),
        Some((name, default)) => Some((name, default.strip_prefix('-')?, after)),
    }
}
