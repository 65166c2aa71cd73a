//! The folder, the database and what lies beside it: their owner's alone.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use private_files::Mended;
use storage::OpenError;

use crate::error::{from_io, from_refusal};

/// How often, and how long apart, the lock is tried for: half a second in all.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What SQLite puts beside a database. It gives them the mode of the database, but leaves those that it finds.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The file that a server locks.
const LOCK: &str = ".lock";

/// Makes the file at `path` and its folder, where they are missing, before SQLite would make them
/// with the modes of the process; else sees to it that nobody else can read or change them. Gives the path to it
/// without links.
pub(crate) fn create(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = folder_of(path);
    let mended = private_files::make_folder(folder);
    report(mended.map_err(|refusal| from_refusal(folder, refusal))?);

    let folder = fs::canonicalize(folder).map_err(|error| from_io(folder, error))?;
    let path = path
        .file_name()
        .map_or(folder.clone(), |name| folder.join(name));
    let ensured = private_files::ensure(&path);
    report(ensured.map_err(|refusal| from_refusal(&path, refusal))?);
    for name in BESIDE {
        let file = beside(&path, name);
        let tightened = private_files::tighten(&file);
        report(tightened.map_err(|refusal| from_refusal(&file, refusal))?);
    }
    private_files::sync_folder(&folder).map_err(|error| from_io(&folder, error))?;
    Ok(path)
}

/// Whether [`create`] and [`lock`] would take the files that are there, without changing anything.
pub(crate) fn check(path: &Path) -> Result<(), OpenError> {
    let files = BESIDE.iter().chain([&LOCK]).map(|name| beside(path, name));
    for file in files.chain([path.to_owned()]) {
        private_files::check(&file).map_err(|refusal| from_refusal(&file, refusal))?;
    }
    Ok(())
}

/// Locks the file for one server, until the returned handle is dropped.
///
/// A server that is just ending has a moment to do so: it may be restarted by another.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let beside = beside(path, LOCK);
    let opened = private_files::open(&beside);
    let (file, mended) = opened.map_err(|refusal| from_refusal(&beside, refusal))?;
    report(mended);
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

fn report(mended: Option<Mended>) {
    if let Some(mended) = mended {
        tracing::warn!("{mended}");
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, name: &str) -> PathBuf {
    let mut whole = OsString::from(path);
    whole.push(name);
    PathBuf::from(whole)
}
