//! What is wrong with a configuration, and what should be known about it.

use std::fmt;

use crate::Origin;

/// Why there is no configuration: every fault that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The faults, at least one.
    pub faults: Vec<Fault>,
}

/// One thing that keeps the server from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting, or the file that couldn't be read.
    pub name: String,
    /// Where the value came from; `None` where there is none.
    pub source: Option<Origin>,
    /// What is wrong and how to mend it, without the value of a secret.
    pub message: String,
}

/// Something to know that doesn't keep the server from starting. To be shown at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The setting, or several after commas.
    pub name: String,
    /// What to know.
    pub message: String,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.len() {
            1 => f.write_str("one setting needs fixing:")?,
            many => write!(f, "{many} settings need fixing:")?,
        }
        self.faults
            .iter()
            .try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}
