//! What happened to accounts.

use std::sync::Arc;

use storage::events::{ChainCheck, ChainFault, EventContent};
use storage::{EventKeys, Link, NewEvent, Storage};

use super::Backend;
use super::fixtures::{account, at, at_once, id, moment};

/// Something that happened after so many seconds.
fn event(seconds: i64, text: &str) -> NewEvent {
    let mut salt = [0; 16];
    for (at, byte) in text.bytes().enumerate().take(16) {
        salt[at] = byte;
    }
    NewEvent {
        at: at(seconds),
        content: EventContent {
            salt,
            text: text.to_owned(),
        },
    }
}

async fn append(store: &Arc<dyn Storage>, name: &str, events: Vec<NewEvent>) -> bool {
    store.append_events(&id(name), events).await.unwrap()
}

async fn happened(store: &Arc<dyn Storage>, name: &str, seconds: i64) {
    assert!(append(store, name, vec![event(seconds, &format!("at {seconds}"))]).await);
}

async fn links(store: &Arc<dyn Storage>, name: &str) -> Vec<Link> {
    store.links_of(&id(name), 0, 1000).await.unwrap()
}

/// What the chain of an account says, in order; nothing for what was erased.
async fn said(store: &Arc<dyn Storage>, name: &str) -> Vec<Option<String>> {
    let links = links(store, name).await;
    let texts = links.into_iter().map(|link| link.content);
    texts.map(|it| it.map(|it| it.text)).collect()
}

async fn faults(store: &Arc<dyn Storage>, name: &str) -> Vec<ChainFault> {
    let (keys, user) = (EventKeys::default(), id(name));
    let ends = store.chain_ends(&user).await.unwrap();
    let mut check = ChainCheck::begin(&keys, &user, ends);
    for link in links(store, name).await {
        check.link(&link);
    }
    check.finish()
}

pub async fn what_happened_reads_back_in_order(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    account(&store, "alice").await;
    account(&store, "bob").await;
    assert!(append(&store, "alice", vec![event(1, "one"), event(2, "two")]).await);
    assert!(append(&beside, "alice", vec![event(3, "three")]).await);
    happened(&store, "bob", 1).await;
    let said = said(&store, "alice").await;
    let texts: Vec<_> = said.iter().flatten().map(String::as_str).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let numbers: Vec<_> = links(&store, "alice")
        .await
        .iter()
        .map(|link| (link.number, link.at))
        .collect();
    assert_eq!(numbers, [(1, at(1)), (2, at(2)), (3, at(3))]);
    for name in ["alice", "bob", "nobody"] {
        assert_eq!(faults(&beside, name).await, []);
    }
    let users = store.users_with_events(None, 1).await.unwrap();
    assert_eq!(users, [id("alice")]);
    let users = store
        .users_with_events(Some(&id("alice")), 9)
        .await
        .unwrap();
    assert_eq!(users, [id("bob")]);
}

pub async fn the_latest_comes_first_a_page_at_a_time(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for seconds in 1..=5 {
        happened(&store, "alice", seconds).await;
    }
    let numbers = async |before, limit| {
        let page = store.events_of(&id("alice"), before, limit).await.unwrap();
        page.iter().map(|link| link.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 2).await, [5, 4]);
    assert_eq!(numbers(Some(4), 2).await, [3, 2]);
    assert_eq!(numbers(Some(2), 2).await, [1]);
    assert!(numbers(Some(1), 2).await.is_empty());
    let of_nobody = store.events_of(&id("nobody"), None, 2).await.unwrap();
    assert!(of_nobody.is_empty());
}

pub async fn of_fifty_at_once_none_is_lost(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    account(&store, "alice").await;
    let appended = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        let seconds = i64::from(number);
        let event = event(seconds, &format!("number {number}"));
        async move { append(&store, "alice", vec![event]).await }
    })
    .await;
    assert_eq!(appended, [true; 50]);
    let mut said: Vec<_> = said(&store, "alice").await.into_iter().flatten().collect();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), 50);
    assert_eq!(faults(&store, "alice").await, []);
}

pub async fn nothing_happens_to_nobody(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(!append(&store, "nobody", vec![event(1, "one")]).await);
    assert!(links(&store, "nobody").await.is_empty());
    assert!(store.users_with_events(None, 9).await.unwrap().is_empty());
}

pub async fn what_is_old_goes_and_the_rest_still_verifies(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["alice", "bob"] {
        account(&store, name).await;
        for seconds in 1..=4 {
            happened(&store, name, seconds).await;
        }
    }
    assert_eq!(store.prune_events(at(0), 9).await.unwrap(), 0);
    assert_eq!(store.prune_events(at(2), 3).await.unwrap(), 3);
    assert_eq!(store.prune_events(at(2), 3).await.unwrap(), 1);
    assert_eq!(store.prune_events(at(2), 3).await.unwrap(), 0);
    for name in ["alice", "bob"] {
        let left: Vec<_> = links(&store, name)
            .await
            .iter()
            .map(|it| it.number)
            .collect();
        assert_eq!(left, [3, 4]);
        assert_eq!(faults(&store, name).await, []);
    }
    assert_eq!(store.prune_events(at(9), 100).await.unwrap(), 4);
    assert!(links(&store, "alice").await.is_empty());
    assert_eq!(faults(&store, "alice").await, []);
    happened(&store, "alice", 20).await;
    assert_eq!(links(&store, "alice").await[0].number, 5);
    assert_eq!(faults(&store, "alice").await, []);
}

pub async fn a_deleted_account_leaves_a_chain_that_says_nothing_and_verifies(
    backend: &dyn Backend,
) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    happened(&store, "alice", 1).await;
    happened(&store, "alice", 2).await;
    happened(&store, "bob", 1).await;
    assert!(store.delete_user(&id("alice"), moment(3)).await.unwrap());
    assert_eq!(said(&store, "alice").await, [None, None, None]);
    let end = links(&store, "alice").await.pop().unwrap();
    assert!(end.ends && end.at == at(3));
    assert_eq!(faults(&store, "alice").await, []);
    assert!(
        store
            .events_of(&id("alice"), None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(!append(&store, "alice", vec![event(4, "late")]).await);
    assert_eq!(said(&store, "bob").await, [Some("at 1".to_owned())]);
    // In the end nothing is left of it.
    assert_eq!(store.prune_events(at(3), 100).await.unwrap(), 4);
    let ends = store.chain_ends(&id("alice")).await.unwrap();
    assert_eq!(ends, storage::ChainEnds::default());
}

pub async fn an_account_without_events_is_deleted_without_a_trace(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    assert!(store.delete_user(&id("alice"), moment(1)).await.unwrap());
    assert!(links(&store, "alice").await.is_empty());
    assert_eq!(faults(&store, "alice").await, []);
}
