//! Files.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::judge::{Kind, Rights, judge, me};
use crate::refusal::is_not_found;
use crate::{Exposed, Mended, Refusal};

/// The mode of a file that is made.
const MODE: u32 = 0o600;

/// Opens a file for reading and writing, and makes it first where it is missing.
///
/// # Errors
/// A [`Refusal`], and those of the file system.
pub fn open(path: &Path) -> Result<(File, Option<Mended>), Refusal> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = open_itself(options.mode(MODE), path)?;
    let found = file.metadata()?;
    let Some(to) = judged(&found)? else {
        return Ok((file, None));
    };
    file.set_permissions(Permissions::from_mode(to))?;
    let mended = mended(path, &found, &file.metadata()?, to)?;
    Ok((file, Some(mended)))
}

/// Opens a file for reading that nobody else may ever have read: one that was open to others is refused, not mended.
///
/// # Errors
/// A [`Refusal`], and those of the file system; a missing file is one of these.
pub fn open_strict(path: &Path) -> Result<File, Refusal> {
    let file = open_itself(OpenOptions::new().read(true), path)?;
    let found = file.metadata()?;
    match judged(&found)? {
        None => Ok(file),
        Some(_) => Err(Refusal::Open {
            mode: Rights::of(&found).mode,
        }),
    }
}

/// Makes a file that doesn't exist yet, for writing.
///
/// # Errors
/// Those of the file system; also when it exists.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(MODE).open(path)
}

/// Makes an empty file where there is none, and else sees to it that it is its owner's alone.
///
/// A file that exists is not opened, for closing it would drop the locks that this process has on it (fcntl(2)).
///
/// # Errors
/// A [`Refusal`], and those of the file system.
pub fn ensure(path: &Path) -> Result<Option<Mended>, Refusal> {
    match create(path) {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tighten(path),
        Err(error) => Err(error.into()),
    }
}

/// Sees to it that a file is its owner's alone, if there is one.
///
/// # Errors
/// A [`Refusal`], and those of the file system.
pub fn tighten(path: &Path) -> Result<Option<Mended>, Refusal> {
    let Some(found) = find(path)? else {
        return Ok(None);
    };
    let Some(to) = judged(&found)? else {
        return Ok(None);
    };
    fs::set_permissions(path, Permissions::from_mode(to))?;
    mended(path, &found, &fs::symlink_metadata(path)?, to).map(Some)
}

/// Whether [`tighten`] would succeed, without changing anything.
///
/// # Errors
/// Why it wouldn't.
pub fn check(path: &Path) -> Result<(), Refusal> {
    match find(path)? {
        Some(found) => judged(&found).map(drop),
        None => Ok(()),
    }
}

/// Opens a file that an operator named, for reading. It may be a link, and belong to anybody; who reads it is
/// theirs to decide, so that a file of ours that others can read is only reported.
///
/// # Errors
/// [`Refusal::Writable`], and those of the file system.
pub fn open_named(path: &Path) -> Result<(File, Option<Exposed>), Refusal> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok((file, None)); // a pipe from a secret manager
    }
    let rights = Rights::of(&found);
    if rights.are_everyones() {
        return Err(Refusal::Writable { mode: rights.mode });
    }
    let is_exposed = rights.owner == me() && rights.reach_others();
    let exposed = is_exposed.then_some(Exposed { mode: rights.mode });
    Ok((file, exposed))
}

/// Opens what has this name, and nothing that it leads to.
fn open_itself(options: &mut OpenOptions, path: &Path) -> Result<File, Refusal> {
    // A pipe is not waited for: it is refused like everything that is no file.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    opened.map_err(|error| {
        if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            Refusal::Link
        } else {
            error.into()
        }
    })
}

fn find(path: &Path) -> Result<Option<Metadata>, Refusal> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn judged(found: &Metadata) -> Result<Option<u32>, Refusal> {
    if found.is_symlink() {
        return Err(Refusal::Link);
    }
    if !found.is_file() {
        return Err(Refusal::NotAFile);
    }
    judge(Kind::File, Rights::of(found), me())
}

