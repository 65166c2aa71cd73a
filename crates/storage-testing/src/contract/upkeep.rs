//! The care of a store.

use std::sync::Arc;
use std::time::Duration;

use model::{Session, Timestamp};
use secret::HashedToken;
use storage::outbox::{Claim, JobId, JobKey};
use storage::records::By;
use storage::{
    Error, FeedEntry, FeedRow, FeedSink, Kind, ProfileChange, RecordId, SaveUserError, Storage,
    Tells,
};

use super::Backend;
use super::attempts::{KEY, reserved};
use super::fixtures::{
    LIMIT, START, account, at, change, exists, hash, id, moment, new_user, opened, rotation,
    session, session_id, spent, token, typed,
};
use super::listener::Listener;

pub async fn it_describes_itself(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(!store.describe().is_empty());
}

pub async fn it_answers_when_it_is_well(backend: &dyn Backend) {
    let store = backend.open().await;
    for _ in 0..3 {
        store.ping().await.unwrap();
    }
}

pub async fn what_has_run_out_is_swept_in_small_steps(backend: &dyn Backend) {
    let store = with_leftovers(backend).await;
    let mut left = 10;
    while left > 0 {
        let swept = store.sweep(at(100), 3).await.unwrap();
        assert_eq!(swept, left.min(3));
        left -= swept;
    }
    assert_eq!(store.sweep(at(100), 3).await.unwrap(), 0);
    for number in 1..=5 {
        assert!(!exists(&store, number).await);
    }
    // Even one who asks for the past hears nothing of it.
    let listener = Listener::deaf();
    let sink = Arc::clone(&listener) as Arc<dyn FeedSink>;
    store
        .follow(Timestamp::from_seconds(START - 1), sink)
        .await
        .unwrap();
    assert!((0..5).all(|number| !listener.has(&FeedEntry::Token(token(&number.to_string())))));
}

pub async fn what_has_not_run_out_is_kept(backend: &dyn Backend) {
    let store = with_leftovers(backend).await;
    assert_eq!(store.sweep(at(99), 100).await.unwrap(), 0);
    assert_eq!(store.sweep(at(100), 100).await.unwrap(), 10);
    assert!(exists(&store, 6).await);
    assert!(store.user(&id("alice")).await.unwrap().is_some());
    let listener = Listener::at(&store, 100).await;
    assert!(listener.has(&FeedEntry::Token(token("late"))));
}

pub async fn the_longest_lifetime_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    let noted = async |seconds| {
        let lifetime = Duration::from_secs(seconds);
        store
            .note_access_lifetime(lifetime)
            .await
            .unwrap()
            .as_secs()
    };
    assert_eq!(noted(900).await, 900);
    assert_eq!(noted(60).await, 900);
    assert_eq!(noted(3600).await, 3600);
    assert_eq!(noted(0).await, 3600);
}

pub async fn the_present_secret_is_noted_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let noted = async |fingerprint| store.noted_secret(fingerprint).await.unwrap();
    assert_eq!(noted("a").await, None);
    assert_eq!(store.note_secret("a", at(1)).await.unwrap(), at(1));
    assert_eq!(store.note_secret("a", at(2)).await.unwrap(), at(1));
    assert_eq!(noted("a").await, Some(at(1)));
    // Another takes its place, and the one before is new when it comes back.
    assert_eq!(store.note_secret("b", at(3)).await.unwrap(), at(3));
    assert_eq!(noted("a").await, None);
    assert_eq!(store.note_secret("a", at(4)).await.unwrap(), at(4));
}

