//! What can be said of a file or a folder.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a file or folder is not used. The text follows its path.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A link might lead anywhere.
    #[error("is a symbolic link, which is not followed here: put the file itself in its place")]
    Link,
    /// A folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Something else has the name of the folder.
    #[error("is not a folder")]
    NotAFolder,
    /// Its owner could change it at any time.
    #[error(
        "belongs to the user with the id {owner}, and this process runs as {me}: run as that user, or change its owner (chown)"
    )]
    Foreign {
        /// The id of its owner.
        owner: u32,
        /// The id of this process.
        me: u32,
    },
    /// Every user could have changed it.
    #[error(
        "can be written by every user (mode {mode:04o}): make sure that nobody has, then take that right away (chmod o-w)"
    )]
    Writable {
        /// Its mode.
        mode: u32,
    },
    /// Other users could have read it.
    #[error("is open to other users (mode {mode:04o})")]
    Open {
        /// Its mode.
        mode: u32,
    },
    /// The mode was set, and is not what it was set to.
    #[error(
        "is open to other users (mode {mode:04o}), and its file system keeps no other mode: choose another place"
    )]
    NoModes {
        /// Its mode.
        mode: u32,
    },
    /// The folder is missing, and so is the right to make it.
    #[error("can't be made in {}: {source}", above.display())]
    NotMade {
        /// The folder above it that exists.
        above: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be made in the folder.
    #[error("can't be written: {0}")]
    ReadOnly(io::Error),
    /// The file system reports something else.
    #[error("can't be opened: {0}")]
    Io(#[from] io::Error),
}

impl Refusal {
    /// Whether there is nothing of that name.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(error) if is_not_found(error))
    }
}

/// Whether there is nothing of that name, nor can there be.
pub(crate) fn is_not_found(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What was open to others and no longer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file or folder.
    pub path: PathBuf,
    /// The mode it had.
    pub from: u32,
    /// The mode it has.
    pub to: u32,
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, from, to } = self;
        let path = path.display();
        write!(
            f,
            "{path} was open to other users (mode {from:04o}) and has mode {to:04o} now: whoever could sign in to \
             this machine may have read or changed it"
        )
    }
}

/// A file of ours that others can read. The text follows its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Its mode.
    pub mode: u32,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.mode;
        write!(f, "is open to other users (mode {mode:04o}): chmod 600")
    }
}
