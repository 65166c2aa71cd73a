//! Accounts.

use std::sync::Arc;

use model::{AddressNumber, Generation, User};
use password::PasswordHash;
use storage::{
    LoginName, NewUser, PasswordChanged, ProfileChange, SaveUserError, Storage, UniqueField,
    UserListing,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, hash, hash_costing, id, kind_costing, moment,
    new_user, opened, stored, typed, username,
};

pub async fn an_account_reads_back_as_it_was_made(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    let expected = User {
        id: id("alice"),
        username: Some("alice".to_owned()),
        email: Some("alice@example.org".to_owned()),
        email_verified: false,
        address_number: AddressNumber(0),
        generation: Generation(0),
        keep: None,
        disabled: false,
        is_invited: false,
        closes_at: None,
        second_factor: false,
        created_at: at(0),
        updated_at: at(0),
    };
    assert!(alice == expected);
    assert!(stored(&store, "alice").await == expected);
    let credentials = store.credentials(&id("alice")).await.unwrap().unwrap();
    assert!(credentials.user == expected && credentials.hash == hash("old"));
}

pub async fn whoever_is_invited_is_told_apart_until_a_password_is_set(backend: &dyn Backend) {
    let store = backend.open().await;
    let invited = NewUser {
        hash: PasswordHash::not_chosen(),
        ..new_user("alice")
    };
    assert!(store.create_user(invited).await.unwrap().is_invited);
    assert!(stored(&store, "alice").await.is_invited);
    let listed = store.list_users(UserListing::default()).await.unwrap();
    assert!(listed.users[0].is_invited);
    assert!(store.hash_kinds().await.unwrap().is_empty());
    let changed = store
        .change_password(change("alice", 0, "new", None), moment(7))
        .await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);
    assert!(!stored(&store, "alice").await.is_invited);
}

pub async fn what_is_not_there_is_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(store.user(&id("nobody")).await.unwrap().is_none());
    assert!(store.credentials(&id("nobody")).await.unwrap().is_none());
    assert!(!store.delete_user(&id("nobody"), moment(0)).await.unwrap());
    let upgraded = store
        .upgrade_hash(&id("nobody"), &hash("old"), &hash("new"))
        .await;
    assert!(!upgraded.unwrap());
    assert!(store.hash_kinds().await.unwrap().is_empty());
}

pub async fn a_name_is_taken_once(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for alike in ["alice", "ALICE", "a1ice", "aIice"] {
        let second = NewUser {
            id: id("second"),
            username: username(alike),
            email: email("second@example.org"),
            ..new_user("second")
        };
        assert_taken(store.create_user(second).await, UniqueField::Username);
    }
    assert!(store.user(&id("second")).await.unwrap().is_none());
}

pub async fn an_address_is_taken_once_regardless_of_case(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for alike in ["alice@example.org", "Alice@EXAMPLE.org"] {
        let second = NewUser {
            email: email(alike),
            ..new_user("second")
        };
        assert_taken(store.create_user(second).await, UniqueField::Email);
    }
}

pub async fn of_two_conflicts_the_name_is_named(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    let both = NewUser {
        id: id("second"),
        ..new_user("alice")
    };
    assert_taken(store.create_user(both).await, UniqueField::Username);
    // Also when the conflicts are with two accounts, the one with the address made first.
    let crossed = NewUser {
        email: email("alice@example.org"),
        username: username("bob"),
        ..new_user("x")
    };
    assert_taken(store.create_user(crossed).await, UniqueField::Username);
    account(&store, "carol").await;
    let change = ProfileChange {
        username: Some(username("bob")),
        email: Some(email("alice@example.org")),
    };
    assert_taken(
        store.change_profile(&id("carol"), change, moment(1)).await,
        UniqueField::Username,
    );
}

pub async fn of_fifty_at_once_one_gets_the_name(backend: &dyn Backend) {
    let store = backend.open().await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        let new = NewUser {
            username: username("alice"),
            ..new_user(&format!("user{number}"))
        };
        async move { store.create_user(new).await }
    })
    .await;
    assert_one_of(answers, UniqueField::Username);
    assert_eq!(store.hash_kinds().await.unwrap(), [(kind_costing(8), 1)]);
}

