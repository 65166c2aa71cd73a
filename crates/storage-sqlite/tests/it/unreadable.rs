//! Rows that this version can't read: an error that says where, and nothing of what.

use std::path::PathBuf;
use std::sync::Arc;

use model::{
    Authentication, ClientInfo, EmailAddress, Generation, Session, SessionId, Timestamp, TokenId,
    TokenPair, UserId, Username,
};
use password::PasswordHash;
use rusqlite::Connection;
use storage::{
    AttemptKey, Attempts as _, Error, Feed as _, FeedRow, FeedSink, Moment, NewUser, Reserved,
    Sessions as _, Upkeep as _, Users as _,
};
use storage_sqlite::{Options, Role, SqliteStore};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// Longer than it takes to look whether something changed.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(350);

const SESSION: &str = "01890000-0000-7000-8000-000000000001";

/// A store with an account and a session, whose rows were then changed by foreign software.
pub(crate) struct Tampered {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

impl Tampered {
    pub(crate) async fn with(statement: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        let store = SqliteStore::open(&path, &Options::new(Role::Server, NOW)).unwrap();
        store.create_user(alice()).await.unwrap();
        let moment = Moment {
            now: NOW,
            feed_until: NOW.plus(std::time::Duration::from_secs(60)),
        };
        store.open_session(session(), 100, moment).await.unwrap();
        store.end_session(&id(), other(), moment).await.unwrap();
        let tampered = Self {
            store,
            path,
            _folder: folder,
        };
        tampered.tamper(statement);
        tampered
    }

