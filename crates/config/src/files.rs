//! Reading `.env` and files of secrets. Errors are sentences that follow the name of the setting.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use private_files::{Exposed, Refusal, open_named};
use secret::Secret;

/// The largest `.env`, in bytes.
const MAX_DOTENV: u64 = 1024 * 1024;
/// The largest file with one secret, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// The text of `.env` in `folder`; empty where there is none.
pub(crate) fn read_dotenv(folder: &Path) -> Result<Secret<String>, String> {
    let (file, _) = match open_named(&folder.join(".env")) {
        Ok(opened) => opened,
        Err(refusal) if refusal.is_not_found() => return Ok(Secret::default()),
        Err(refusal) => return Err(refusal.to_string()),
    };
    read(file, MAX_DOTENV).map_err(|error| format!("can't be read: {error}"))
}

/// The text of a file that holds one secret, without the byte order mark and the line end that editors leave; and
/// whether others can read it.
pub(crate) fn read_secret(path: &Path) -> Result<(Secret<String>, Option<Exposed>), String> {
    let place = path.display();
    let (file, exposed) = open_named(path).map_err(|refusal| match refusal {
        Refusal::Io(error) => format!("{place} can't be read: {error}"),
        other => format!("{place} {other}"),
    })?;
    let text = read(file, MAX_SECRET).map_err(|error| format!("{place} can't be read: {error}"))?;
    let trimmed = text.expose().trim_start_matches('\u{feff}');
    let trimmed = trimmed.strip_suffix('\n').unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Err(format!("{place} is empty"));
    }
    Ok((Secret::from(trimmed), exposed))
}

/// The text of a file, at most `limit` bytes of UTF-8.
pub(crate) fn read(file: File, limit: u64) -> io::Result<Secret<String>> {
    let mut text = String::new();
    let read = file.take(limit + 1).read_to_string(&mut text);
    let text = Secret::new(text); // wiped also where the file is refused
    match read {
        Ok(length) if length as u64 > limit => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} KiB", limit / 1024),
        )),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not UTF-8 (PowerShell's `>` writes UTF-16)",
        )),
        Err(error) => Err(error),
    }
}
