//! Why a text is no JSON that we read.

use std::fmt;

/// The text is no JSON (RFC 8259), or one that we don't read.
///
/// It says where and what to mend, and repeats nothing of the text but the pointer of a name that
/// was given twice.
#[derive(Clone, PartialEq, Eq)]
pub struct MalformedJson {
    pub(crate) what: String,
    /// Line and column, both from 1; the column counts bytes.
    pub(crate) place: Option<(usize, usize)>,
}

impl MalformedJson {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            place: None,
        }
    }

    pub(crate) fn at(what: impl Into<String>, line: usize, column: usize) -> Self {
        Self {
            what: what.into(),
            place: Some((line, column)),
        }
    }
}

impl std::error::Error for MalformedJson {}

impl fmt::Display for MalformedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => {
                write!(
                    f,
                    "The body is not valid JSON: {} at line {line}, column {column}.",
                    self.what
                )
            }
            None => write!(f, "The body is not valid JSON: {}.", self.what),
        }
    }
}

impl fmt::Debug for MalformedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MalformedJson({:?})", self.place)
    }
}
