//! Counters of rate limits outlive the process.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    open_for(folder, 1000).await
}

async fn open_for(folder: &Path, keys: usize) -> (Arc<SqliteStore>, LimitStore) {
    let options = Options::new(Role::Server, Timestamp::from_seconds(1_800_000_000));
    let store = SqliteStore::open(&folder.join("portcullis.db"), &options).unwrap();
    let limits = LimitStore::load(Arc::clone(&store), Capacity::keys(keys), NOW);
    let limits = limits.await.unwrap();
    (store, limits)
}

/// One of many keys, spread as a hash spreads them.
fn key(number: u64) -> Key {
    let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let both = u128::from(word ^ word >> 29) * 0xf39c_c060_5ced_c835;
    Key::from_bytes(both.to_le_bytes())
}

/// What is in the file, as anyone sees it who is not the server.
fn found(folder: &Path, sql: &str) -> usize {
    let file = rusqlite::Connection::open(folder.join("portcullis.db")).unwrap();
    file.query_row(sql, (), |row| row.get::<_, u32>(0)).unwrap() as usize
}

fn counters(folder: &Path) -> usize {
    found(folder, "SELECT count(*) FROM rate_limits")
}

/// Writes until nothing is left to write.
async fn write_all(limits: &LimitStore) {
    while !limits.write_behind().await.unwrap() {}
}

/// Counts how often others get the only thread.
fn turns() -> (Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let task = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    (turns, task)
}

fn hit(limits: &LimitStore, key: Key, strategy: Strategy) -> Usage {
    let hit = Hit {
        key,
        quota: Quota::per(3, Unit::Hour),
        strategy,
        cost: 1,
        charge: true,
        refundable: false,
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

#[tokio::test]
async fn an_exhausted_limit_is_written_before_a_flood() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open_for(folder.path(), 100_000).await;
    for number in 0..30_000 {
        hit(&limits, key(number), Strategy::FixedWindow);
    }
    for _ in 0..3 {
        hit(&limits, KEY, Strategy::FixedWindow);
    }
    assert!(!limits.write_behind().await.unwrap());
    let exhausted = "SELECT count(*) FROM rate_limits WHERE worth = 3";
    assert_eq!(found(folder.path(), exhausted), 1);
    assert!(counters(folder.path()) < 20_000, "the round took too long");

    // Nor does the next one wait until the flood is written.
    for _ in 0..3 {
        hit(&limits, key(30_000), Strategy::FixedWindow);
    }
    assert!(!limits.write_behind().await.unwrap());
    assert_eq!(found(folder.path(), exhausted), 2);
    write_all(&limits).await;
    assert_eq!(counters(folder.path()), 30_002);
    store.close().await;
}

#[tokio::test]
async fn the_file_grows_with_memory_and_not_with_a_flood() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open(folder.path()).await;
    for number in 0..20_000 {
        hit(&limits, key(number), Strategy::FixedWindow);
        if number % 500 == 0 {
            hit(&limits, KEY, Strategy::FixedWindow);
            limits.write_behind().await.unwrap();
            let counters = counters(folder.path());
            assert!(counters <= 1250, "{counters}");
        }
    }
    write_all(&limits).await;
    store.close().await;
    assert!(counters(folder.path()) >= 1000);
    let (store, limits) = open(folder.path()).await;
    assert!(!hit(&limits, KEY, Strategy::FixedWindow).allowed);
    store.close().await;
}

#[tokio::test]
async fn of_many_counters_the_worthiest_are_there_at_once_and_none_is_lost() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open_for(folder.path(), 100_000).await;
    let many = 25_000;
    for number in 0..many {
        hit(&limits, key(number), Strategy::FixedWindow);
    }
    for _ in 0..3 {
        hit(&limits, KEY, Strategy::FixedWindow);
    }
    write_all(&limits).await;
    store.close().await;

    let (store, limits) = open_for(folder.path(), 100_000).await;
    assert!(!hit(&limits, KEY, Strategy::FixedWindow).allowed);
    let fresh = (0..many)
        .filter(|number| hit(&limits, key(*number), Strategy::FixedWindow).remaining == 2)
        .count();
    assert_eq!(fresh, 5_001, "a start waits for 20,000");
    write_all(&limits).await;
    for number in 0..many {
        let usage = hit(&limits, key(number), Strategy::FixedWindow);
        assert!(usage.allowed && usage.remaining == 0, "{number}: {usage:?}");
    }
    write_all(&limits).await;
    store.close().await;
    let exhausted = "SELECT count(*) FROM rate_limits WHERE worth = 3";
    assert_eq!(found(folder.path(), exhausted), 25_001);
}

#[tokio::test]
async fn a_smaller_memory_takes_what_is_worth_most() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open_for(folder.path(), 10_000).await;
    for number in 0..5_000 {
        hit(&limits, key(number), Strategy::FixedWindow);
    }
    for _ in 0..3 {
        hit(&limits, KEY, Strategy::FixedWindow);
    }
    write_all(&limits).await;
    store.close().await;

    let (store, limits) = open_for(folder.path(), 100).await;
    let known = (0..5_000)
        .filter(|number| {
            let test = Hit {
                key: key(*number),
                quota: Quota::per(3, Unit::Hour),
                strategy: Strategy::FixedWindow,
                cost: 1,
                charge: false,
                refundable: false,
                now: NOW,
            };
            limits.hit_now(test).unwrap().unwrap().remaining == 2
        })
        .count();
    assert_eq!(known, 99);
    // A flood pushes out the lesser ones only.
    for number in 10_000..13_000 {
        hit(&limits, key(number), Strategy::FixedWindow);
    }
    assert!(!hit(&limits, KEY, Strategy::FixedWindow).allowed);
    hit(&limits, key(9_999), Strategy::FixedWindow);
    for _ in 0..4 {
        write_all(&limits).await;
    }
    assert!(counters(folder.path()) <= 125, "what is not known goes");
    store.close().await;
}

#[tokio::test]
async fn neither_a_sweep_nor_writing_keeps_the_only_thread() {
    let folder = TempDir::new().unwrap();
    let (store, limits) = open_for(folder.path(), 100_000).await;
    for number in 0..30_000 {
        hit(&limits, key(number), Strategy::FixedWindow);
    }
    let (turns, task) = turns();
    let during = |before: usize| turns.load(Ordering::Relaxed) - before;
    limits.write_behind().await.unwrap();
    let before = during(0);
    // 16 shards, and four kinds of worth.
    write_all(&limits).await;
    assert!(during(before) >= 4 * 16, "{}", during(before));

    let before = during(0);
    limits.sweep(NOW).await;
    // In steps of 256 keys.
    assert!(during(before) >= 30_000 / 256, "{}", during(before));
    task.abort();
    store.close().await;
}
