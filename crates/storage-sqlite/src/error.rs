//! What SQLite and the file system report, in the words of [`storage`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use private_files::Refusal;
use rusqlite::ErrorCode;
use storage::{Error, OpenError, PutTicketError, SaveRecordError, SaveUserError};

/// Why a group of operations failed: each of them answers it.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Another process holds SQLite's write lock for too long.
    Locked,
    Unavailable(String),
    Full,
    Backend(Arc<rusqlite::Error>),
}

impl Failure {
    /// The failure in the words of the traits.
    pub(crate) fn to_error(&self) -> Error {
        match self {
            Self::Locked => Error::Unavailable("another process holds the file's lock".to_owned()),
            Self::Unavailable(reason) => Error::Unavailable(reason.clone()),
            Self::Full => Error::Full,
            Self::Backend(error) => Error::Backend(Box::new(Arc::clone(error))),
        }
    }

    /// The failure behind the error of an operation, when it is the store's and not the row's.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Unavailable(reason) => Some(Self::Unavailable(reason.clone())),
            Error::Full => Some(Self::Full),
            Error::Busy
            | Error::Unreadable { .. }
            | Error::UnreadableAccount { .. }
            | Error::Backend(_) => None,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Backend(Arc::new(error)),
        }
    }
}

/// An error of SQLite that is not about the content of a row.
pub(crate) fn from_sqlite(error: rusqlite::Error) -> Error {
    Failure::from(error).to_error()
}

/// The error after which a closed store, or one whose thread has gone, answers nothing more.
pub(crate) fn closed() -> Error {
    Error::Unavailable("it was closed".to_owned())
}

/// The errors that an operation may end with.
pub(crate) trait OperationError: From<Error> + Send + 'static {
    /// The store's part in it.
    fn storage(&self) -> Option<&Error>;
}

impl OperationError for Error {
    fn storage(&self) -> Option<&Error> {
        Some(self)
    }
}

impl OperationError for SaveUserError {
    fn storage(&self) -> Option<&Error> {
        match self {
            Self::Taken(_) | Self::Exists => None,
            Self::Storage(error) => Some(error),
        }
    }
}

impl OperationError for PutTicketError {
    fn storage(&self) -> Option<&Error> {
        match self {
            Self::OwnerGone | Self::TooLarge(_) => None,
            Self::Storage(error) => Some(error),
        }
    }
}

impl OperationError for SaveRecordError {
    fn storage(&self) -> Option<&Error> {
        match self {
            Self::Taken(_) | Self::OwnerGone | Self::OwnerChanged | Self::TooLarge(_) => None,
            Self::Storage(error) => Some(error),
        }
    }
}

/// What SQLite reports while the file at `path` is opened.
pub(crate) fn while_opening(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Corrupt {
            path,
            reason: error.to_string(),
        },
        // The file itself was opened before SQLite saw it: what can't be made stands beside it.
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::ReadOnly { path }
        }
        Some(ErrorCode::DiskFull) => OpenError::Full { path },
        Some(ErrorCode::SystemIoFailure) => OpenError::Io {
            path,
            source: io::Error::other(error),
        },
        _ => OpenError::Storage(from_sqlite(error)),
    }
}

/// Why `path` is not used.
pub(crate) fn from_refusal(path: &Path, refusal: Refusal) -> OpenError {
    match refusal {
        Refusal::Io(error) | Refusal::ReadOnly(error) => from_io(path, error),
        refused => OpenError::NotPrivate {
            path: path.to_owned(),
            reason: refused.to_string(),
        },
    }
}

/// What the file system reports while `path` is made or opened.
pub(crate) fn from_io(path: &Path, source: io::Error) -> OpenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly { path }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenError::Full { path },
        _ => OpenError::Io { path, source },
    }
}
