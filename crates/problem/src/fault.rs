//! What is wrong with an input, and where.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::Object;

/// Faults that are reported of one input; the rest is only counted.
pub const MAX_FAULTS: usize = 32;

/// Characters of a member's name that a pointer repeats; a longer name ends in `…`.
const MAX_NAME: usize = 64;

/// One fault of an input: where it is, a stable code, and a sentence that says what to mend.
///
/// The sentence is shown to whoever sent the input: it never repeats the value, which may be a
/// password in the wrong field.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pointer: String,
    code: &'static str,
    message: Cow<'static, str>,
    #[serde(skip)]
    key: Option<&'static str>,
}

/// The faults of one input, at most [`MAX_FAULTS`] of them in full.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Faults {
    list: Vec<Fault>,
    omitted: usize,
}

impl Fault {
    /// A fault of the value itself; [`Fault::at`] says which member the value is.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            pointer: String::new(),
            code,
            message: message.into(),
            key: None,
        }
    }

    /// The same fault, whose sentence has this key in a catalogue of texts. Clients never see it.
    #[must_use]
    pub const fn with_key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// The member is absent.
    pub fn required() -> Self {
        Self::new("required", "This field is required.")
    }

    /// The value has another JSON type than `expected` (with its article: `a text`).
    pub fn invalid_type(expected: &str) -> Self {
        Self::new("invalid_type", format!("Send {expected} here."))
    }

    /// The member is none that this input knows.
    pub fn unknown_field() -> Self {
        Self::new("unknown_field", "This field is unknown. Leave it out.")
    }

    /// The same fault, seen from the object or array that holds the value under `name`.
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        self.pointer.insert_str(0, &segment(name));
        self
    }

    /// Where: a JSON pointer (RFC 6901) from the top of the input, empty for the input itself.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What kind of fault: a stable word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The key of the sentence, if it has one.
    pub const fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// What to fix: a sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Faults {
    /// None so far.
    pub const fn new() -> Self {
        Self {
            list: Vec::new(),
            omitted: 0,
        }
    }

    /// Adds one, or counts it when there are [`MAX_FAULTS`] already.
    pub fn push(&mut self, fault: Fault) {
        if self.list.len() < MAX_FAULTS {
            self.list.push(fault);
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
    }

    /// Adds those of the member `name`.
    pub fn push_all(&mut self, name: &str, faults: Self) {
        self.omitted = self.omitted.saturating_add(faults.omitted);
        for fault in faults.list {
            if self.is_full() {
                self.omitted = self.omitted.saturating_add(1);
            } else {
                self.list.push(fault.at(name));
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether further ones are only counted.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MAX_FAULTS
    }

    /// Those that are reported, in the order of the declared fields, unknown ones last.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.list.iter()
    }

    /// How many more there were.
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// Those that are reported.
    pub fn as_slice(&self) -> &[Fault] {
        &self.list
    }

    /// `value`, unless there is a fault.
    ///
    /// # Errors
    /// The faults, when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// Adds a fault for each member that was not taken out of `object`.
    pub fn push_unknown(&mut self, object: &Object) {
        for name in object.names() {
            self.push(Fault::unknown_field().at(name));
        }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self {
            list: vec![fault],
            omitted: 0,
        }
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Fault {
    /// Shows the code only: a pointer repeats names that the client chose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.code)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

/// One reference token of a JSON pointer, escaped (RFC 6901 §3) and bounded.
pub(crate) fn segment(name: &str) -> String {
    let mut text = String::from("/");
    for (position, character) in name.chars().enumerate() {
        match character {
            _ if position == MAX_NAME => {
                text.push('…');
                break;
            }
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_escaped_and_grows_from_the_inside() {
        let fault = Fault::required().at("a/b").at("0").at("m~n");
        assert_eq!(fault.pointer(), "/m~0n/0/a~1b");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(
            segment(&"é".repeat(1_000_000)).chars().count(),
            1 + MAX_NAME + 1
        );
        assert!(!segment(&"x".repeat(MAX_NAME)).contains('…'));
    }

    #[test]
    fn what_exceeds_the_bound_is_counted() {
        let mut inner = Faults::new();
        for _ in 0..40 {
            inner.push(Fault::unknown_field());
        }
        let mut outer = Faults::from(Fault::required());
        outer.push_all("inner", inner);
        assert_eq!((outer.iter().count(), outer.omitted()), (MAX_FAULTS, 9));
    }

    #[test]
    fn debug_repeats_nothing_that_the_client_sent() {
        let faults = Faults::from(Fault::unknown_field().at("hunter2"));
        assert_eq!(format!("{faults:?}"), "[Fault(unknown_field)]");
    }
}
