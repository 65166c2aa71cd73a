//! What a million counters of rate limits cost: how long the only thread of a runtime is held by the sweep
//! and by writing, how fast they are written, and what a start takes with them.
//!
//! `cargo run --profile dist -p portcullis-storage-sqlite --example lasting_limits`, with
//! `MALLOC_MMAP_THRESHOLD_=65536` before it as the server starts itself.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "it measures time and prints it, and ends at the first error"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::Timestamp;
use ratelimit::{Capacity, Hit, Key, Quota, Store as _, Strategy, Unit};
use storage::Upkeep as _;
use storage_sqlite::{LimitStore, Options, Role, SqliteStore};

const MILLION: u64 = 1_000_000;
const NOW: ratelimit::Timestamp = ratelimit::Timestamp::from_secs(1_800_000_000);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let gap = LongestGap::measured();
    let (store, limits) = open(folder.path()).await;
    fill(&limits, 0..MILLION);
    gap.reset().await;

    write_all("writing", &limits, &gap).await;
    fill(&limits, MILLION..2 * MILLION);
    gap.reset().await;
    write_all("writing another million, as many going", &limits, &gap).await;

    limits.sweep(NOW).await;
    println!("a sweep that finds nothing: {:.1?}", gap.reset().await);
    limits.sweep(NOW.after(Duration::from_hours(1))).await;
    println!("a sweep that removes all: {:.1?}", gap.reset().await);
    store.close().await;

    let bytes = std::fs::metadata(folder.path().join("portcullis.db"))
        .unwrap()
        .len();
    println!("the file: {} bytes a counter", bytes / MILLION);
    let begun = Instant::now();
    let (store, limits) = open(folder.path()).await;
    println!("a start: {:.1?}", begun.elapsed());
    let begun = Instant::now();
    limits.write_behind().await.unwrap();
    println!("and the rest later: {:.1?}", begun.elapsed());
    println!(
        "  the longest that the thread was held: {:.1?}",
        gap.reset().await
    );
    store.close().await;
}

async fn write_all(what: &str, limits: &LimitStore, gap: &LongestGap) {
    let begun = Instant::now();
    let (mut rounds, mut longest) = (0, Duration::ZERO);
    loop {
        let round = Instant::now();
        let all = limits.write_behind().await.unwrap();
        longest = longest.max(round.elapsed());
        rounds += 1;
        if all {
            break;
        }
    }
    let rate = 1_000_000.0 / begun.elapsed().as_secs_f64();
    println!("{what}: {rate:.0} a second in {rounds} rounds, the longest {longest:.1?}");
    let held = gap.reset().await;
    println!("  the longest that the thread was held: {held:.1?}");
}

async fn open(folder: &Path) -> (Arc<SqliteStore>, LimitStore) {
    let options = Options::new(Role::Server, Timestamp::from_seconds(1_800_000_000));
    let store = SqliteStore::open(&folder.join("portcullis.db"), &options).unwrap();
    let limits = LimitStore::load(Arc::clone(&store), Capacity::keys(1_000_000), NOW);
    let limits = limits.await.unwrap();
    (store, limits)
}

fn fill(limits: &LimitStore, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let both = u128::from(word ^ word >> 29) * 0xf39c_c060_5ced_c835;
        let hit = Hit {
            key: Key::from_bytes(both.to_le_bytes()),
            quota: Quota::per(20, Unit::Hour),
            strategy: Strategy::FixedWindow,
            cost: 1,
            charge: true,
            refundable: false,
            now: NOW,
        };
        limits.hit_now(hit).unwrap().unwrap();
    }
}

/// A task that always wants the thread, and notes how long others had it: in the time of the thread, so that
/// what other processes take doesn't count.
struct LongestGap(Arc<AtomicU64>);

impl LongestGap {
    fn measured() -> Self {
        let longest = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&longest);
        tokio::spawn(async move {
            let mut last = worked();
            loop {
                tokio::task::yield_now().await;
                let now = worked();
                let gap = u64::try_from(now.saturating_sub(last).as_nanos()).unwrap_or(u64::MAX);
                noted.fetch_max(gap, Ordering::Relaxed);
                last = now;
            }
        });
        Self(longest)
    }

    /// The longest gap since the last time.
    async fn reset(&self) -> Duration {
        // Its last turn began before.
        tokio::task::yield_now().await;
        Duration::from_nanos(self.0.swap(0, Ordering::Relaxed))
    }
}

/// How long this thread has worked.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap())
}
