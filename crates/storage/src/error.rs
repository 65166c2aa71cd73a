//! What can go wrong with a store.

use std::path::PathBuf;

/// Why a store could not do what it was asked.
///
/// None of these is shown to a client; `server` answers 503 for the first three, 500 for the others.
/// An account that can't be read is refused by `account`, and no error any more when it gets there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It can't be reached, or does not answer in time.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Too much is waiting for it already.
    #[error("the store is busy")]
    Busy,
    /// Its disk is full.
    #[error("the store's disk is full")]
    Full,
    /// A row that this version can't read.
    #[error("an unreadable row in {table}: {reason}")]
    Unreadable {
        /// Where it stands.
        table: &'static str,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// An account that this version can't read: another application, or somebody by hand, wrote what
    /// stands there. It is nobody's, and the others are served.
    #[error("the account {account} can't be read: {reason}")]
    UnreadableAccount {
        /// Its id as it stands in the store.
        account: String,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// Anything else that the backend reports.
    #[error("the store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a store could not be opened. Each says what its operator can do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it.
    #[error("{path} is in use by another portcullis server; a file has one server at a time")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error(
        "{path} has schema version {found}, this portcullis knows up to {known}: start the newer version that wrote it, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The version that it has.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// A migration that was applied has another text here.
    #[error(
        "{path}: migration {version} is not the one that was applied; the file was not made by this line of versions"
    )]
    ForeignMigration {
        /// The file.
        path: PathBuf,
        /// Its number.
        version: i64,
    },
    /// It is damaged, or no database at all.
    #[error(
        "{path} is damaged or is not a portcullis database ({reason}): restore it from a backup"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It can't be written.
    #[error(
        "{path} can't be written: check its owner, its mode and that the file system is not read-only"
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Others could change it, or it is not what it is called.
    #[error("{path} {reason}")]
    NotPrivate {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong, and how to put it right.
        reason: String,
    },
    /// No room.
    #[error("the disk that holds {path} is full")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The folder or the file can't be made or reached.
    #[error("{path} can't be opened: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else.
    #[error(transparent)]
    Storage(#[from] Error),
}
