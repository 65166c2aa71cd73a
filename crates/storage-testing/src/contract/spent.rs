//! Tokens that belong to no session, and open one at the most.

use std::sync::Arc;

use storage::{FeedEntry, FeedRow, Storage};

use super::Backend;
use super::fixtures::{
    LIMIT, account, at, at_once, exists, id, moment, opened, session, session_id, spent, token,
};
use super::listener::Listener;

pub async fn a_token_opens_one_session(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    let listener = Listener::on(&store).await;
    assert!(opens(&store, "legacy", 1, 1).await);
    let kept = store.session(session_id(1)).await.unwrap();
    assert_eq!(kept, Some(session("alice", 1, 1)));
    let row = FeedRow {
        entry: FeedEntry::Token(token("legacy")),
        until: at(5000),
    };
    assert_eq!(listener.take(), [row]);

    assert!(!opens(&store, "legacy", 2, 2).await);
    assert!(!exists(&store, 2).await);
    assert!(exists(&store, 1).await);
    assert_eq!(listener.take(), []);
    assert!(opens(&store, "another", 2, 2).await);
}

pub async fn of_fifty_uses_of_a_token_at_once_one_opens_a_session(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    let opened = at_once(50, |number| {
        let store = Arc::clone(&store);
        async move { opens(&store, "legacy", number, 1).await }
    })
    .await;
    assert_eq!(opened.iter().filter(|opened| **opened).count(), 1);
    assert_eq!(sessions(&store).await, 1);
}

pub async fn a_session_for_a_token_ends_the_oldest_beyond_the_limit(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    for number in 1..=LIMIT {
        opened(&store, "alice", number, i64::from(number)).await;
    }
    let listener = Listener::on(&store).await;
    assert!(opens(&store, "legacy", LIMIT + 1, 500).await);
    assert!(!exists(&store, 1).await);
    assert!(exists(&store, LIMIT + 1).await);
    assert!(listener.has(&FeedEntry::Session(session_id(1))));
}

pub async fn a_spent_token_opens_nothing(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    let listener = Listener::on(&store).await;
    assert!(store.spend_token(spent("legacy", 5000)).await.unwrap());
    assert!(listener.has(&FeedEntry::Token(token("legacy"))));
    assert!(!opens(&store, "legacy", 1, 1).await);
    assert!(!exists(&store, 1).await);
    assert!(!store.spend_token(spent("legacy", 5000)).await.unwrap());
}

pub async fn of_a_use_and_fifty_spendings_at_once_one_counts(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    let counted = at_once(51, |number| {
        let store = Arc::clone(&store);
        async move {
            if number == 25 {
                opens(&store, "legacy", 1, 1).await
            } else {
                store.spend_token(spent("legacy", 5000)).await.unwrap()
            }
        }
    })
    .await;
    assert_eq!(counted.iter().filter(|counted| **counted).count(), 1);
    assert_eq!(exists(&store, 1).await, counted[25]);
}

pub async fn a_spent_token_is_forgotten_when_it_has_run_out(backend: &dyn Backend) {
    let store = with_alice(backend).await;
    for name in ["one", "two", "three"] {
        assert!(store.spend_token(spent(name, 100)).await.unwrap());
    }
    assert!(store.spend_token(spent("late", 101)).await.unwrap());
    assert_eq!(store.sweep(at(99), 10).await.unwrap(), 0);
    // Three rows of the feed and three of the tokens, whatever comes first.
    assert_eq!(store.sweep(at(100), 4).await.unwrap(), 4);
    assert_eq!(store.sweep(at(100), 4).await.unwrap(), 2);
    assert!(store.spend_token(spent("one", 200)).await.unwrap());
    assert!(!store.spend_token(spent("late", 200)).await.unwrap());
}

async fn with_alice(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    account(&store, "alice").await;
    store
}

/// Whether `token(name)` opens the `number`th session, so many seconds after the start.
async fn opens(store: &Arc<dyn Storage>, name: &str, number: u32, seconds: i64) -> bool {
    let session = session("alice", number, seconds);
    store
        .open_session_once(spent(name, 5000), session, LIMIT, moment(seconds))
        .await
        .unwrap()
}

async fn sessions(store: &Arc<dyn Storage>) -> usize {
    let listed = store.sessions_of(&id("alice"), at(1)).await;
    listed.unwrap().len()
}
