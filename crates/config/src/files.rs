//! Reading `.env` and files of secrets. Errors are sentences that follow the name of the setting.

use std::{
    fs::{DirBuilder, File},
    io::{self, Read as _},
    path::Path,
};

use secret::Secret;

/// The largest `.env`, in bytes.
const MAX_DOTENV: u64 = 1024 * 1024;
/// The largest file with one secret, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// The text of `.env` in `folder`; empty where there is none.
pub(crate) fn read_dotenv(folder: &Path) -> Result<Secret<String>, String> {
    match read(&folder.join(".env"), MAX_DOTENV) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Secret::default()),
        Err(error) => Err(format!("can't be read: {error}")),
    }
}

/// The text of a file that holds one secret, without the line end that editors leave.
pub(crate) fn read_secret(path: &Path) -> Result<Secret<String>, String> {
    let text = read(path, MAX_SECRET)
        .map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let trimmed = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Secret::from(trimmed))
}

/// A file of at most `limit` bytes of UTF-8.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Secret<String>> {
    let mut text = String::new();
    let read = File::open(path)?.take(limit + 1).read_to_string(&mut text);
    let text = Secret::new(text); // wiped also where the file is refused
    match read {
        Ok(length) if length as u64 > limit => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} KiB", limit / 1024),
        )),
        Ok(_) => Ok(text),
        Err(error) => Err(error),
    }
}

/// Creates a folder and those above it, for their owner only (0700), unless it exists.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    let _ = path; // elsewhere a folder can't be opened, nor need it be
    Ok(())
}
