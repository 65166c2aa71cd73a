//! Accounts that wait to be deleted.

use std::sync::Arc;

use model::{Generation, SessionId, User};
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Closing, Enabled, FeedEntry,
    PasswordChange, PasswordChanged, ProfileChange, Rotated, Storage,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, hash, id, moment, opened, rotated, session_id,
    stored, stored_hash, typed,
};
use super::listener::Listener;

/// Closes an account of this generation, to be deleted so many seconds after the start.
fn closing(name: &str, generation: u64, until: i64) -> Closing {
    Closing {
        user: id(name),
        at: Generation(generation),
        until: at(until),
    }
}

/// An account of the first generation that is closed at 1.
async fn closed(store: &Arc<dyn Storage>, name: &str, until: i64) -> User {
    account(store, name).await;
    let closed = store.close_user(closing(name, 0, until), moment(1)).await;
    closed.unwrap().unwrap()
}

/// Keeps the account that was closed in this generation.
async fn reopened(
    store: &Arc<dyn Storage>,
    name: &str,
    generation: u64,
    seconds: i64,
) -> Option<User> {
    let (id, at) = (id(name), Generation(generation));
    store.reopen_user(&id, at, moment(seconds)).await.unwrap()
}

/// Deletes the account that was closed in this generation, if it is due.
async fn deleted(store: &Arc<dyn Storage>, name: &str, generation: u64, seconds: i64) -> bool {
    let (id, at) = (id(name), Generation(generation));
    let deleted = store.delete_due_user(&id, at, moment(seconds)).await;
    deleted.unwrap()
}

async fn is_there(store: &Arc<dyn Storage>, name: &str) -> bool {
    store.user(&id(name)).await.unwrap().is_some()
}

pub async fn closing_refuses_whatever_was_issued(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let alice = account(&store, "alice").await;
    account(&store, "bob").await;
    for (owner, number) in [("alice", 1), ("bob", 2)] {
        opened(&store, owner, number, 1).await;
    }
    let listener = Listener::on(&store).await;
    let closed = beside
        .close_user(closing("alice", 0, 900), moment(7))
        .await
        .unwrap();
    let expected = User {
        generation: Generation(1),
        closes_at: Some(at(900)),
        updated_at: at(7),
        ..alice
    };
    assert!(closed.unwrap() == expected);
    assert!(stored(&store, "alice").await == expected);
    assert!(!expected.is_in_use() && !expected.disabled);
    listener.hears(&generation("alice", 1)).await;
    assert!(!exists(&store, 1).await && exists(&store, 2).await);
    let found = store
        .credentials_by_login(&typed("alice", Some("alice"), None))
        .await;
    assert!(found.unwrap().unwrap().user == expected);
    assert!(stored(&store, "bob").await.is_in_use());
    beside.close().await;
}

pub async fn a_sign_in_that_was_overtaken_by_a_closing_gets_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    closed(&store, "alice", 900).await;
    opened(&store, "alice", 1, 2).await;
    assert!(matches!(
        rotated(&store, "first", "second", 3).await,
        Rotated::Refused
    ));
    assert!(reopened(&store, "alice", 1, 4).await.is_some());
    assert!(matches!(
        rotated(&store, "first", "second", 5).await,
        Rotated::Refused
    ));
}

pub async fn of_fifty_at_once_one_closes_an_account(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let closed = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move {
            let closed = store.close_user(closing("alice", 0, 900), moment(1));
            u32::from(closed.await.unwrap().is_some())
        }
    });
    assert_eq!(closed.await.iter().sum::<u32>(), 1);
    assert_eq!(stored(&store, "alice").await.generation, Generation(1));
}

pub async fn what_is_not_in_use_is_not_closed(backend: &dyn Backend) {
    let store = backend.open().await;
    closed(&store, "alice", 900).await;
    account(&store, "bob").await;
    store.disable_user(&id("bob"), moment(1)).await.unwrap();
    account(&store, "carol").await;
    for (name, generation) in [("alice", 1), ("bob", 1), ("carol", 1), ("nobody", 0)] {
        let again = store.close_user(closing(name, generation, 999), moment(2));
        assert_eq!(again.await.unwrap(), None, "{name}");
        assert_eq!(reopened(&store, name, 7, 2).await, None, "{name}");
    }
    assert_eq!(reopened(&store, "bob", 1, 2).await, None, "disabled");
    assert_eq!(stored(&store, "alice").await.closes_at, Some(at(900)));
}