/// What was done, if it was.
fn mended(path: &Path, found: &Metadata, now: &Metadata, to: u32) -> Result<Mended, Refusal> {
    let mode = Rights::of(now).mode;
    if mode != to {
        return Err(Refusal::NoModes { mode });
    }
    Ok(Mended {
        path: path.to_owned(),
        from: Rights::of(found).mode,
        to,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    fn place() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        (folder, path)
    }

    fn made(path: &Path, mode: u32) {
        let _ = fs::remove_file(path);
        fs::write(path, "content").unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        Rights::of(&fs::metadata(path).unwrap()).mode
    }

    /// Each way to come by a file that a server keeps.
    fn refusals(path: &Path) -> Vec<Refusal> {
        vec![
            open(path).unwrap_err(),
            open_strict(path).unwrap_err(),
            ensure(path).unwrap_err(),
            tighten(path).unwrap_err(),
            check(path).unwrap_err(),
        ]
    }

    #[test]
    fn a_file_is_made_for_its_owner_only() {
        let (_folder, path) = place();
        check(&path).unwrap();
        assert_eq!(tighten(&path).unwrap(), None);
        assert!(open_strict(&path).unwrap_err().is_not_found());
        assert_eq!(ensure(&path).unwrap(), None);
        assert_eq!(mode(&path), MODE);
        fs::remove_file(&path).unwrap();
        let (_, mended) = open(&path).unwrap();
        assert_eq!((mended, mode(&path)), (None, MODE));
        open_strict(&path).unwrap();
        assert!(create(&path).is_err(), "it exists");
    }

    #[test]
    fn a_file_that_others_can_read_is_taken_back_and_keeps_its_content() {
        let (_folder, path) = place();
        for open_to in [0o644, 0o640, 0o660] {
            for take_back in [
                |path: &Path| open(path).map(|(_, mended)| mended),
                ensure,
                tighten,
            ] {
                made(&path, open_to);
                check(&path).unwrap();
                let refused = open_strict(&path).unwrap_err();
                assert!(matches!(refused, Refusal::Open { mode } if mode == open_to));
                let mended = take_back(&path).unwrap().unwrap();
                assert_eq!((mended.from, mended.to, mode(&path)), (open_to, MODE, MODE));
                assert_eq!(fs::read_to_string(&path).unwrap(), "content");
            }
        }
    }

    #[test]
    fn a_file_that_everyone_can_write_is_refused_and_left_alone() {
        let (_folder, path) = place();
        made(&path, 0o666);
        for refused in refusals(&path) {
            assert!(
                matches!(refused, Refusal::Writable { mode: 0o666 }),
                "{refused}"
            );
        }
        assert_eq!(mode(&path), 0o666);
    }

    #[test]
    fn a_link_is_refused_wherever_it_leads() {
        let (folder, path) = place();
        let target = folder.path().join("target");
        symlink(&target, &path).unwrap();
        for exists in [false, true] {
            if exists {
                made(&target, MODE);
            }
            for refused in refusals(&path) {
                assert!(matches!(refused, Refusal::Link), "{refused}");
            }
            assert_eq!(target.exists(), exists, "nothing is made through it");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let (_folder, path) = place();
        fs::create_dir(&path).unwrap();
        refusals(&path);
        fs::remove_dir(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(open_strict(&path), Err(Refusal::NotAFile)));
        assert!(matches!(check(&path), Err(Refusal::NotAFile)));
    }

    #[test]
    fn a_named_file_may_be_a_link_but_not_everyones() {
        let (folder, path) = place();
        let target = folder.path().join("target");
        symlink(&target, &path).unwrap();
        for (mode, exposed) in [
            (0o600, None),
            (0o400, None),
            (0o644, Some(Exposed { mode: 0o644 })),
            (0o440, Some(Exposed { mode: 0o440 })),
        ] {
            made(&target, mode);
            let (mut file, found) = open_named(&path).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), found), ("content", exposed));
        }
        made(&target, 0o646);
        assert!(matches!(
            open_named(&path),
            Err(Refusal::Writable { mode: 0o646 })
        ));
    }
}
