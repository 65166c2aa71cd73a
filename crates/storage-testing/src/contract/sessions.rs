//! Sessions.

use std::sync::Arc;

use model::{
    Authentication, ClientInfo, Generation, Level, Method, Methods, Session, SessionId, TokenPair,
};
use storage::{FeedEntry, Rotated, Storage};

use super::Backend;
use super::fixtures::{
    LIMIT, REFRESH_LIFETIME, account, at, at_once, exists, id, moment, opened, pair, rotated,
    session, session_id, token,
};
use super::listener::Listener;

pub async fn a_session_reads_back_as_it_was_opened(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let plain = opened(&store, "alice", 1, 0).await;
    let unusual = Session {
        generation: Generation(7),
        authentication: Authentication {
            methods: Methods::PASSWORD
                .with(Method::OneTimeCode)
                .with(Method::HardwareKey)
                .with(Method::SoftwareKey),
            level: Level::Two,
            at: at(-5),
        },
        last_used_at: at(3),
        client: ClientInfo {
            address: String::new(),
            agent: "ü\0\"'".to_owned(),
        },
        pair: TokenPair {
            fresh_until: None,
            access_issued_at: at(4).as_seconds(),
            ..pair("second", 3)
        },
        previous: Some(token("first")),
        rotated_at: at(3),
        handing: Some(token("second")),
        ..session("alice", 2, 1)
    };
    store
        .open_session(unusual.clone(), LIMIT, moment(3))
        .await
        .unwrap();
    assert_eq!(store.session(plain.id).await.unwrap(), Some(plain));
    assert_eq!(store.session(unusual.id).await.unwrap(), Some(unusual));
    assert_eq!(store.session(session_id(3)).await.unwrap(), None);
}

pub async fn sessions_are_listed_the_one_used_last_first(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    for (number, seconds) in [(1, 10), (2, 30), (3, 20)] {
        opened(&store, "alice", number, seconds).await;
    }
    opened(&store, "bob", 4, 40).await;
    assert_eq!(
        listed(&store, 50).await,
        [session_id(2), session_id(3), session_id(1)]
    );
    rotated(&store, "first", "second", 60).await;
    assert_eq!(
        listed(&store, 60).await,
        [session_id(1), session_id(2), session_id(3)]
    );
}

pub async fn a_session_over_by_age_is_not_listed(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let short = Session {
        expires_at: at(100),
        ..session("alice", 2, 0)
    };
    store
        .open_session(short.clone(), LIMIT, moment(0))
        .await
        .unwrap();
    let idle = i64::try_from(REFRESH_LIFETIME).unwrap();
    assert_eq!(listed(&store, 99).await, [session_id(2), session_id(1)]);
    assert_eq!(listed(&store, 100).await, [session_id(1)]);
    assert_eq!(listed(&store, idle - 1).await, [session_id(1)]);
    assert_eq!(listed(&store, idle).await, []);
    // Its row is there until it is swept.
    assert_eq!(store.session(short.id).await.unwrap(), Some(short));
}

pub async fn beyond_the_limit_the_oldest_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    opened(&store, "bob", 1000, 0).await;
    // The oldest is the one opened first, not the one used last.
    for number in 1..=LIMIT {
        opened(&store, "alice", number, i64::from(LIMIT - number)).await;
    }
    rotated(&store, "first", "second", 150).await;
    let listener = Listener::on(&store).await;
    assert_eq!(listed(&store, 200).await.len(), 100);

    opened(&store, "alice", 101, 200).await;
    assert!(listener.has(&FeedEntry::Session(session_id(LIMIT))));
    assert!(!exists(&store, LIMIT).await);
    assert_eq!(listed(&store, 200).await.len(), 100);
    assert!(exists(&store, 1).await && exists(&store, 101).await && exists(&store, 1000).await);

    let session = session("alice", 102, 201);
    store.open_session(session, 2, moment(201)).await.unwrap();
    assert_eq!(
        listed(&store, 201).await,
        [session_id(102), session_id(101)]
    );
    assert!(listener.has(&FeedEntry::Session(session_id(1))));
}

pub async fn a_hundred_and_fifty_opened_at_once_leave_a_hundred(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let listener = Listener::on(&store).await;
    at_once(150, |number| {
        let store = Arc::clone(&store);
        async move { opened(&store, "alice", number, i64::from(number)).await }
    })
    .await;
    let left = listed(&store, 200).await;
    assert_eq!(left.len(), 100);
    for number in 0..150 {
        let id = session_id(number);
        assert_eq!(
            listener.has(&FeedEntry::Session(id)),
            !left.contains(&id),
            "{number}"
        );
    }
}

pub async fn an_ended_session_is_gone(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    opened(&store, "alice", 2, 0).await;
    assert!(
        store
            .end_session(&id("alice"), session_id(1), moment(1))
            .await
            .unwrap()
    );
    assert!(!exists(&store, 1).await);
    assert_eq!(listed(&store, 1).await, [session_id(2)]);
}

pub async fn a_session_that_has_gone_is_heard_of_all_the_same(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let listener = Listener::on(&store).await;
    assert!(
        !store
            .end_session(&id("alice"), session_id(9), moment(1))
            .await
            .unwrap()
    );
    assert!(listener.has(&FeedEntry::Session(session_id(9))));
}

pub async fn nobody_ends_the_session_of_another(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "mallory").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    assert!(
        !store
            .end_session(&id("mallory"), session_id(1), moment(1))
            .await
            .unwrap()
    );
    assert!(exists(&store, 1).await);
    assert!(!listener.has(&FeedEntry::Session(session_id(1))));
}

pub async fn all_others_end_at_once(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    for number in 1..=3 {
        opened(&store, "alice", number, 0).await;
    }
    opened(&store, "bob", 4, 0).await;
    let listener = Listener::on(&store).await;
    let end = async || {
        store
            .end_other_sessions(&id("alice"), session_id(2), moment(1))
            .await
    };
    assert_eq!(end().await.unwrap(), 2);
    assert_eq!(listed(&store, 1).await, [session_id(2)]);
    assert!(exists(&store, 4).await);
    for (number, ended) in [(1, true), (2, false), (3, true), (4, false)] {
        let entry = FeedEntry::Session(session_id(number));
        assert_eq!(listener.has(&entry), ended, "{number}");
    }
    assert_eq!(end().await.unwrap(), 0);
}

pub async fn a_session_of_a_deleted_account_is_of_no_use(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    store.delete_user(&id("alice"), moment(0)).await.unwrap();
    // A login that was under way: its tokens are refused, as all of this account are.
    opened(&store, "alice", 1, 1).await;
    assert!(matches!(
        rotated(&store, "first", "second", 2).await,
        Rotated::Refused
    ));
}

async fn listed(store: &Arc<dyn Storage>, seconds: i64) -> Vec<SessionId> {
    let sessions = store.sessions_of(&id("alice"), at(seconds)).await.unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}