pub async fn who_comes_back_has_the_account_as_it_was(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let before = closed(&store, "alice", 900).await;
    let listener = Listener::on(&store).await;
    listener.take();
    let kept = reopened(&beside, "alice", 1, 7).await;
    let expected = User {
        closes_at: None,
        second_factor: false,
        updated_at: at(7),
        ..before
    };
    assert!(kept.unwrap() == expected);
    assert!(stored(&store, "alice").await == expected);
    listener.hears(&FeedEntry::Changed(id("alice"))).await;
    assert!(reopened(&beside, "alice", 1, 8).await.unwrap().is_in_use());
    assert!(store.due_users(at(1000), 10).await.unwrap().is_empty());
    // And goes again, which is another closing.
    let closed = store.close_user(closing("alice", 1, 950), moment(9)).await;
    assert_eq!(closed.unwrap().unwrap().generation, Generation(2));
    assert_eq!(reopened(&store, "alice", 1, 10).await, None);
    beside.close().await;
}

pub async fn what_is_due_is_deleted_and_nothing_else(backend: &dyn Backend) {
    let store = backend.open().await;
    for (name, until) in [("alice", 30), ("bob", 20), ("carol", 99)] {
        closed(&store, name, until).await;
    }
    account(&store, "dora").await;
    let names = |users: Vec<User>| {
        let names = users.into_iter().filter_map(|user| user.username);
        names.collect::<Vec<_>>()
    };
    let due = store.due_users(at(30), 10).await.unwrap();
    assert_eq!(names(due), ["bob", "alice"]);
    assert_eq!(names(store.due_users(at(30), 1).await.unwrap()), ["bob"]);
    let listener = Listener::on(&store).await;
    for (name, generation, now, expected) in [
        ("bob", 0, 30, false),
        ("bob", 1, 19, false),
        ("bob", 1, 30, true),
        ("bob", 1, 30, false),
        ("alice", 1, 30, true),
        ("carol", 1, 30, false),
        ("dora", 0, 30, false),
        ("nobody", 0, 30, false),
    ] {
        let deleted = deleted(&store, name, generation, now).await;
        assert_eq!(deleted, expected, "{name} {generation} {now}");
    }
    assert!(listener.has(&FeedEntry::Closed(id("bob"))));
    assert!(!listener.has(&FeedEntry::Closed(id("carol"))));
    for (name, expected) in [
        ("alice", false),
        ("bob", false),
        ("carol", true),
        ("dora", true),
    ] {
        assert_eq!(is_there(&store, name).await, expected, "{name}");
    }
    assert!(store.due_users(at(30), 10).await.unwrap().is_empty());
}

pub async fn of_a_deletion_and_a_return_at_once_one_wins_wholly(backend: &dyn Backend) {
    let store = backend.open().await;
    for round in 0..8 {
        let name = format!("u{round}");
        closed(&store, &name, 20).await;
        let done = at_once(10, |number| {
            let (store, name) = (Arc::clone(&store), name.clone());
            async move {
                let (id, at) = (id(&name), Generation(1));
                if number % 2 == 0 {
                    let deleted = store.delete_due_user(&id, at, moment(30)).await;
                    (deleted.unwrap(), false)
                } else {
                    let reopened = store.reopen_user(&id, at, moment(30)).await;
                    (false, reopened.unwrap().is_some())
                }
            }
        })
        .await;
        let deleted = done.iter().filter(|(deleted, _)| *deleted).count();
        let reopened = done.iter().any(|(_, reopened)| *reopened);
        assert_eq!(deleted, usize::from(!reopened), "{name}: {done:?}");
        assert_eq!(is_there(&store, &name).await, reopened);
        if reopened {
            assert!(stored(&store, &name).await.is_in_use());
        }
    }
}

pub async fn an_operator_decides_about_a_closed_account(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["alice", "bob", "carol", "dora"] {
        closed(&store, name, 20).await;
    }
    // Disabled, it waits for nothing any more.
    let disabled = store.disable_user(&id("alice"), moment(2)).await.unwrap();
    let disabled = disabled.unwrap();
    assert!(disabled.disabled && disabled.closes_at.is_none());
    assert_eq!(reopened(&store, "alice", 2, 3).await, None);
    // Enabled, its owner can sign in.
    let enabled = store.enable_user(&id("bob"), moment(2)).await.unwrap();
    assert!(matches!(enabled, Enabled::Done(user) if user.is_in_use()));
    assert!(stored(&store, "bob").await.is_in_use());
    // The end of its sessions leaves it waiting.
    let revoked = store.revoke_user(&id("carol"), moment(2)).await.unwrap();
    let revoked = revoked.unwrap();
    assert_eq!(
        (revoked.generation, revoked.closes_at),
        (Generation(2), Some(at(20)))
    );
    assert!(!revoked.disabled);
    assert!(store.delete_user(&id("dora"), moment(2)).await.unwrap());

    let due = store.due_users(at(30), 10).await.unwrap();
    let due: Vec<_> = due.into_iter().map(|user| user.id).collect();
    assert_eq!(due, [id("carol")]);
    assert!(deleted(&store, "carol", 2, 30).await);
}

