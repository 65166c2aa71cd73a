//! Counters of rate limits outlive the process.

use std::path::Path;
use std::sync::Arc;

use model::Timestamp;
use ratelimit::{Capacity, Hit, Key, Quota, Store as _, Strategy, Unit, Usage};
use storage::Upkeep as _;
use storage_sqlite::{LimitStore, Options, Role, SqliteStore};
use tempfile::TempDir;

const NOW: ratelimit::Timestamp = ratelimit::Timestamp::from_secs(1_800_000_000);
const KEY: Key = Key::from_bytes([7; 16]);
const STRATEGIES: [Strategy; 3] = [
    Strategy::FixedWindow,
    Strategy::MovingWindow,
    Strategy::SlidingWindowCounter,
];

async fn open(folder: &Path) -> (Arc<SqliteStore>, LimitStore) {
    let options = Options::new(Role::Server, Timestamp::from_seconds(1_800_000_000));
    let store = SqliteStore::open(&folder.join("portcullis.db"), &options).unwrap();
    let limits = LimitStore::load(Arc::clone(&store), Capacity::keys(1000), NOW);
    let limits = limits.await.unwrap();
    (store, limits)
}

fn hit(limits: &LimitStore, key: Key, strategy: Strategy) -> Usage {
    let hit = Hit {
        key,
        quota: Quota::per(3, Unit::Hour),
        strategy,
        cost: 1,
        charge: true,
        now: NOW,
    };
    limits.hit_now(hit).unwrap().unwrap()
}

#[tokio::test]
async fn an_exhausted_limit_is_exhausted_after_a_restart() {
    for strategy in STRATEGIES {
        let folder = TempDir::new().unwrap();
        let (store, limits) = open(folder.path()).await;
        for _ in 0..3 {
            assert!(hit(&limits, KEY, strategy).allowed, "{strategy}");
        }
        limits.write_behind().await.unwrap();
        store.close().await;

        let (store, limits) = open(folder.path()).await;
        assert!(!hit(&limits, KEY, strategy).allowed, "{strategy}");
        store.close().await;
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_written_the_next_time() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open(folder.path()).await;
    hit(&limits, KEY, Strategy::FixedWindow);
    store.close().await;
    limits.write_behind().await.unwrap_err();
    limits.write_behind().await.unwrap_err(); // not taken for written
}

#[tokio::test]
async fn a_cleared_key_stays_cleared() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open(folder.path()).await;
    for _ in 0..4 {
        hit(&limits, KEY, Strategy::FixedWindow);
    }
    limits.write_behind().await.unwrap();
    limits.clear(KEY).await.unwrap();
    limits.write_behind().await.unwrap();
    store.close().await;

    let (store, limits) = open(folder.path()).await;
    assert_eq!(hit(&limits, KEY, Strategy::FixedWindow).remaining, 2);
    store.close().await;
}

#[tokio::test]
async fn expired_counters_are_swept() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open(folder.path()).await;
    for n in 0..5 {
        hit(&limits, Key::from_bytes([n; 16]), Strategy::FixedWindow);
    }
    limits.write_behind().await.unwrap();
    let at = |seconds: i64| Timestamp::from_seconds(1_800_000_000 + seconds);
    assert_eq!(store.sweep(at(3599), 100).await.unwrap(), 0);
    assert_eq!(store.sweep(at(3600), 3).await.unwrap(), 3);
    assert_eq!(store.sweep(at(3600), 3).await.unwrap(), 2);
    store.close().await;
}
