//! Who may read and write what is found.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use crate::Refusal;

const ROOT: u32 = 0;
/// The part of a mode that says who may do what.
const RIGHTS: u32 = 0o7777;
const WRITTEN_BY_ALL: u32 = 0o002;
const WRITTEN_BY_GROUP: u32 = 0o020;
const ANYTHING_BY_OTHERS: u32 = 0o077;

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// Who owns something, and what its mode is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    pub(crate) owner: u32,
    pub(crate) mode: u32,
}

impl Rights {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            owner: metadata.uid(),
            mode: metadata.mode() & RIGHTS,
        }
    }

    /// Whether every user can write to it.
    pub(crate) const fn are_everyones(self) -> bool {
        self.mode & WRITTEN_BY_ALL != 0
    }

    /// Whether anybody but its owner can do anything with it.
    pub(crate) const fn reach_others(self) -> bool {
        self.mode & ANYTHING_BY_OTHERS != 0
    }
}

/// The user of this process.
pub(crate) fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The mode that something of a server's own must get, if it has another.
///
/// Of a folder others may learn the names in it, as they may of many folders.
pub(crate) fn judge(kind: Kind, rights: Rights, me: u32) -> Result<Option<u32>, Refusal> {
    let Rights { owner, mode } = rights;
    let is_ours = owner == me || me == ROOT;
    // What root made for us (a volume whose group is ours) is as safe as root, and not ours to change.
    let is_given = kind == Kind::Folder && owner == ROOT;
    if !is_ours && !is_given {
        return Err(Refusal::Foreign { owner, me });
    }
    if rights.are_everyones() {
        return Err(Refusal::Writable { mode });
    }
    let due = match kind {
        Kind::File => mode & !ANYTHING_BY_OTHERS,
        Kind::Folder => mode & !WRITTEN_BY_GROUP,
    };
    Ok((is_ours && due != mode).then_some(due))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u32 = 1000;
    const OTHER: u32 = 1001;

    fn verdict(kind: Kind, owner: u32, mode: u32, me: u32) -> String {
        match judge(kind, Rights { owner, mode }, me) {
            Ok(None) => "good".to_owned(),
            Ok(Some(due)) => format!("{due:04o}"),
            Err(Refusal::Foreign { .. }) => "foreign".to_owned(),
            Err(Refusal::Writable { .. }) => "writable".to_owned(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_file_is_its_owners_alone() {
        for (owner, mode, expected) in [
            (ME, 0o600, "good"),
            (ME, 0o400, "good"),
            (ME, 0o644, "0600"),
            (ME, 0o640, "0600"),
            (ME, 0o660, "0600"),
            (ME, 0o620, "0600"),
            (ME, 0o610, "0600"),
            (ME, 0o666, "writable"),
            (ME, 0o602, "writable"),
            (OTHER, 0o600, "foreign"),
            (OTHER, 0o666, "foreign"),
            (ROOT, 0o600, "foreign"),
        ] {
            assert_eq!(
                verdict(Kind::File, owner, mode, ME),
                expected,
                "{owner} {mode:o}"
            );
        }
    }

    #[test]
    fn a_folder_is_written_by_its_owner_alone_or_given_by_root() {
        for (owner, mode, expected) in [
            (ME, 0o700, "good"),
            (ME, 0o755, "good"),
            (ME, 0o775, "0755"),
            (ME, 0o2770, "2750"),
            (ME, 0o777, "writable"),
            (ME, 0o1777, "writable"),
            (OTHER, 0o700, "foreign"),
            (OTHER, 0o755, "foreign"),
            (ROOT, 0o2770, "good"),    // a volume of Kubernetes, with fsGroup
            (ROOT, 0o777, "writable"), // an emptyDir
        ] {
            assert_eq!(
                verdict(Kind::Folder, owner, mode, ME),
                expected,
                "{owner} {mode:o}"
            );
        }
    }

    #[test]
    fn root_may_use_what_belongs_to_others() {
        assert_eq!(verdict(Kind::File, OTHER, 0o600, ROOT), "good");
        assert_eq!(verdict(Kind::File, OTHER, 0o644, ROOT), "0600");
        assert_eq!(verdict(Kind::Folder, OTHER, 0o700, ROOT), "good");
        assert_eq!(verdict(Kind::Folder, OTHER, 0o777, ROOT), "writable");
    }
}
