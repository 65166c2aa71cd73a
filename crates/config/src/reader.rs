//! From the text of a setting to its value. Faults are gathered, so that all are reported at once.

use std::{fmt::Display, time::Duration};

use crate::{
    Fault, Notice, Origin,
    env_vars::{EnvVar, Fallback, Kind},
    values::{Value, Values},
};

/// Reads settings one by one and remembers what is wrong with them.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) values: Values,
}

impl Reader {
    /// The text of a setting and its origin, if it was set.
    pub(crate) fn raw(&self, var: &EnvVar) -> Option<&Value> {
        self.values.known.get(var.name)
    }

    /// Whether the setting has a fault, so that its value or absence means nothing.
    pub(crate) fn is_faulty(&self, var: &EnvVar) -> bool {
        self.values.faulty.contains(var.name)
    }

    /// What `parse` makes of a setting or of its default; `None` if there is neither, or a fault.
    ///
    /// The sentence that `parse` gives in place of a value is shown after the setting's name.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        var: &'static EnvVar,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = match (self.raw(var), var.default) {
            (Some(value), _) if var.kind.is_secret() => value.text.expose(),
            (Some(value), _) => value.text.expose().trim(),
            (None, Fallback::Value(text)) if !self.is_faulty(var) => text,
            (None, _) => return None,
        };
        match parse(text).map_err(|error| error.to_string()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(var, message);
                None
            }
        }
    }

    /// [`optional`](Self::optional) for a setting with a default. Where it has a fault, something
    /// stands in that is never used: there will be no configuration.
    pub(crate) fn required<T: Default, E: Display>(
        &mut self,
        var: &'static EnvVar,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> T {
        self.optional(var, parse).unwrap_or_default()
    }

    /// A number within the bounds of the setting's kind.
    pub(crate) fn number(&mut self, var: &'static EnvVar) -> u64 {
        self.required(var, |text| parse_number(var.kind, text))
    }

    /// Whole seconds within the bounds of the setting's kind.
    pub(crate) fn seconds(&mut self, var: &'static EnvVar) -> Duration {
        Duration::from_secs(self.number(var))
    }

    /// `true` or `false`, in the spellings that Flask applications use.
    pub(crate) fn switch(&mut self, var: &'static EnvVar) -> bool {
        self.required(var, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(format!("must be true or false, not {}", quoted(text))),
        })
    }

    /// One of the words of the setting's kind, as its place among them.
    pub(crate) fn choice<T: Copy + Default>(
        &mut self,
        var: &'static EnvVar,
        words: &[(&str, T)],
    ) -> T {
        self.required(var, |text| {
            let chosen = words
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text));
            chosen.map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                format!("must be one of {}, not {}", words.join(", "), quoted(text))
            })
        })
    }

    /// Free text of 1 to 255 characters.
    pub(crate) fn text(&mut self, var: &'static EnvVar) -> Option<String> {
        self.optional(var, |text| match text.chars().count() {
            1..=255 if !text.contains(char::is_control) => Ok(text.to_owned()),
            _ => Err("must be 1 to 255 characters, none of them a control character"),
        })
    }

    /// Remembers a fault of a setting.
    pub(crate) fn fault(&mut self, var: &'static EnvVar, message: impl Into<String>) {
        let source = self.raw(var).map(|value| value.origin.clone());
        self.values.faulty.insert(var.name);
        self.values.faults.push(Fault {
            name: var.name.to_owned(),
            source,
            message: message.into(),
        });
    }

    /// Remembers something to know about a setting.
    pub(crate) fn notice(&mut self, var: &EnvVar, message: impl Into<String>) {
        self.values.notices.push(Notice {
            name: var.name.to_owned(),
            message: message.into(),
        });
    }

    /// Remembers what holds for a setting that wasn't set, for [`Config::describe`].
    ///
    /// [`Config::describe`]: crate::Config::describe
    pub(crate) fn derived(&mut self, var: &EnvVar, shown: impl Into<String>, origin: Origin) {
        self.values.derived.insert(var.name, (shown.into(), origin));
    }
}

/// Reads a number within the bounds of `kind`; the error says what they are.
pub(crate) fn parse_number(kind: Kind, text: &str) -> Result<u64, String> {
    let (what, min, max) = match kind {
        Kind::Seconds { min, max } => ("a whole number of seconds", min, max),
        Kind::Number { min, max } => ("a whole number", min, max),
        _ => ("a whole number", 0, u64::MAX),
    };
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("must be {what} from {min} to {max}, not {}", quoted(text)))
}

/// The beginning of a value, fit to stand in a message: one line, no control characters.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
