//! The folder, the file and the lock beside it: made readable by their owner alone.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use storage::OpenError;

use crate::error::from_io;

/// A folder that only its owner enters.
const FOLDER_MODE: u32 = 0o700;

/// How often, and how long apart, the lock is tried for: half a second in all.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A file that only its owner reads and writes. SQLite gives `-wal` and `-shm` the mode of the
/// database.
const FILE_MODE: u32 = 0o600;

/// Makes the file at `path` and its folder, where they are missing, before SQLite would make them
/// with the modes of the process. What exists keeps its mode: that is its operator's choice.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let folder = folder_of(path);
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)
            .map_err(|error| from_io(folder, error))?;
        if let Some(parent) = folder.parent() {
            sync_folder(parent)?;
        }
    }
    open(path)?;
    sync_folder(folder)
}

/// Locks the file for one server, until the returned handle is dropped.
///
/// A server that is just ending has a moment to do so: it may be restarted by another.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let beside = lock_path(path);
    let file = open(&beside)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(from_io(&beside, error)),
        }
    }
    Err(OpenError::InUse {
        path: path.to_owned(),
    })
}

fn open(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
        .map_err(|error| from_io(path, error))
}

/// Makes the names in a folder durable, so that a file that was made is still there after a loss of
/// power.
fn sync_folder(folder: &Path) -> Result<(), OpenError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    match synced {
        // Some file systems sync no folders.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(|error| from_io(folder, error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    PathBuf::from(name)
}
