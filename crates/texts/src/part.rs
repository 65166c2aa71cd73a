//! What texts are for, and the languages that have too few of them.

use std::fmt;

use crate::Language;

/// The most keys that are named.
const NAMED: usize = 8;

/// What texts are for. A language is used for a part if it has every text of it, and for nothing of it otherwise: so
/// whatever is said to be in a language is in it from end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What pages say, failures among it.
    Pages,
    /// What is mailed.
    Mail,
}

/// A language that lacks texts of a part, in which nothing of the part is said therefore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// Which language.
    pub language: Language,
    /// What it is not used for.
    pub part: Part,
    /// The keys of the texts that it lacks.
    pub missing: Vec<String>,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Pages, Self::Mail];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pages => "pages",
            Self::Mail => "mail",
        })
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (language, part, missing) = (&self.language, self.part, &self.missing);
        let named = missing.get(..NAMED).unwrap_or(missing).join(", ");
        write!(f, "{language} is not used for {part}: it lacks {named}")?;
        match missing.len().saturating_sub(NAMED) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        write!(
            f,
            "; `portcullis texts print --missing {language}` prints what is missing"
        )
    }
}
