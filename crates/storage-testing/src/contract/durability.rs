//! What outlives the process.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use storage::{FeedEntry, FeedRow, NewUser, Posted, Rotated, SaveUserError, Storage, UniqueField};

use super::Backend;
use super::attempts::{KEY, assert_waits, fail};
use super::fixtures::{
    LIMIT, account, at, change, exists, hash, id, moment, new_user, opened, renewed, rotated,
    session, session_id, spent, stored, stored_hash, token, typed,
};
use super::listener::Listener;
use super::outbox::{claim, finish, keyed, post, posted};
use super::records::{changed_once, is_changed_once};
use super::rotation::handed_out;
use super::tickets::{reset_of, takes};

pub async fn accounts_and_sessions_survive_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    opened(&store, "alice", 2, 0).await;
    let keep = Some(session_id(2));
    store
        .change_password(change("alice", 0, "new", keep), moment(1))
        .await
        .unwrap();
    let alice = stored(&store, "alice").await;
    let session = renewed_second(&store).await;

    let store = restarted(backend, &store).await;
    assert!(stored(&store, "alice").await == alice);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    let login = typed("nobody", Some("ALICE"), None);
    assert!(store.credentials_by_login(&login).await.unwrap().is_some());
    assert!(!exists(&store, 1).await);
    assert_eq!(store.session(session_id(2)).await.unwrap(), Some(session));
}

pub async fn the_feed_survives_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    opened(&store, "alice", 2, 0).await;
    store
        .end_session(&id("alice"), session_id(1), moment(0))
        .await
        .unwrap();
    store
        .end_session(&id("alice"), session_id(2), moment(100))
        .await
        .unwrap();
    let row = FeedRow {
        entry: FeedEntry::Token(token("revoked")),
        until: at(5000),
    };
    store.append(vec![row.clone()]).await.unwrap();

    // The first has run out by now (its feed remembers 1,200 seconds), the second has not.
    let store = restarted(backend, &store).await;
    let listener = Listener::at(&store, 1250).await;
    let second = FeedRow {
        entry: FeedEntry::Session(session_id(2)),
        until: at(1300),
    };
    let mut heard = listener.take();
    heard.retain(|row| row.until > at(1250)); // a shared store gives what has run out, too
    assert_eq!(heard, [second, row]);
    // And it goes on from there.
    store.delete_user(&id("alice"), moment(1300)).await.unwrap();
    assert!(listener.has(&FeedEntry::Closed(id("alice"))));
}

pub async fn tickets_and_records_survive_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let (good, spent) = (
        reset_of(&store, "alice", 1).await,
        reset_of(&store, "alice", 2).await,
    );
    assert!(takes(&store, &spent, 1).await);
    changed_once(&store, "p-1").await;

    let store = restarted(backend, &store).await;
    assert!(takes(&store, &good, 2).await);
    assert!(!takes(&store, &spent, 2).await);
    assert!(is_changed_once(&store, "p-1").await);
}

pub async fn jobs_survive_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, keyed(1, 1), 0).await;
    let done = claim(&store, 1, 1).await;
    assert!(finish(&store, &done[0]).await);
    post(&store, keyed(2, 2), 0).await;
    let claimed = claim(&store, 1, 1).await;
    post(&store, keyed(3, 3), 0).await;

    let store = restarted(backend, &store).await;
    for key in 1..=3 {
        let double = posted(&store, keyed(key + 10, key), 2).await;
        assert_eq!(double, Posted::AlreadyThere, "{key}");
    }
    assert_eq!(claim(&store, 2, 5).await.len(), 1, "that which nobody had");
    assert!(
        finish(&store, &claimed[0]).await,
        "whoever has a claim keeps it"
    );
    assert_eq!(claim(&store, 200, 5).await.len(), 1);
}

pub async fn the_longest_lifetime_survives_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    store
        .note_access_lifetime(Duration::from_secs(900))
        .await
        .unwrap();
    let store = restarted(backend, &store).await;
    let noted = store
        .note_access_lifetime(Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(noted, Duration::from_secs(900));
}

pub async fn an_unread_answer_is_durable_after_a_close(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    {
        let mut openings: Vec<_> = (1..=20)
            .map(|number| {
                let session = super::fixtures::session("alice", number, 0);
                store.open_session(session, super::fixtures::LIMIT, moment(0))
            })
            .collect();
        // Each is accepted, none is waited for.
        poll_fn(|context| {
            for opening in &mut openings {
                let _ = opening.as_mut().poll(context);
            }
            Poll::Ready(())
        })
        .await;
    }
    let store = restarted(backend, &store).await;
    for number in 1..=20 {
        assert!(exists(&store, number).await, "{number}");
    }
}

pub async fn an_ended_session_stays_ended_after_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    store
        .end_session(&id("alice"), session_id(1), moment(1))
        .await
        .unwrap();
    let store = restarted(backend, &store).await;
    assert!(matches!(
        rotated(&store, "first", "second", 2).await,
        Rotated::Refused
    ));
    assert!(
        Listener::at(&store, 2)
            .await
            .has(&FeedEntry::Session(session_id(1)))
    );
}

pub async fn a_spent_token_stays_spent_after_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let second = renewed(rotated(&store, "first", "second", 60).await);
    let store = restarted(backend, &store).await;
    // The answer may have been lost with the process: that it was not handed out is remembered.
    match rotated(&store, "first", "other", 100).await {
        Rotated::Repeated(session) => assert_eq!(session, second),
        other => panic!("not repeated: {other:?}"),
    }
    assert!(handed_out(&store, "second", 101).await);
    let store = restarted(backend, &store).await;
    // Beyond the grace, which begins with that.
    assert!(matches!(
        rotated(&store, "first", "other", 112).await,
        Rotated::Replayed
    ));
}

pub async fn a_spent_token_without_a_session_stays_spent_after_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let once = async |store: &Arc<dyn Storage>, number| {
        let session = session("alice", number, 1);
        store
            .open_session_once(spent("legacy", 5000), session, LIMIT, moment(1))
            .await
            .unwrap()
    };
    assert!(once(&store, 1).await);
    let store = restarted(backend, &store).await;
    assert!(exists(&store, 1).await);
    assert!(!once(&store, 2).await);
    let listener = Listener::at(&store, 4999).await;
    assert!(listener.has(&FeedEntry::Token(token("legacy"))));
}

pub async fn failures_are_counted_on_after_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    fail(&store, KEY, 3, 0).await;
    let store = restarted(backend, &store).await;
    fail(&store, KEY, 2, 5).await;
    let store = restarted(backend, &store).await;
    assert_waits(&store, KEY, 5, 10).await;
}

pub async fn a_released_name_stays_reserved_after_a_restart(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    let store = restarted(backend, &store).await;
    let stranger = NewUser {
        id: id("stranger"),
        ..new_user("alice")
    };
    let taken = store.create_user(stranger).await.unwrap_err();
    assert!(matches!(taken, SaveUserError::Taken(UniqueField::Username)));
}

/// Closes, and opens what is left.
async fn restarted(backend: &dyn Backend, store: &Arc<dyn Storage>) -> Arc<dyn Storage> {
    store.close().await;
    backend.open().await
}

/// Renews the second session of alice.
async fn renewed_second(store: &Arc<dyn Storage>) -> model::Session {
    let mut rotation = super::fixtures::rotation("alice", "first", "second", 2);
    rotation.session = session_id(2);
    renewed(store.rotate(rotation, moment(2)).await.unwrap())
}
