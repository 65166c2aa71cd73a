//! Folders.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::Access;

use crate::judge::{Kind, Rights, judge, me};
use crate::{Mended, Refusal};

/// The mode of a folder that is made.
const MODE: u32 = 0o700;

/// Makes a folder and those above it, for their owner only, or sees to it that nobody else writes to the one
/// that is there. The path may lead through links.
///
/// # Errors
/// A [`Refusal`], where it belongs to another or everyone writes to it, and those of the file system.
pub fn make_folder(path: &Path) -> Result<Option<Mended>, Refusal> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(MODE).create(path)?;
            path.parent().map_or(Ok(()), sync_folder)?;
            fs::metadata(path)?
        }
        Err(error) => return Err(error.into()),
    };
    let Some(to) = judged(&found)? else {
        return Ok(None);
    };
    let from = Rights::of(&found).mode;
    fs::set_permissions(path, Permissions::from_mode(to))?;
    let mode = Rights::of(&fs::metadata(path)?).mode;
    if mode != to {
        return Err(Refusal::NoModes { mode });
    }
    let path = path.to_owned();
    Ok(Some(Mended { path, from, to }))
}

/// Whether [`make_folder`] would succeed, as far as that can be seen without making or changing anything.
///
/// # Errors
/// Why it wouldn't.
pub fn check_folder(path: &Path) -> Result<(), Refusal> {
    match fs::metadata(path) {
        Ok(found) => {
            judged(&found)?;
            may_make_things_in(path).map_err(Refusal::ReadOnly)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => can_be_made(path),
        Err(error) => Err(error.into()),
    }
}

fn can_be_made(path: &Path) -> Result<(), Refusal> {
    for above in path.ancestors().skip(1) {
        let above = named(above);
        let checked = match fs::metadata(above) {
            Ok(found) if found.is_dir() => may_make_things_in(above),
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(error),
        };
        return checked.map_err(|source| Refusal::NotMade {
            above: above.to_owned(),
            source,
        });
    }
    Ok(()) // not even a root: left to whoever makes it
}

fn may_make_things_in(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(
        folder,
        Access::WRITE_OK | Access::EXEC_OK,
    )?)
}

fn judged(found: &fs::Metadata) -> Result<Option<u32>, Refusal> {
    if !found.is_dir() {
        return Err(Refusal::NotAFolder);
    }
    judge(Kind::Folder, Rights::of(found), me())
}

/// Makes the names in a folder durable, so that a file that was made is still there after a loss of power.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(named(folder)).and_then(|folder| folder.sync_all()) {
        // Some file systems sync no folders.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// The folder above a bare name is the working folder.
fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        Rights::of(&fs::metadata(path).unwrap()).mode
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_is_made_for_its_owner_with_those_above_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        check_folder(&path).unwrap();
        assert!(!place.path().join("a").exists(), "a check makes nothing");
        assert_eq!(make_folder(&path).unwrap(), None);
        assert_eq!((mode(&path), mode(&place.path().join("a"))), (MODE, MODE));
        assert_eq!(make_folder(&path).unwrap(), None, "once more");
    }

    #[test]
    fn a_folder_of_the_group_is_taken_back_and_one_of_everyone_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        fs::create_dir(&path).unwrap();
        set_mode(&path, 0o770);
        check_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o770, "a check changes nothing");
        let mended = make_folder(&path).unwrap().unwrap();
        assert_eq!((mended.from, mended.to, mode(&path)), (0o770, 0o750, 0o750));

        for everyones in [0o777, 0o1777, 0o703] {
            set_mode(&path, everyones);
            for refused in [
                make_folder(&path).unwrap_err(),
                check_folder(&path).unwrap_err(),
            ] {
                assert!(matches!(refused, Refusal::Writable { mode } if mode == everyones));
            }
        }
    }

    #[test]
    fn what_is_no_folder_or_lies_below_a_file_is_told_without_being_tried() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(check_folder(&file), Err(Refusal::NotAFolder)));
        assert!(check_folder(&file.join("data")).is_err());
        assert!(check_folder(&file.join("deeper/data")).is_err());
        assert!(make_folder(&file.join("data")).is_err());
    }
}
