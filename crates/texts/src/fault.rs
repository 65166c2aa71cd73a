//! What is wrong with a file of texts.

use std::fmt;
use std::path::{Path, PathBuf};

use fluent_syntax::parser::ParserError;

/// Something that is wrong with the operator's texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, or the language where it is no single file's.
    pub place: PathBuf,
    /// In which line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    pub(crate) fn file(path: &Path, message: impl Into<String>) -> Self {
        Self {
            place: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    pub(crate) fn language(tag: &str) -> Self {
        Self::file(Path::new(tag), "is not a language tag, such as de or pt-BR")
    }

    pub(crate) fn text(tag: &str, key: &str, why: impl fmt::Display) -> Self {
        Self::file(
            Path::new(tag),
            format!("{key} can't be put together: {why}"),
        )
    }

    pub(crate) fn syntax(path: &Path, text: &str, errors: &[ParserError]) -> Vec<Self> {
        let faults = errors.iter().map(|error| Self {
            place: path.to_owned(),
            line: Some(line(text, error.pos.start)),
            message: error.kind.to_string(),
        });
        faults.collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.display();
        match self.line {
            Some(line) => write!(f, "{place}:{line}: {}", self.message),
            None => write!(f, "{place}: {}", self.message),
        }
    }
}

/// In which line of `text` a byte is.
fn line(text: &str, position: usize) -> usize {
    let before = text.bytes().take(position);
    1 + before.filter(|byte| *byte == b'\n').count()
}
