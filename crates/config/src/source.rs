//! What settings are read from.

use std::{ffi::OsString, fmt, path::PathBuf};

/// Everything that settings are read from. Nothing else is looked at: not the environment of the
/// process, not its working folder.
#[derive(Default)]
pub struct Sources {
    /// The environment, as `std::env::vars_os()` gives it.
    pub env: Vec<(OsString, OsString)>,
    /// The folder with `.env`, in which relative paths start.
    pub working_dir: PathBuf,
    /// The flags of the command line.
    pub flags: Flags,
}

/// The flags that go over everything else. `None` where a flag wasn't given.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--listen`
    pub listen: Option<String>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("env", &format_args!("[{} variables]", self.env.len()))
            .field("working_dir", &self.working_dir)
            .field("flags", &self.flags)
            .finish()
    }
}