pub async fn of_fifty_at_once_one_gets_the_address(backend: &dyn Backend) {
    let store = backend.open().await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        let new = NewUser {
            email: email("a@example.org"),
            ..new_user(&format!("user{number}"))
        };
        async move { store.create_user(new).await }
    })
    .await;
    assert_one_of(answers, UniqueField::Email);
}

pub async fn by_a_new_name_one_signs_in_and_no_longer_by_the_old_one(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let change = ProfileChange {
        username: Some(username("alicia")),
        email: None,
    };
    let alicia = store
        .change_profile(&id("alice"), change, moment(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        alicia.identities().collect::<Vec<_>>(),
        ["alicia", "alice@example.org"]
    );
    assert_eq!((alicia.created_at, alicia.updated_at), (at(0), at(5)));
    assert!(stored(&store, "alice").await == alicia);

    let old = store
        .credentials_by_login(&typed("alice", Some("alice"), None))
        .await
        .unwrap();
    assert!(old.is_none());
    let new = store
        .credentials_by_login(&typed("alicia", None, None))
        .await
        .unwrap();
    assert!(new.unwrap().user == alicia);
}

pub async fn a_new_address_is_not_verified(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let change = ProfileChange {
        username: None,
        email: Some(email("a@example.net")),
    };
    let alice = store
        .change_profile(&id("alice"), change, moment(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        alice.identities().collect::<Vec<_>>(),
        ["alice", "a@example.net"]
    );
    assert!(!alice.email_verified);
    assert!(stored(&store, "alice").await == alice);

    let mut login = typed("", None, Some("alice"));
    assert!(store.credentials_by_login(&login).await.unwrap().is_none());
    login.email_key = Some(email("a@example.net").key());
    assert!(
        store
            .credentials_by_login(&login)
            .await
            .unwrap()
            .unwrap()
            .user
            == alice
    );
}

pub async fn an_account_may_keep_what_it_has(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    let same = ProfileChange {
        username: Some(username("alice")),
        email: Some(email("ALICE@example.org")),
    };
    let changed = store
        .change_profile(&id("alice"), same, moment(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changed.email.as_deref(), Some("ALICE@example.org"));
    let back = ProfileChange {
        username: None,
        email: Some(email("alice@example.org")),
    };
    let back = store
        .change_profile(&id("alice"), back, moment(6))
        .await
        .unwrap()
        .unwrap();
    assert!(
        back == User {
            address_number: AddressNumber(2),
            updated_at: at(6),
            ..alice
        }
    );
}

pub async fn a_refused_change_of_the_profile_changes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    account(&store, "bob").await;
    let name = ProfileChange {
        username: Some(username("BOB")),
        email: Some(email("new@example.org")),
    };
    assert_taken(
        store.change_profile(&id("alice"), name, moment(1)).await,
        UniqueField::Username,
    );
    let address = ProfileChange {
        username: Some(username("new")),
        email: Some(email("Bob@example.org")),
    };
    assert_taken(
        store.change_profile(&id("alice"), address, moment(1)).await,
        UniqueField::Email,
    );
    assert!(stored(&store, "alice").await == alice);
    account(&store, "new").await;
}

pub async fn a_change_of_the_profile_of_nobody_is_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let change = ProfileChange {
        username: Some(username("alice")),
        email: None,
    };
    let changed = store
        .change_profile(&id("nobody"), change, moment(0))
        .await
        .unwrap();
    assert!(changed.is_none());
}

pub async fn a_deleted_account_leaves_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    opened(&store, "alice", 1, 0).await;
    opened(&store, "bob", 2, 0).await;
    assert!(store.delete_user(&id("alice"), moment(1)).await.unwrap());

    assert!(store.user(&id("alice")).await.unwrap().is_none());
    let login = typed("alice", Some("alice"), Some("alice"));
    assert!(store.credentials_by_login(&login).await.unwrap().is_none());
    assert!(!exists(&store, 1).await);
    assert!(
        store
            .sessions_of(&id("alice"), at(1))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(!store.delete_user(&id("alice"), moment(2)).await.unwrap());

    assert!(store.user(&id("bob")).await.unwrap().is_some());
    assert!(exists(&store, 2).await);
}

pub async fn kinds_of_hash_are_counted(backend: &dyn Backend) {
    let store = backend.open().await;
    let unreadable = PasswordHash::from("no hash at all");
    for (name, hash) in [
        ("alice", hash_costing(8, "a")),
        ("bob", hash_costing(8, "b")),
        ("carol", hash_costing(16, "c")),
        ("dave", unreadable.clone()),
    ] {
        store
            .create_user(NewUser {
                hash,
                ..new_user(name)
            })
            .await
            .unwrap();
    }
    assert_eq!(
        counted(&store).await,
        [(kind_costing(16), 1), (kind_costing(8), 2)]
    );

    let dave = hash_costing(32, "d");
    assert!(
        store
            .upgrade_hash(&id("dave"), &unreadable, &dave)
            .await
            .unwrap()
    );
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    store
        .change_password(change("carol", 0, "new", None), moment(1))
        .await
        .unwrap();
    assert_eq!(
        counted(&store).await,
        [(kind_costing(32), 1), (kind_costing(8), 2)]
    );
}

pub async fn text_is_never_a_statement(backend: &dyn Backend) {
    let store = backend.open().await;
    let odd = "a\0'; DROP TABLE users; -- {\"$gt\": \"\"} \\ \u{202e}\u{10ffff}";
    let new = NewUser {
        id: model::UserId::parse(odd).unwrap(),
        hash: PasswordHash::from(odd),
        ..new_user("alice")
    };
    let user = store.create_user(new).await.unwrap();
    assert_eq!(user.id.as_str(), odd);
    let credentials = store.credentials(&user.id).await.unwrap().unwrap();
    assert_eq!(credentials.hash.expose(), odd);
    for part in ["a", "a\0", ""] {
        let part = model::UserId::parse(part);
        if let Ok(part) = part {
            assert!(store.user(&part).await.unwrap().is_none());
        }
    }
    for text in [
        "' OR '1'='1",
        "alice\0",
        "%",
        "*",
        "",
        "{\"$ne\": null}",
        "$where",
    ] {
        let login = LoginName {
            exact: text.to_owned(),
            username_key: Some(text.to_owned()),
            email_key: Some(text.to_owned()),
        };
        assert!(
            store.credentials_by_login(&login).await.unwrap().is_none(),
            "{text:?}"
        );
    }
    assert!(store.delete_user(&user.id, moment(1)).await.unwrap());
}

/// The counts, in the order of their kinds.
async fn counted(store: &Arc<dyn Storage>) -> Vec<(String, u64)> {
    let mut counts = store.hash_kinds().await.unwrap();
    counts.sort();
    counts
}

fn assert_taken<T>(answer: Result<T, SaveUserError>, field: UniqueField) {
    match answer {
        Err(SaveUserError::Taken(taken)) => assert_eq!(taken, field),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{field:?} was free"),
    }
}

fn assert_one_of(answers: Vec<Result<User, SaveUserError>>, field: UniqueField) {
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for answer in refused {
        assert_taken(answer, field);
    }
}

pub async fn an_account_is_made_once_under_one_id(backend: &dyn Backend) {
    let store = backend.open().await;
    let answers = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move { store.create_user(new_user("alice")).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for answer in refused {
        assert!(matches!(answer, Err(SaveUserError::Exists)), "{answer:?}");
    }
    let renamed = NewUser {
        username: username("another"),
        email: email("another@example.org"),
        email_verified: true,
        ..new_user("alice")
    };
    assert!(matches!(
        store.create_user(renamed).await,
        Err(SaveUserError::Exists)
    ));
    assert!(!stored(&store, "alice").await.email_verified);
}
