//! Names and addresses that an account has let go of.

use std::sync::Arc;

use model::User;
use storage::{NewUser, ProfileChange, SaveUserError, Storage, UniqueField};

use super::Backend;
use super::fixtures::{account, at, at_once, email, id, moment, new_user, username};

const DAY: i64 = 86_400;

pub async fn a_changed_name_is_reserved_for_who_had_it(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    renamed(&store, "alice", "alicia", 0).await.unwrap();
    for alike in ["alice", "ALICE", "a1ice"] {
        let new = NewUser {
            username: username(alike),
            ..new_user("stranger")
        };
        assert_taken(store.create_user(new).await, UniqueField::Username);
        let change = renamed(&store, "bob", alike, 29 * DAY).await;
        assert_taken(change, UniqueField::Username);
    }
    assert!(store.user(&id("stranger")).await.unwrap().is_none());
    let bob = store.user(&id("bob")).await.unwrap().unwrap();
    assert_eq!(bob.username.as_deref(), Some("bob"));
    // It takes the name back, and what it had meanwhile is reserved as well.
    renamed(&store, "alice", "Alice", 29 * DAY).await.unwrap();
    let change = renamed(&store, "bob", "alicia", 58 * DAY).await;
    assert_taken(change, UniqueField::Username);
}

pub async fn a_changed_address_is_reserved_for_who_had_it(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    moved(&store, "alice", "new@example.org", 0).await.unwrap();
    let new = NewUser {
        email: email("ALICE@example.org"),
        ..new_user("stranger")
    };
    assert_taken(store.create_user(new).await, UniqueField::Email);
    let change = moved(&store, "bob", "alice@example.org", 29 * DAY).await;
    assert_taken(change, UniqueField::Email);
    let back = moved(&store, "alice", "alice@example.org", 29 * DAY).await;
    back.unwrap();
}

pub async fn it_is_known_until_when_names_are_reserved(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    assert_eq!(store.reserved_until(at(0)).await.unwrap(), None);
    renamed(&store, "alice", "alicia", 0).await.unwrap();
    renamed(&store, "alice", "alison", DAY).await.unwrap();
    let until = at(31 * DAY);
    assert_eq!(store.reserved_until(at(0)).await.unwrap(), Some(until));
    assert_eq!(store.reserved_until(until).await.unwrap(), None);
}

pub async fn what_a_deleted_account_had_is_reserved_for_nobody(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    store.delete_user(&id("alice"), moment(0)).await.unwrap();
    let both = NewUser {
        id: id("stranger"),
        ..new_user("alice")
    };
    assert_taken(store.create_user(both).await, UniqueField::Username);
    let address = NewUser {
        email: email("alice@example.org"),
        ..new_user("stranger")
    };
    assert_taken(store.create_user(address).await, UniqueField::Email);
    let change = renamed(&store, "bob", "alice", 29 * DAY).await;
    assert_taken(change, UniqueField::Username);
    let change = moved(&store, "bob", "alice@example.org", 29 * DAY).await;
    assert_taken(change, UniqueField::Email);
    assert!(store.user(&id("stranger")).await.unwrap().is_none());
}

/// A link of a sign-up holds the id: it must not bring back an account that was deleted.
pub async fn an_account_is_not_made_again_that_was_deleted(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    moved(&store, "alice", "alice@example.net", 0)
        .await
        .unwrap();
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    let again = store.create_user(new_user("alice")).await;
    assert_taken(again, UniqueField::Username);
    let renamed = NewUser {
        username: username("alicia"),
        ..new_user("alice")
    };
    assert_taken(store.create_user(renamed).await, UniqueField::Email);
    assert!(store.user(&id("alice")).await.unwrap().is_none());
}

pub async fn after_thirty_days_anybody_may_have_it(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    store.delete_user(&id("alice"), moment(0)).await.unwrap();
    let late = renamed(&store, "bob", "alice", 30 * DAY - 1).await;
    assert_taken(late, UniqueField::Username);
    renamed(&store, "bob", "alice", 30 * DAY).await.unwrap();
    let new = NewUser {
        email: email("alice@example.org"),
        now: at(30 * DAY),
        ..new_user("stranger")
    };
    store.create_user(new).await.unwrap();
}

