//! Texts of a bounded length.

use std::fmt;
use std::ops::Deref;

use secret::Secret;

use crate::{Fault, Faults, Value};

use super::Field;

/// A text of `MIN` to `MAX` characters (Unicode scalar values) without control characters other
/// than tab and line breaks.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Reads a text.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `control_character`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        // No text of more than 4 * MAX bytes has at most MAX characters: it needn't be counted.
        let length = if text.len() / 4 > MAX {
            usize::MAX
        } else {
            text.chars().count()
        };
        if length < MIN {
            return Err(if length == 0 && MIN == 1 {
                Fault::new("too_short", "This may not be empty.")
            } else {
                Fault::new("too_short", format!("Use {MIN} characters or more."))
            });
        }
        if length > MAX {
            return Err(Fault::new(
                "too_long",
                format!("Use {MAX} characters or fewer."),
            ));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        {
            return Err(Fault::new(
                "control_character",
                "Leave out control characters.",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MIN: usize, const MAX: usize> Field for Text<MIN, MAX> {
    fn from_value(value: Value) -> Result<Self, Faults> {
        let text = Secret::<String>::from_value(value)?;
        Ok(Self::parse(text.expose())?)
    }
}

impl<const MIN: usize, const MAX: usize> Deref for Text<MIN, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    /// Shows nothing of it: what people write may be about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[text]")
    }
}
