//! What editors, shells and container engines leave in a value, and nobody sees.

use crate::{
    Origin,
    env_vars::{EnvVar, Kind},
    values::Value,
};

/// What a value has that was hardly meant. The text follows the name of the setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// The value can't be meant like that.
    Fault(&'static str),
    /// It is taken as it is: as a secret, it may be in use.
    Notice(&'static str),
}

/// Looks at a value as it came, before it is understood.
pub(crate) fn look(var: &EnvVar, value: &Value) -> Option<Leftover> {
    let text = value.text.expose();
    if text.contains('\0') {
        return Some(Leftover::Fault(
            "holds a NUL byte: write it as text in UTF-8 (PowerShell's `>` writes UTF-16)",
        ));
    }
    let is_taken_as_it_is = matches!(var.kind, Kind::Secret | Kind::ForeignSecret);
    // `.env` takes its quotes away; who writes others inside them means these.
    let is_as_it_came = matches!(value.origin, Origin::Environment | Origin::File { .. });
    if is_as_it_came && is_quoted(text) {
        return Some(if is_taken_as_it_is {
            Leftover::Notice(
                "the quotes around it are a part of it here: `docker run --env-file` and files of secrets keep them, \
                 `.env` and shells take them away",
            )
        } else {
            Leftover::Fault(
                "stands in quotes, which are a part of it here: remove them (`docker run --env-file` keeps them)",
            )
        });
    }
    if !is_taken_as_it_is {
        return None; // the others are trimmed, or PEM
    }
    if text.trim().contains(['\n', '\r']) {
        return Some(Leftover::Notice(
            "has a line break inside, which is a part of it: `openssl rand -hex 32` writes one line",
        ));
    }
    if text.trim() != text {
        return Some(Leftover::Notice(
            "begins or ends with a blank or a line break, which is a part of it",
        ));
    }
    None
}

fn is_quoted(text: &str) -> bool {
    let text = text.trim();
    text.len() > 1
        && ['"', '\'']
            .iter()
            .any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}