pub async fn a_closed_store_is_unavailable(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let reservation = reserved(&store, KEY, 0).await;
    store.close().await;
    store.close().await; // once more does no harm

    let now = moment(1);
    let alice = id("alice");
    let sink = Listener::deaf() as Arc<dyn FeedSink>;
    assert_saving_unavailable(store.create_user(new_user("bob")).await);
    let profile = ProfileChange::default();
    assert_saving_unavailable(store.change_profile(&alice, profile, now).await);
    assert_unavailable(store.user(&alice).await);
    assert_unavailable(store.credentials(&alice).await);
    assert_unavailable(
        store
            .credentials_by_login(&typed("alice", None, None))
            .await,
    );
    assert_unavailable(store.upgrade_hash(&alice, &hash("old"), &hash("new")).await);
    assert_unavailable(
        store
            .change_password(change("alice", 0, "new", None), now)
            .await,
    );
    assert_unavailable(store.delete_user(&alice, now).await);
    assert_unavailable(store.hash_kinds().await);
    assert_unavailable(store.open_session(session("alice", 1, 1), LIMIT, now).await);
    let spent = || spent("legacy", 100);
    let once = store.open_session_once(spent(), session("alice", 1, 1), LIMIT, now);
    assert_unavailable(once.await);
    assert_unavailable(store.spend_token(spent()).await);
    assert_unavailable(store.session(session_id(1)).await);
    assert_unavailable(store.sessions_of(&alice, at(1)).await);
    assert_unavailable(
        store
            .rotate(rotation("alice", "first", "second", 1), now)
            .await,
    );
    assert_unavailable(store.end_session(&alice, session_id(1), now).await);
    assert_unavailable(store.end_other_sessions(&alice, session_id(1), now).await);
    assert_unavailable(store.reserve_attempt(KEY, at(1)).await);
    assert_unavailable(store.give_back_attempt(KEY, reservation).await);
    assert_unavailable(store.clear_attempts(KEY).await);
    assert_unavailable(store.withdraw_tickets(&alice, None).await);
    let kind = Kind("kind");
    let hash = HashedToken::from_bytes([1; 32]);
    assert_unavailable(store.look_at_ticket(kind, hash, at(1)).await);
    assert_unavailable(store.take_ticket(kind, hash, at(1)).await);
    let (id, tells) = (RecordId::parse("r-1").unwrap(), Tells::nothing());
    assert_unavailable(store.record(kind, By::Id(id.clone())).await);
    assert_unavailable(store.delete_record(kind, id, None, tells).await);
    let (job, claim) = (JobId::from_bytes([1; 16]), Claim(1));
    assert_unavailable(store.post_job(super::outbox::job(1), at(1)).await);
    let wanted = super::outbox::first_tries();
    assert_unavailable(store.claim_jobs(&wanted, at(1), at(2), 1).await);
    assert_unavailable(store.finish_job(job, claim).await);
    assert_unavailable(store.postpone_job(job, claim, at(2), "code").await);
    let hastened = store.hasten_job(kind, JobKey::from_bytes([1; 32]), at(1));
    assert_unavailable(hastened.await);
    assert_unavailable(store.outbox_depth(at(1)).await);
    assert_unavailable(store.follow(at(1), sink).await);
    assert_unavailable(store.append(Vec::new()).await);
    assert_unavailable(store.ping().await);
    assert_unavailable(store.sweep(at(1), 1).await);
    assert_unavailable(store.note_access_lifetime(Duration::ZERO).await);
}

/// Five sessions and five rows that have run out 100 seconds after the start, and one of each that
/// has not.
async fn with_leftovers(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    account(&store, "alice").await;
    for number in 1..=5 {
        let short = Session {
            expires_at: at(100),
            ..session("alice", number, 0)
        };
        store.open_session(short, LIMIT, moment(0)).await.unwrap();
    }
    opened(&store, "alice", 6, 0).await;
    let row = |name: &str, until| FeedRow {
        entry: FeedEntry::Token(token(name)),
        until: at(until),
    };
    // One after the other: a backend may keep together what is appended together.
    let rows = (0..5).map(|number| row(&number.to_string(), 100));
    for row in rows.chain([row("late", 101)]) {
        store.append(vec![row]).await.unwrap();
    }
    store
}

fn assert_unavailable<T>(answer: Result<T, Error>) {
    assert!(matches!(answer.map(drop), Err(Error::Unavailable(_))));
}

fn assert_saving_unavailable<T>(answer: Result<T, SaveUserError>) {
    assert!(matches!(
        answer.map(drop),
        Err(SaveUserError::Storage(Error::Unavailable(_)))
    ));
}
