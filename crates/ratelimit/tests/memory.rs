//! What many keys take, and what a flood of them takes away.
//!
//! One test at a time measures: `cargo test` runs them in one process.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use ratelimit::{
    Capacity, Entry, Hit, Key, Mark, MemoryStore, Quota, Strategy, Timestamp, Unit, Usage, Worth,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held while one of the tests allocates.
static MEASURING: Mutex<()> = Mutex::new(());

const MILLION: u64 = 1_000_000;
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// What a key may take.
const BOUND: usize = 100;

fn key(number: u64) -> Key {
    // Spread like the keyed hash spreads them.
    let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let both = u128::from(word ^ word >> 29) * 0xf39c_c060_5ced_c835;
    Key::from_bytes(both.to_le_bytes())
}

fn hit(number: u64, strategy: Strategy) -> Hit {
    Hit {
        key: key(number),
        quota: Quota::per(20, Unit::Hour),
        strategy,
        cost: 1,
        charge: true,
        refundable: false,
        now: NOW,
    }
}

fn alone() -> MutexGuard<'static, ()> {
    // One that failed measured nothing that matters to the others.
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work`, and says by how many bytes it grew, at its end and at its most.
fn growth<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = work();
    let over = |usage: usize| usage.saturating_sub(before);
    (
        result,
        over(MEMORY.current_usage()),
        over(MEMORY.peak_usage()),
    )
}

#[test]
fn a_million_keys_take_less_than_a_hundred_bytes_each() {
    let _alone = alone();
    let bound = BOUND * 1_000_000;
    for strategy in [
        Strategy::FixedWindow,
        Strategy::SlidingWindowCounter,
        Strategy::MovingWindow,
    ] {
        let (store, grown, most) = growth(|| {
            let store = MemoryStore::new(Capacity::keys(1_100_000));
            for number in 0..MILLION {
                store.hit(&hit(number, strategy));
            }
            store
        });
        assert_eq!(store.len(), 1_000_000);
        assert!(grown <= bound, "{strategy}: {grown}");
        assert!(most <= bound, "{strategy}: {most} at the most");
    }
}

#[test]
fn what_expires_gives_its_memory_back_and_takes_no_more_for_it() {
    let _alone = alone();
    let later = NOW.after(Duration::from_mins(30));
    let expiring = NOW.after(Duration::from_hours(1));
    let (store, full, _) = growth(|| {
        let store = MemoryStore::new(Capacity::keys(250_000));
        for number in 0..MILLION / 5 {
            let now = if number % 10 == 0 { later } else { NOW };
            store.hit(&Hit {
                now,
                ..hit(number, Strategy::FixedWindow)
            });
        }
        store
    });
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    store.sweep(expiring);
    assert_eq!(store.len(), 20_000);
    let more = MEMORY.peak_usage() - before;
    assert!(more < 1_000_000, "{more} more while it moves together");
    let left = full - (before - MEMORY.current_usage());
    // The last piece of each of 32 shards, 64 KiB, is half full on the average.
    let unfilled = 32 * 32 * 1024;
    assert!(
        left <= BOUND * 20_000 + unfilled,
        "{left} of {full} is left"
    );
}

#[test]
fn a_copy_of_what_changed_is_no_copy_of_everything() {
    let _alone = alone();
    let store = MemoryStore::new(Capacity::keys(250_000));
    for number in 0..MILLION / 5 {
        store.hit(&hit(number, Strategy::FixedWindow));
    }
    let mut told = 0;
    let ((), _, most) = growth(|| {
        let mut backlog = ratelimit::Backlog::since(Mark::default());
        backlog.begin(&store, Worth::Once);
        while let Some((worth, entries)) = backlog.step(&store) {
            assert!(worth == Worth::Once || entries.is_empty());
            told += entries.len();
        }
    });
    assert_eq!(told, 200_000);
    // A shard is copied at a time, into a list that doubles.
    let bound = 3 * 8192 * size_of::<Entry>();
    assert!(most <= bound, "{most} of {bound}");
}

/// Logs that were long once take no room that isn't counted, however many keys have had one.
#[test]
fn the_logs_of_moving_windows_stay_within_their_bound() {
    let _alone = alone();
    let capacity = Capacity {
        keys: 10_000,
        logged_hits: 100_000,
    };
    let quota = Quota::per(600, Unit::Minute);
    let ask = |store: &MemoryStore, number: u64, now: Timestamp| {
        store.hit(&Hit {
            quota,
            now,
            ..hit(number, Strategy::MovingWindow)
        })
    };
    let (store, _, most) = growth(|| {
        let store = MemoryStore::new(capacity);
        for minute in 0..40 {
            let begun = NOW.after(Duration::from_mins(minute));
            // Every key of before comes once, and some new ones as often as they may.
            for number in 0..100 * minute {
                ask(&store, number, begun);
            }
            for number in 100 * minute..100 * (minute + 1) {
                for at in 0..600 {
                    ask(&store, number, begun.after(Duration::from_millis(at)));
                }
            }
        }
        store
    });
    let bound = BOUND * capacity.keys + 12 * capacity.logged_hits;
    assert!(most <= bound, "{most} of {bound}");
    assert!(!store.is_empty());
}

/// A hundredth of ten million keys against the million of the default. All of it is
/// `cargo bench -p portcullis-ratelimit ten_million`.
#[test]
fn ten_times_as_many_keys_as_there_is_room_for_take_nothing_from_hot_ones() {
    let _alone = alone();
    let capacity = 10_000;
    let hot_ones = 0..100;
    let quota = Quota::per(MILLION, Unit::Day);
    let ask = |store: &MemoryStore, number: u64| -> Usage {
        store.hit(&Hit {
            quota,
            ..hit(number, Strategy::FixedWindow)
        })
    };
    let (store, _, most) = growth(|| {
        let store = MemoryStore::new(Capacity::keys(capacity));
        for _ in 0..21 {
            store.hit(&hit(7_777_777, Strategy::FixedWindow));
        }
        let mut asked = 0;
        for number in 0..100_000 {
            // Each hot key comes more often than everything is replaced.
            if number % 2_000 == 0 {
                asked += 1;
                for hot in hot_ones.clone() {
                    assert_eq!(
                        ask(&store, hot).remaining,
                        MILLION - asked,
                        "{hot} {number}"
                    );
                }
            }
            store.hit(&hit(1_000_000 + number, Strategy::FixedWindow));
        }
        store
    });
    assert!(store.len() <= capacity, "{}", store.len());
    assert!(most <= BOUND * capacity, "{most}");
    let exhausted = store.hit(&hit(7_777_777, Strategy::FixedWindow));
    assert!(!exhausted.allowed);
}