pub async fn what_has_run_out_is_swept_and_nothing_else(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    store.delete_user(&id("alice"), moment(0)).await.unwrap();
    while store.sweep(at(29 * DAY), 10).await.unwrap() > 0 {} // what the feed was told
    assert_taken(
        renamed(&store, "bob", "alice", 29 * DAY).await,
        UniqueField::Username,
    );
    // A name and an address, in two steps.
    assert_eq!(store.sweep(at(31 * DAY), 1).await.unwrap(), 1);
    assert_eq!(store.sweep(at(31 * DAY), 10).await.unwrap(), 1);
    // Nothing is left of it, even for one who asks in the past.
    let again = NewUser {
        id: id("stranger"),
        ..new_user("alice")
    };
    store.create_user(again).await.unwrap();
}

pub async fn another_writing_of_the_same_name_lets_go_of_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    renamed(&store, "alice", "ALICE", 0).await.unwrap();
    moved(&store, "alice", "Alice@EXAMPLE.org", 0)
        .await
        .unwrap();
    while store.sweep(at(DAY), 10).await.unwrap() > 0 {} // what the feed was told
    assert_eq!(store.sweep(at(31 * DAY), 10).await.unwrap(), 0);
}

pub async fn who_had_it_last_is_who_it_is_reserved_for(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    renamed(&store, "alice", "alicia", 0).await.unwrap();
    renamed(&store, "bob", "alice", 30 * DAY).await.unwrap();
    renamed(&store, "bob", "bob", 31 * DAY).await.unwrap();
    let former = renamed(&store, "alice", "alice", 32 * DAY).await;
    assert_taken(former, UniqueField::Username);
    renamed(&store, "bob", "alice", 32 * DAY).await.unwrap();
}

pub async fn no_stranger_is_fast_enough_for_a_name_that_is_let_go_of(backend: &dyn Backend) {
    let store = backend.open().await;
    for number in 0..4 {
        account(&store, &format!("stranger{number}")).await;
    }
    for round in 0..8 {
        let name = format!("round{round}");
        account(&store, &name).await;
        let answers = at_once(17, |number| {
            let (store, name) = (Arc::clone(&store), name.clone());
            async move {
                match number {
                    // The owner goes, in one way or the other.
                    0 if round % 2 == 0 => {
                        renamed(&store, &name, &format!("{name}-new"), 1)
                            .await
                            .unwrap();
                        None
                    }
                    0 => {
                        assert!(store.delete_user(&id(&name), moment(1)).await.unwrap());
                        None
                    }
                    1..5 => {
                        let stranger = format!("stranger{}", number - 1);
                        Some(renamed(&store, &stranger, &name, 1).await.map(drop))
                    }
                    _ => {
                        let new = NewUser {
                            username: username(&name),
                            ..new_user(&format!("{name}-{number}"))
                        };
                        Some(store.create_user(new).await.map(drop))
                    }
                }
            }
        })
        .await;
        for answer in answers.into_iter().flatten() {
            assert_taken(answer, UniqueField::Username);
        }
        // Nor is anything left of those who were refused.
        for number in 0..4 {
            let stranger = format!("stranger{number}");
            let stored = store.user(&id(&stranger)).await.unwrap().unwrap();
            assert_eq!(stored.username.as_deref(), Some(&*stranger));
        }
        for number in 5..17 {
            let refused = id(&format!("{name}-{number}"));
            assert!(store.user(&refused).await.unwrap().is_none());
        }
    }
}

async fn renamed(
    store: &Arc<dyn Storage>,
    who: &str,
    name: &str,
    seconds: i64,
) -> Result<Option<User>, SaveUserError> {
    let change = ProfileChange {
        username: Some(username(name)),
        email: None,
    };
    let changed = store
        .change_profile(&id(who), change, moment(seconds))
        .await;
    changed.inspect(|changed| assert!(changed.is_some()))
}

async fn moved(
    store: &Arc<dyn Storage>,
    who: &str,
    address: &str,
    seconds: i64,
) -> Result<Option<User>, SaveUserError> {
    let change = ProfileChange {
        username: None,
        email: Some(email(address)),
    };
    store
        .change_profile(&id(who), change, moment(seconds))
        .await
}

fn assert_taken<T>(answer: Result<T, SaveUserError>, field: UniqueField) {
    match answer {
        Err(SaveUserError::Taken(taken)) => assert_eq!(taken, field),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{field:?} was free"),
    }
}
