//! Every setting, its value as far as it may be shown, and where it came from.

use crate::{
    Origin,
    env_vars::{self, EnvVar, Fallback, Kind, Status},
    redact,
    values::{Value, Values},
};

/// A line of `portcullis config check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The setting.
    pub name: &'static str,
    /// Its value; of a secret only the length.
    pub value: String,
    /// Where the value came from.
    pub source: String,
}

/// The widest value that the others are aligned with, in characters.
const WIDEST: usize = 60;

/// The rows as a table of text, one line each.
pub fn render_rows(rows: &[Row]) -> String {
    let widest = |cell: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| cell(row).chars().count());
        widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let (names, values) = (widest(|row| row.name), widest(|row| &row.value));
    rows.iter().fold(String::new(), |table, row| {
        table
            + &format!(
                "{:names$}  {:values$}  {}\n",
                row.name, row.value, row.source
            )
    })
}

/// A row for each setting that this version carries out, and for each other one that was set.
pub(crate) fn rows(values: &Values) -> Vec<Row> {
    env_vars::all()
        .filter_map(|var| {
            let (value, origin) = match (values.known.get(var.name), values.derived.get(var.name)) {
                (Some(value), _) => (shown(var, value), value.origin.clone()),
                (None, Some(derived)) => derived.clone(),
                (None, None) if var.status == Status::Active => (default(var), Origin::Default),
                (None, None) => return None,
            };
            Some(Row {
                name: var.name,
                value,
                source: origin.to_string(),
            })
        })
        .collect()
}

/// A value that was set, as far as it may be shown, on one line.
fn shown(var: &EnvVar, value: &Value) -> String {
    let text = value.text.expose();
    match var.kind {
        Kind::Secret | Kind::ForeignSecret | Kind::PrivateKey => {
            format!("[set, {} bytes]", text.len())
        }
        Kind::PublicKey => format!("[public key, {} bytes]", text.len()),
        Kind::StoreUri | Kind::MailUrl => redact::uri(text).escape_debug().to_string(),
        _ => text
            .trim()
            .chars()
            .flat_map(|c| {
                if c.is_control() {
                    c.escape_default().collect::<Vec<_>>()
                } else {
                    vec![c]
                }
            })
            .collect(),
    }
}

fn default(var: &EnvVar) -> String {
    match var.default {
        Fallback::Value(text) => text.to_owned(),
        Fallback::Described(words) => format!("({})", words.replace('`', "")),
    }
}
