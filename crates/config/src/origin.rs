//! Where a value came from.

use std::{fmt, path::PathBuf};

/// Where a value came from. Its `Display` is what `portcullis config check` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was set.
    Default,
    /// The `.env` file in the working folder.
    DotEnv {
        /// The line of the name, from 1.
        line: usize,
    },
    /// The environment of the process.
    Environment,
    /// A file that another variable names.
    File {
        /// That variable, `JWT_SECRET_KEY_FILE`.
        variable: String,
        /// The file.
        path: PathBuf,
    },
    /// A flag of the command line, `--listen`.
    Flag(&'static str),
    /// Generated for development at an earlier start.
    Generated {
        /// The file that holds it.
        path: PathBuf,
    },
    /// To be generated for development at the next start.
    ToBeGenerated {
        /// The file that will hold it.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::DotEnv { line } => write!(f, ".env line {line}"),
            Self::Environment => f.write_str("environment"),
            Self::File { variable, path } => write!(f, "{variable} ({})", path.display()),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Generated { path } => write!(f, "generated in {}", path.display()),
            Self::ToBeGenerated { path } => write!(f, "would be generated in {}", path.display()),
        }
    }
}
