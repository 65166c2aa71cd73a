//! Rows that somebody wrote by hand: what is missing is none, and what was forgotten is set right by a start.

use model::EmailAddress;
use storage::{LoginName, Moment, ProfileChange, Upkeep as _, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};

use crate::unreadable::{NOW, Tampered, id};

fn key_of(name: &str) -> Option<String> {
    model::UsernameKey::of_login(name).map(|key| key.as_str().to_owned())
}

#[tokio::test]
async fn an_account_without_a_name_or_an_address_has_none_and_is_nobody_s_empty_name() {
    let statement =
        "UPDATE users SET username = '', username_key = NULL, email = '', email_key = NULL";
    let Tampered { store, .. } = &Tampered::with(statement).await;
    let user = store.user(&id()).await.unwrap().unwrap();
    assert_eq!((user.username, user.email), (None, None));
    let nothing = LoginName::default();
    assert!(
        store
            .credentials_by_login(&nothing)
            .await
            .unwrap()
            .is_none()
    );
    let change = ProfileChange {
        username: None,
        email: Some(EmailAddress::parse("new@example.org").unwrap()),
    };
    let moment = Moment {
        now: NOW,
        feed_until: NOW,
    };
    let user = store.change_profile(&id(), change, moment).await.unwrap();
    let user = user.unwrap();
    assert_eq!(user.username, None);
    assert_eq!(user.email.as_deref(), Some("new@example.org"));
    assert!(store.user(&id()).await.unwrap().unwrap() == user);
    store.close().await;
}

#[tokio::test]
async fn a_start_notes_what_a_hash_costs_that_was_written_by_hand() {
    const BY_HAND: &str = "pbkdf2:sha256:1000$salt$\
        0000000000000000000000000000000000000000000000000000000000000000";
    let tampered = Tampered::with("SELECT 1").await;
    assert!(tampered.store.hash_kinds().await.unwrap().is_empty());
    tampered.store.close().await;
    for (hash, kinds) in [
        (BY_HAND, vec![("pbkdf2:sha256:1000".to_owned(), 1)]),
        ("no hash at all", Vec::new()),
    ] {
        tampered.tamper(&format!("UPDATE users SET hash = '{hash}'"));
        let store = SqliteStore::open(&tampered.path, &Options::new(Role::Server, NOW)).unwrap();
        assert_eq!(store.hash_kinds().await.unwrap(), kinds, "{hash}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_start_gives_the_keys_that_somebody_left_out_or_left_as_they_were() {
    for (statement, found, not_found) in [
        ("SELECT 1", "alice", "bob"),
        (
            "UPDATE users SET username_key = NULL, email_key = NULL",
            "alice",
            "bob",
        ),
        // The old name leads nowhere any more.
        (
            "UPDATE users SET username = 'Bob', email = 'Bob@Example.org'",
            "bob",
            "alice",
        ),
    ] {
        let tampered = Tampered::with(statement).await;
        tampered.store.close().await;
        let store = SqliteStore::open(&tampered.path, &Options::new(Role::Server, NOW)).unwrap();
        let by_name = |name: &str| LoginName {
            username_key: key_of(name),
            ..LoginName::default()
        };
        let by_address = |name: &str| LoginName {
            email_key: Some(format!("{name}@example.org")),
            ..LoginName::default()
        };
        for name in [by_name(found), by_address(found)] {
            let meant = store.credentials_by_login(&name).await.unwrap();
            assert_eq!(meant.unwrap().user.id, id(), "{statement}");
        }
        for name in [by_name(not_found), by_address(not_found)] {
            let meant = store.credentials_by_login(&name).await.unwrap();
            assert!(meant.is_none(), "{statement}");
        }
        store.close().await;
    }
}

#[tokio::test]
async fn who_has_a_key_keeps_it_though_something_else_of_the_account_was_changed() {
    // The look-alike stands before it.
    let statement = "UPDATE users SET rowid = 7, id = 'u-2', email = 'new@example.org';
        INSERT INTO users (rowid, id, username, username_key_version, email, email_verified, hash,
            generation, disabled, created_at, updated_at)
        VALUES (1, 'u-1', 'ALICE', 0, 'other@example.org', 0, '', 0, 0, 0, 0)";
    let tampered = Tampered::with(&format!("DELETE FROM sessions; {statement}")).await;
    tampered.store.close().await;
    let store = SqliteStore::open(&tampered.path, &Options::new(Role::Server, NOW)).unwrap();
    let name = LoginName {
        username_key: key_of("alice"),
        ..LoginName::default()
    };
    let meant = store.credentials_by_login(&name).await.unwrap().unwrap();
    assert_eq!(meant.user.id.as_str(), "u-2");
    store.close().await;
}

#[tokio::test]
async fn of_two_who_share_a_name_by_hand_one_has_the_key_and_nobody_is_kept_out() {
    let second =
        "INSERT INTO users (id, username, username_key_version, email, email_verified, hash,
        generation, disabled, created_at, updated_at)
        VALUES ('u-2', 'ALICE', 0, 'Alice@example.org', 0, '', 0, 0, 0, 0)";
    let tampered = Tampered::with(second).await;
    tampered.store.close().await;
    let store = SqliteStore::open(&tampered.path, &Options::new(Role::Server, NOW)).unwrap();
    let meant = async |name: LoginName| {
        let found = store.credentials_by_login(&name).await.unwrap();
        found.map(|found| found.user.id.to_string())
    };
    let nothing = LoginName::default;
    let address = Some("alice@example.org".to_owned());
    for (exact, expected) in [("alice", "u-1"), ("ALICE", "u-2"), ("Alice", "u-1")] {
        let typed = LoginName {
            exact: exact.to_owned(),
            username_key: key_of("alice"),
            email_key: None,
        };
        assert_eq!(meant(typed).await.as_deref(), Some(expected), "{exact}");
    }
    let by_address = LoginName {
        email_key: address,
        ..nothing()
    };
    assert_eq!(meant(by_address).await.as_deref(), Some("u-1"));
    store.close().await;
}

#[tokio::test]
async fn an_unreadable_account_keeps_nothing_from_starting() {
    let tampered = Tampered::with("UPDATE users SET keep = 'junk'").await;
    tampered.store.close().await;
    let store = SqliteStore::open(&tampered.path, &Options::new(Role::Server, NOW)).unwrap();
    store.ping().await.unwrap();
    store.close().await;
}
