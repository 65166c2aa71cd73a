//! Opening a file: what its operator is told when that fails, and who may read it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{EmailAddress, Timestamp, UserId, Username};
use password::{Kind, Params, decoy};
use rusqlite::Connection;
use storage::{NewUser, OpenError, SaveUserError, Upkeep as _, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/portcullis.db");
    (folder, path)
}

fn open(path: &Path) -> Result<Arc<SqliteStore>, OpenError> {
    SqliteStore::open(path, &Options::new(Role::Server, NOW))
}

fn new_user(number: u32) -> NewUser {
    NewUser {
        id: UserId::parse(format!("u-{number}")).unwrap(),
        username: Username::parse(&format!("user{number}")).unwrap(),
        email: EmailAddress::parse(&format!("user{number}@example.org")).unwrap(),
        email_verified: false,
        hash: decoy(&Kind::of(&Params::default())),
        now: NOW,
    }
}

/// A file that a store made and closed.
async fn made(path: &Path) {
    let store = open(path).unwrap();
    store.create_user(new_user(0)).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_command_is_not() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    let second = open(&path).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    let command = SqliteStore::open(&path, &Options::new(Role::Command, NOW)).unwrap();
    command.create_user(new_user(1)).await.unwrap();
    assert!(
        store
            .user(&UserId::parse("u-1").unwrap())
            .await
            .unwrap()
            .is_some()
    );
    command.close().await;
    store.close().await;
    drop(store);
    open(&path).unwrap().close().await;
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    made(&path).await;
    let table: String = {
        let connection = Connection::open(&path).unwrap();
        let table = connection
            .query_row(
                "SELECT name FROM sqlite_schema WHERE name LIKE '%migration%'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        connection
            .execute(
                &format!(
                    "INSERT INTO {table} SELECT 999, checksum, applied_at FROM {table} LIMIT 1"
                ),
                [],
            )
            .unwrap();
        table
    };
    let error = open(&path).unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found: 999, .. }),
        "{error}"
    );

    let connection = Connection::open(&path).unwrap();
    connection
        .execute(&format!("DELETE FROM {table} WHERE version = 999"), [])
        .unwrap();
    drop(connection);
    open(&path).unwrap().close().await;
}

#[tokio::test]
async fn a_migration_of_another_text_is_refused() {
    let (_folder, path) = folder();
    made(&path).await;
    let connection = Connection::open(&path).unwrap();
    let table: String = connection
        .query_row(
            "SELECT name FROM sqlite_schema WHERE name LIKE '%migration%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    connection
        .execute(&format!("UPDATE {table} SET checksum = 'another'"), [])
        .unwrap();
    drop(connection);
    let error = open(&path).unwrap_err();
    assert!(
        matches!(error, OpenError::ForeignMigration { version: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "these are the accounts, honestly\n".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let (_folder, path) = folder();
    made(&path).await;
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(100).take(3000) {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_fails_what_does_not_fit_and_the_store_goes_on() {
    let (_folder, path) = folder();
    let store =
        SqliteStore::open(&path, &Options::new(Role::Server, NOW).with_max_pages(60)).unwrap();
    let mut number = 0;
    let full = loop {
        number += 1;
        assert!(number < 100_000, "60 pages hold that many");
        match store.create_user(new_user(number)).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(
        matches!(full, SaveUserError::Storage(storage::Error::Full)),
        "{full:?}"
    );
    let last = UserId::parse(format!("u-{}", number - 1)).unwrap();
    assert!(
        store.user(&last).await.unwrap().is_some(),
        "what was acknowledged is there"
    );
    let failed = UserId::parse(format!("u-{number}")).unwrap();
    assert!(store.user(&failed).await.unwrap().is_none());
    store.close().await;
}

#[tokio::test]
async fn everything_is_for_its_owner_only() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    store.create_user(new_user(1)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = path.parent().unwrap();
    assert_eq!(mode(data), 0o700);
    let files: Vec<_> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    store.close().await;
}

#[tokio::test]
async fn files_that_others_could_read_are_taken_back() {
    let (_folder, path) = folder();
    made(&path).await;
    let set = |path: &Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let beside = |name: &str| PathBuf::from(format!("{}{name}", path.display()));
    let files = [
        path.clone(),
        beside("-wal"),
        beside("-shm"),
        beside(".lock"),
    ];
    std::fs::write(&files[1], "").unwrap();
    for file in files.iter().filter(|file| file.exists()) {
        set(file, 0o644);
    }
    set(path.parent().unwrap(), 0o775);
    SqliteStore::check(&path).unwrap();

    let store = open(&path).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(path.parent().unwrap()), 0o755);
    store.close().await;
}

#[tokio::test]
async fn what_everyone_can_write_and_what_is_a_link_is_refused_and_left_alone() {
    let (folder, path) = folder();
    made(&path).await;
    let set = |path: &Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let refused = || {
        let refused = open(&path).unwrap_err();
        assert!(matches!(refused, OpenError::NotPrivate { .. }), "{refused}");
        refused.to_string()
    };
    set(path.parent().unwrap(), 0o777);
    assert!(refused().contains("data can be written by every user"));
    set(path.parent().unwrap(), 0o700);
    set(&path, 0o666);
    assert_eq!(
        SqliteStore::check(&path).unwrap_err().to_string(),
        refused()
    );
    set(&path, 0o600);

    let elsewhere = folder.path().join("elsewhere.db");
    std::fs::rename(&path, &elsewhere).unwrap();
    let before = std::fs::read(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(refused().contains("is a symbolic link"));
    assert_eq!(
        SqliteStore::check(&path).unwrap_err().to_string(),
        refused()
    );
    assert_eq!(std::fs::read(&elsewhere).unwrap(), before);
}

#[tokio::test]
async fn the_folder_may_be_reached_through_a_link() {
    let (folder, path) = folder();
    made(&path).await;
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(path.parent().unwrap(), &link).unwrap();
    let store = open(&link.join("portcullis.db")).unwrap();
    assert!(
        store
            .user(&UserId::parse("u-0").unwrap())
            .await
            .unwrap()
            .is_some()
    );
    store.close().await;
}

#[tokio::test]
async fn a_text_with_a_nul_byte_comes_back_whole() {
    let (_folder, path) = folder();
    let store = open(&path).unwrap();
    let name = storage::LoginName {
        exact: "a\0b".to_owned(),
        ..storage::LoginName::default()
    };
    assert!(store.credentials_by_login(&name).await.unwrap().is_none());
    let id = UserId::parse("odd\0id").unwrap();
    store
        .create_user(NewUser {
            id: id.clone(),
            ..new_user(1)
        })
        .await
        .unwrap();
    assert_eq!(store.user(&id).await.unwrap().unwrap().id, id);
    assert!(
        store
            .user(&UserId::parse("odd").unwrap())
            .await
            .unwrap()
            .is_none()
    );
    store.close().await;
}
