//! The way of events into the store.

use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, UserId};
use storage::events::EventContent;
use storage::{Events as _, NewEvent, Storage, Upkeep as _, Users as _};
use storage_testing::memory::MemoryStore;

use super::trail::{Kept, Trail};

const LATER: Duration = Duration::from_secs(4);

fn alice() -> UserId {
    UserId::parse("alice").unwrap()
}

fn event(text: &str) -> NewEvent {
    NewEvent {
        at: Timestamp::from_seconds(1),
        content: EventContent {
            salt: [0; 16],
            text: text.to_owned(),
        },
    }
}

/// A store with an account.
async fn store() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let new = storage::NewUser {
        id: alice(),
        username: model::Username::parse("alice").unwrap(),
        email: model::EmailAddress::parse("alice@example.org").unwrap(),
        email_verified: false,
        hash: password::PasswordHash::from("none".to_owned()),
        now: Timestamp::from_seconds(0),
    };
    store.create_user(new).await.unwrap();
    store
}

async fn written(store: &MemoryStore) -> Vec<String> {
    let links = store.links_of(&alice(), 0, 1000).await.unwrap();
    let texts = links.into_iter().filter_map(|link| link.content);
    texts.map(|content| content.text).collect()
}

/// A trail that is written while the test goes on.
fn trail(store: &Arc<MemoryStore>) -> Arc<Trail> {
    let trail = Arc::new(Trail::default());
    let (writing, store) = (Arc::clone(&trail), Arc::clone(store));
    tokio::spawn(async move { writing.write(&*store as &dyn Storage).await });
    trail
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_written_later_and_before_what_came_after_it() {
    let store = store().await;
    let trail = trail(&store);
    trail.take(&alice(), event("refused"), LATER);
    tokio::time::sleep(Duration::from_millis(3990)).await;
    assert!(written(&store).await.is_empty());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(written(&store).await, ["refused"]);

    trail.take(&alice(), event("refused again"), LATER);
    trail.take(&alice(), event("done"), Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(written(&store).await, ["refused", "refused again", "done"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_them_does_not_wait_for_the_time() {
    let store = store().await;
    let trail = trail(&store);
    trail.take(&alice(), event("refused"), LATER);
    assert!(trail.settled(&alice()).await);
    assert_eq!(written(&store).await, ["refused"]);
    assert_eq!(trail.waiting(), 0);
    trail.take(&alice(), event("at the end"), LATER);
    trail.drain().await;
    assert_eq!(written(&store).await, ["refused", "at the end"]);
}

#[tokio::test(start_paused = true)]
async fn of_an_account_that_is_gone_nothing_waits() {
    let store = store().await;
    let trail = trail(&store);
    let nobody = UserId::parse("nobody").unwrap();
    trail.take(&nobody, event("one"), Duration::ZERO);
    assert!(trail.settled(&nobody).await);
    assert_eq!(trail.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_tried_again_and_nobody_waits_for_ever() {
    let store = store().await;
    store.close().await;
    let trail = trail(&store);
    trail.take(&alice(), event("one"), Duration::ZERO);
    assert!(!trail.settled(&alice()).await);
    assert_eq!(trail.waiting(), 1);
    tokio::time::sleep(Duration::from_mins(12)).await;
    assert_eq!(trail.waiting(), 0); // it was given up, and the log says so
}

#[tokio::test(start_paused = true)]
async fn no_flood_fills_the_memory() {
    let trail = Trail::default();
    for number in 0..20_000 {
        trail.take(&alice(), event(&number.to_string()), Duration::ZERO);
    }
    assert_eq!(trail.waiting(), 10_000);
}

#[test]
fn a_hundred_of_a_sort_and_a_day_are_kept() {
    let trail = Trail::default();
    let bob = UserId::parse("bob").unwrap();
    for _ in 0..99 {
        assert_eq!(trail.count(&alice(), "refused", 7), Kept::All);
    }
    assert_eq!(trail.count(&alice(), "refused", 7), Kept::Last);
    assert_eq!(trail.count(&alice(), "refused", 7), Kept::No);
    assert_eq!(trail.count(&bob, "refused", 7), Kept::All);
    assert_eq!(trail.count(&alice(), "export", 7), Kept::All);
    assert_eq!(trail.count(&alice(), "refused", 8), Kept::All);
}
