//! A disk that is really full, and one that can't be written.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use model::{EmailAddress, Timestamp, UserId, Username};
use password::PasswordHash;
use storage::{Error, NewUser, OpenError, SaveUserError, Upkeep as _, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A small file system in memory, which goes with its value.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// None where this user may not mount.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = mount(
            &["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"],
            folder.path(),
        );
        if !mounted {
            eprintln!("NOT CHECKED: a full disk (no file system can be mounted here)");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let block = vec![0; 4096];
        let mut number = 0;
        while std::fs::write(self.path().join(format!("filling-{number}")), &block).is_ok() {
            number += 1;
        }
    }

    fn make_room(&self) {
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let path = entry.unwrap().path();
            if path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("filling-")
            {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], self.path()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}

fn open(disk: &SmallDisk) -> Result<Arc<SqliteStore>, OpenError> {
    SqliteStore::open(
        &disk.path().join("portcullis.db"),
        &Options::new(Role::Server, NOW),
    )
}

fn new_user(number: u32) -> NewUser {
    NewUser {
        id: id(number),
        username: Username::parse(&format!("user{number}")).unwrap(),
        email: EmailAddress::parse(&format!("user{number}@example.org")).unwrap(),
        email_verified: false,
        hash: PasswordHash::from("x".repeat(500)),
        now: NOW,
    }
}

fn id(number: u32) -> UserId {
    UserId::parse(format!("u-{number}")).unwrap()
}

#[tokio::test]
async fn a_full_disk_is_told_while_running_and_the_store_recovers() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = open(&disk).unwrap();
    store.create_user(new_user(0)).await.unwrap();
    disk.fill();
    let mut made = 0;
    let error = loop {
        match store.create_user(new_user(made + 1)).await {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error, SaveUserError::Storage(Error::Full)),
        "{error:?}"
    );
    assert!(matches!(store.ping().await, Err(Error::Full)));
    // What was answered is there, what failed is not, and reading goes on.
    assert!(store.user(&id(made)).await.unwrap().is_some());
    assert!(store.user(&id(made + 1)).await.unwrap().is_none());

    disk.make_room();
    store.ping().await.unwrap();
    store.create_user(new_user(made + 1)).await.unwrap();
    store.close().await;
    let store = open(&disk).unwrap();
    for number in 0..=made + 1 {
        assert!(store.user(&id(number)).await.unwrap().is_some(), "{number}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_is_told_at_the_start() {
    let Some(disk) = SmallDisk::new() else { return };
    disk.fill();
    let error = open(&disk).unwrap_err();
    assert!(matches!(error, OpenError::Full { .. }), "{error}");
    disk.make_room();
    open(&disk).unwrap().close().await;
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_told_at_the_start() {
    let Some(disk) = SmallDisk::new() else { return };
    open(&disk).unwrap().close().await;
    disk.make_read_only();
    let error = open(&disk).unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_path_that_is_no_file_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(Role::Server, NOW);
    let path = folder.path().join("folder");
    std::fs::create_dir(&path).unwrap();
    let error = SqliteStore::open(&path, &options).unwrap_err();
    assert!(
        error.to_string().contains("is not a regular file"),
        "{error}"
    );
    std::fs::write(folder.path().join("file"), "").unwrap();
    let below = folder.path().join("file/portcullis.db");
    let error = SqliteStore::open(&below, &options).unwrap_err();
    assert!(error.to_string().contains("is not a folder"), "{error}");
}
