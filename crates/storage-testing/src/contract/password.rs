//! Passwords and generations.

use std::sync::Arc;

use model::{Generation, Session, User};
use storage::{FeedEntry, PasswordChanged};

use super::Backend;
use super::fixtures::{
    LIMIT, account, at, at_once, change, exists, hash, id, moment, opened, session, session_id,
    stored, stored_hash,
};
use super::listener::Listener;

pub async fn an_upgrade_replaces_only_the_hash_that_was_read(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let upgrade = |from: &'static str, to: &'static str| {
        let store = Arc::clone(&store);
        async move {
            store
                .upgrade_hash(&id("alice"), &hash(from), &hash(to))
                .await
                .unwrap()
        }
    };
    assert!(!upgrade("another", "new").await);
    assert_eq!(stored_hash(&store, "alice").await, hash("old").expose());
    assert!(upgrade("old", "new").await);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    assert!(!upgrade("old", "newer").await);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
}

pub async fn an_upgrade_changes_no_generation(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    store
        .upgrade_hash(&id("alice"), &hash("old"), &hash("new"))
        .await
        .unwrap();
    assert!(stored(&store, "alice").await == alice);
    assert!(exists(&store, 1).await);
}

pub async fn a_change_raises_the_generation_and_keeps_one_session(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    account(&store, "bob").await;
    for number in 1..=3 {
        opened(&store, "alice", number, 0).await;
    }
    opened(&store, "bob", 4, 0).await;
    let keep = Some(session_id(2));
    let changed = store
        .change_password(change("alice", 0, "new", keep), moment(7))
        .await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);

    let expected = User {
        generation: Generation(1),
        keep,
        updated_at: at(7),
        ..alice
    };
    assert!(stored(&store, "alice").await == expected);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    assert!(!exists(&store, 1).await && exists(&store, 2).await && !exists(&store, 3).await);
    assert!(exists(&store, 4).await);
}

pub async fn a_change_may_keep_no_session(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let keeping = change("alice", 0, "new", Some(session_id(1)));
    store.change_password(keeping, moment(1)).await.unwrap();
    store
        .change_password(change("alice", 1, "newer", None), moment(2))
        .await
        .unwrap();
    assert!(!exists(&store, 1).await);
    let alice = stored(&store, "alice").await;
    assert_eq!((alice.generation, alice.keep), (Generation(2), None));
}

pub async fn a_superseded_change_changes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    store
        .change_password(change("alice", 0, "new", None), moment(1))
        .await
        .unwrap();
    let alice = stored(&store, "alice").await;
    // Of the generation that the change made: an older one may be ended at any time.
    let newer = Session {
        generation: alice.generation,
        ..session("alice", 1, 1)
    };
    store.open_session(newer, LIMIT, moment(1)).await.unwrap();
    let listener = Listener::on(&store).await;
    listener.take();

    for late in [
        change("alice", 0, "late", None),
        change("alice", 2, "early", None),
    ] {
        let changed = store.change_password(late, moment(2)).await.unwrap();
        assert_eq!(changed, PasswordChanged::Superseded);
    }
    let gone = store
        .change_password(change("nobody", 0, "new", None), moment(2))
        .await
        .unwrap();
    assert_eq!(gone, PasswordChanged::Superseded);
    assert!(stored(&store, "alice").await == alice);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    assert!(exists(&store, 1).await);
    let second = FeedEntry::Generation {
        user: id("alice"),
        minimum: Generation(2),
        keep: None,
    };
    assert!(!listener.has(&second));
}

pub async fn of_fifty_changes_at_once_one_is_made(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        let change = change("alice", 0, &format!("new{number}"), None);
        async move {
            (
                number,
                store.change_password(change, moment(1)).await.unwrap(),
            )
        }
    })
    .await;
    let made: Vec<_> = answers
        .iter()
        .filter(|(_, answer)| *answer == PasswordChanged::Changed)
        .collect();
    assert_eq!(made.len(), 1);
    assert_eq!(stored(&store, "alice").await.generation, Generation(1));
    let new = hash(&format!("new{}", made[0].0));
    assert_eq!(stored_hash(&store, "alice").await, new.expose());
}