    pub(crate) fn tamper(&self, statement: &str) {
        let connection = Connection::open(&self.path).unwrap();
        connection
            .pragma_update(None, "ignore_check_constraints", true)
            .unwrap();
        connection.execute_batch(statement).unwrap();
    }
}

pub(crate) fn id() -> UserId {
    UserId::parse("u-1").unwrap()
}

fn session_id() -> SessionId {
    SessionId::parse(SESSION).unwrap()
}

fn other() -> SessionId {
    SessionId::parse("01890000-0000-7000-8000-000000000002").unwrap()
}

fn alice() -> NewUser {
    NewUser {
        id: id(),
        username: Username::parse("alice").unwrap(),
        email: EmailAddress::parse("alice@example.org").unwrap(),
        email_verified: false,
        hash: PasswordHash::from("no hash at all"),
        now: NOW,
    }
}

fn session() -> Session {
    Session {
        id: session_id(),
        user: id(),
        generation: Generation(0),
        authentication: Authentication::by_password(NOW),
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW.plus(std::time::Duration::from_secs(100)),
        client: ClientInfo::default(),
        pair: TokenPair {
            access: TokenId::from_stored("a"),
            refresh: TokenId::from_stored("r"),
            access_csrf: "ac".to_owned(),
            refresh_csrf: "rc".to_owned(),
            issued_at: NOW.as_seconds(),
            access_issued_at: NOW.as_seconds(),
            access_expires: NOW.as_seconds() + 900,
            refresh_expires: NOW.as_seconds() + 900,
            fresh_until: None,
        },
        previous: None,
        rotated_at: NOW,
        handing: None,
        browser: None,
    }
}

/// An account that can't be read is named, and nothing of what is in it.
fn assert_unreadable_account<T>(answer: Result<T, Error>) {
    let Err(error) = answer else {
        panic!("it was read")
    };
    assert!(
        matches!(&error, Error::UnreadableAccount { account, .. } if account == "u-1"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("junk"), "{error:?}");
}

fn assert_unreadable<T>(answer: Result<T, Error>, expected: &str) {
    let Err(error) = answer else {
        panic!("it was read")
    };
    assert!(
        matches!(&error, Error::Unreadable { table, .. } if *table == expected),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("junk"), "{error:?}");
}

#[tokio::test]
async fn an_unreadable_account_is_an_error_of_its_own() {
    for statement in [
        "UPDATE users SET keep = 'junk'",
        "UPDATE users SET generation = -1",
        "UPDATE users SET username = CAST(x'6a756e6bff' AS TEXT)",
    ] {
        let Tampered { store, .. } = &Tampered::with(statement).await;
        assert_unreadable_account(store.user(&id()).await);
        assert_unreadable_account(store.credentials(&id()).await);
        let name = storage::LoginName {
            email_key: Some("alice@example.org".to_owned()),
            ..storage::LoginName::default()
        };
        assert_unreadable_account(store.credentials_by_login(&name).await);
        // Others go on, and so does what needs no reading of it.
        store.ping().await.unwrap();
        assert!(store.hash_kinds().await.unwrap().is_empty());
        store.close().await;
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_shown_in_the_error_all_the_same() {
    for (statement, shown) in [
        ("UPDATE users SET id = ''", ""),
        ("UPDATE users SET id = printf('%.*c', 300, 'x')", "xxx"),
    ] {
        let statement = format!("DELETE FROM sessions; {statement}");
        let Tampered { store, .. } = &Tampered::with(&statement).await;
        let name = storage::LoginName {
            exact: "alice".to_owned(),
            ..storage::LoginName::default()
        };
        let Err(Error::UnreadableAccount { account, .. }) = store.credentials_by_login(&name).await
        else {
            panic!("it was read");
        };
        assert!(
            account.starts_with(shown) && account.len() <= 128,
            "{account}"
        );
        store.close().await;
    }
}

#[tokio::test]
async fn an_unreadable_session_is_an_error_of_its_own() {
    for statement in [
        "UPDATE sessions SET generation = -1",
        "UPDATE sessions SET refresh_expires = -1",
        "UPDATE sessions SET fresh_until = -1",
        "UPDATE sessions SET cookie = zeroblob(32)", // without its time
        "UPDATE sessions SET level = 7",
        "UPDATE sessions SET methods = CAST(x'6a756e6bff' AS TEXT)",
        "UPDATE sessions SET agent = CAST(x'6a756e6bff' AS TEXT)",
    ] {
        let Tampered { store, .. } = &Tampered::with(statement).await;
        assert_unreadable(store.session(session_id()).await, "sessions");
        assert_unreadable(store.sessions_of(&id(), NOW).await, "sessions");
        store.close().await;
    }
}

#[tokio::test]
async fn an_unreadable_budget_is_an_error_of_its_own() {
    let key = AttemptKey::new([1; 32]);
    for statement in [
        "UPDATE login_attempts SET failures = -1",
        "UPDATE login_attempts SET consecutive = 1 << 40",
        "UPDATE login_attempts SET version = -1",
    ] {
        let tampered = Tampered::with("SELECT 1").await;
        let Reserved::Granted(reservation) =
            tampered.store.reserve_attempt(key, NOW).await.unwrap()
        else {
            panic!("the first try is granted");
        };
        tampered.tamper(statement);
        let store = &tampered.store;
        assert_unreadable(store.reserve_attempt(key, NOW).await, "login_attempts");
        assert_unreadable(
            store.give_back_attempt(key, reservation).await,
            "login_attempts",
        );
        assert_unreadable(store.clear_attempts(key).await, "login_attempts");
        store.close().await;
    }
}

#[tokio::test]
async fn a_server_does_not_start_on_a_feed_that_it_cannot_read() {
    struct Deaf;
    impl FeedSink for Deaf {
        fn apply(&self, _: &[FeedRow]) {}
        fn asked(&self) -> u64 {
            0
        }
        fn heard(&self, _: u64) {}
    }
    for statement in [
        "UPDATE feed SET subject = 'junk'",
        "UPDATE feed SET kind = 'junk', effect = NULL",
        "UPDATE feed SET kind = 'junk', effect = 'junk'",
        "UPDATE feed SET kind = 'junk', concerns = 'junk'",
        "UPDATE feed SET kind = 'generation'",
    ] {
        let Tampered { store, .. } = &Tampered::with(statement).await;
        assert_unreadable(store.follow(NOW, Arc::new(Deaf)).await, "feed");
        store.close().await;
    }
}

#[tokio::test]
async fn a_listener_is_not_told_that_the_store_was_heard_while_a_row_is_unreadable() {
    struct Counting(tokio::sync::mpsc::UnboundedSender<()>);
    impl FeedSink for Counting {
        fn apply(&self, _: &[FeedRow]) {}
        fn asked(&self) -> u64 {
            0
        }
        fn heard(&self, _: u64) {
            let _ = self.0.send(());
        }
    }
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let tampered = Tampered::with("SELECT 1").await;
    tampered
        .store
        .follow(NOW, Arc::new(Counting(sender)))
        .await
        .unwrap();
    heard.recv().await.unwrap();

    let sql = "INSERT INTO feed (kind, subject, until) VALUES ('junk', 'junk', 0)";
    tampered.tamper(sql);
    // What was under way when the row came is heard; then nothing until the row has gone.
    let mut quiet = false;
    for _ in 0..10 {
        if tokio::time::timeout(PATIENCE, heard.recv()).await.is_err() {
            quiet = true;
            break;
        }
    }
    assert!(quiet);
    tampered.tamper("DELETE FROM feed WHERE kind = 'junk'");
    heard.recv().await.unwrap();
    tampered.store.close().await;
}