pub async fn nothing_of_a_closed_account_changes(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = closed(&store, "alice", 900).await;
    let keep: Option<SessionId> = Some(session_id(1));
    for generation in [0, 1] {
        let change = change("alice", generation, "new", keep);
        let changed = store.change_password(change, moment(2)).await.unwrap();
        assert_eq!(changed, PasswordChanged::Superseded);
        let change = AddressChange {
            user: id("alice"),
            from: alice.address_number,
            at: Generation(generation),
            to: email("new@example.org"),
            may_be_undone: true,
        };
        let changed = store.change_address(change, moment(2)).await.unwrap();
        assert_eq!(changed, AddressChanged::Superseded);
    }
    let proof = AddressProof::of(&alice).unwrap();
    let confirmed = store.confirm_address(proof, moment(2)).await.unwrap();
    assert_eq!(confirmed, None);
    let renamed = ProfileChange {
        username: None,
        email: Some(email("new@example.org")),
    };
    let changed = store.change_profile(&id("alice"), renamed, moment(2)).await;
    assert_eq!(changed.unwrap(), None);
    assert!(stored(&store, "alice").await == alice);
}

pub async fn taking_back_an_address_takes_back_the_closing(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["alice", "bob"] {
        let user = account(&store, name).await;
        let change = AddressChange {
            user: id(name),
            from: user.address_number,
            at: user.generation,
            to: email(&format!("thief-of-{name}@example.net")),
            may_be_undone: true,
        };
        store.change_address(change, moment(1)).await.unwrap();
        let closing = store.close_user(closing(name, 0, 900), moment(2)).await;
        assert!(closing.unwrap().is_some());
    }
    store.disable_user(&id("bob"), moment(3)).await.unwrap();
    for (name, is_disabled, generation) in [("alice", false, 2), ("bob", true, 3)] {
        let undo = AddressUndo {
            user: id(name),
            change: stored(&store, name).await.address_number,
            back_to: email(&format!("{name}@example.org")),
        };
        let undone = store.undo_address(undo, moment(4)).await.unwrap().unwrap();
        assert_eq!((undone.disabled, undone.closes_at), (is_disabled, None));
        assert_eq!(undone.generation, Generation(generation));
        assert!(stored(&store, name).await == undone);
    }
    assert!(store.due_users(at(1000), 10).await.unwrap().is_empty());
}

pub async fn a_new_password_of_whoever_proves_the_address_takes_back_the_closing(
    backend: &dyn Backend,
) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let alice = closed(&store, "alice", 900).await;
    closed(&store, "bob", 900).await;
    store.disable_user(&id("bob"), moment(2)).await.unwrap();
    let listener = Listener::on(&store).await;
    let by_mail = |user: &User, number| PasswordChange {
        user: user.id.clone(),
        proven: AddressProof::of(user),
        ..change("nobody", number, "new", None)
    };
    // Of before the closing.
    let before = User {
        generation: Generation(0),
        ..alice.clone()
    };
    for change in [by_mail(&before, 0), by_mail(&before, 1)] {
        let changed = beside.change_password(change, moment(3)).await.unwrap();
        assert_eq!(changed, PasswordChanged::Superseded);
    }
    assert!(stored(&store, "alice").await == alice);
    let changed = beside.change_password(by_mail(&alice, 1), moment(4)).await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);
    let expected = User {
        generation: Generation(2),
        email_verified: true,
        closes_at: None,
        updated_at: at(4),
        ..alice
    };
    assert!(stored(&store, "alice").await == expected && expected.is_in_use());
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    listener.hears(&generation("alice", 2)).await;
    assert!(store.due_users(at(1000), 10).await.unwrap().is_empty());
    assert!(!deleted(&store, "alice", 1, 1000).await);
    assert!(!deleted(&store, "alice", 2, 1000).await);
    // Of an account that is disabled, and waits for nothing, the password changes and nothing else.
    let bob = stored(&store, "bob").await;
    let changed = beside.change_password(by_mail(&bob, 2), moment(5)).await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);
    assert!(stored(&store, "bob").await.disabled);
    beside.close().await;
}

fn generation(owner: &str, minimum: u64) -> FeedEntry {
    FeedEntry::Generation {
        user: id(owner),
        minimum: Generation(minimum),
        keep: None,
    }
}
