use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{Quota, State, Strategy, Timestamp, Unit};

mod lasting;
mod refunds;

const HOURLY: Quota = Quota::per(20, Unit::Hour);
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn key(number: u64) -> Key {
    // Spread like the keyed hash spreads them.
    let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Key::from_words([
        word ^ word >> 29,
        word.rotate_left(32).wrapping_mul(0xbf58_476d_1ce4_e5b9),
    ])
}

fn hit(number: u64, now: Timestamp) -> Hit {
    let (quota, strategy) = (HOURLY, Strategy::FixedWindow);
    Hit {
        key: key(number),
        quota,
        strategy,
        cost: 1,
        charge: true,
        refundable: false,
        now,
    }
}

#[test]
fn of_racing_hits_exactly_the_amount_is_admitted() {
    for strategy in [
        Strategy::FixedWindow,
        Strategy::MovingWindow,
        Strategy::SlidingWindowCounter,
    ] {
        let store = MemoryStore::default();
        let admitted = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let quota = Quota::per(1000, Unit::Day);
                        let usage = store.hit(&Hit {
                            quota,
                            strategy,
                            ..hit(1, START)
                        });
                        admitted.fetch_add(usage.allowed.into(), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1000, "{strategy}");
    }
}

#[test]
fn a_test_charges_nothing_and_leaves_no_trace() {
    let store = MemoryStore::default();
    let test = Hit {
        charge: false,
        ..hit(1, START)
    };
    assert_eq!(store.hit(&test).remaining, 20);
    assert!(store.is_empty());
    store.hit(&hit(1, START));
    assert_eq!(store.hit(&test).remaining, 19);
    assert!(!store.hit(&Hit { cost: 20, ..test }).allowed);
}

#[test]
fn a_flood_of_new_keys_pushes_out_neither_hot_nor_exhausted_ones() {
    let store = MemoryStore::new(Capacity::keys(10_000));
    for _ in 0..21 {
        store.hit(&hit(0, START));
    }
    let mut hot = 0;
    for number in 1..200_000 {
        store.hit(&hit(number, START));
        if number % 5_000 == 0 {
            hot += 1;
            let usage = store.hit(&Hit {
                quota: Quota::per(1000, Unit::Hour),
                ..hit(u64::MAX - 1, START)
            });
            assert_eq!(usage.remaining, 1000 - hot);
        }
    }
    assert!(store.len() <= 10_000, "{}", store.len());
    assert!(!store.hit(&hit(0, START)).allowed);
}

#[test]
fn when_every_key_is_exhausted_new_ones_still_find_room() {
    let store = MemoryStore::new(Capacity::keys(100));
    let nothing = Quota::per(0, Unit::Hour);
    for number in 0..1000 {
        assert!(
            !store
                .hit(&Hit {
                    quota: nothing,
                    ..hit(number, START)
                })
                .allowed
        );
    }
    assert_eq!(store.len(), 100);
}

#[test]
fn no_key_more_is_held_than_was_agreed() {
    for capacity in [1, 100, 20_001, 25_000] {
        let store = MemoryStore::new(Capacity::keys(capacity));
        for number in 0..40_000 {
            store.hit(&hit(number, START));
        }
        assert_eq!(store.len(), capacity);
    }
}

#[test]
fn a_sweep_removes_what_expired_and_nothing_else() {
    let store = MemoryStore::default();
    let later = START.after(Duration::from_mins(30));
    for number in 0..1000 {
        store.hit(&hit(number, if number % 2 == 0 { START } else { later }));
    }
    store.sweep(START.after(Duration::from_secs(3599)));
    assert_eq!(store.len(), 1000);
    store.sweep(START.after(Duration::from_hours(1)));
    assert_eq!(store.len(), 500);
    assert_eq!(store.hit(&hit(1, later)).remaining, 18);
    store.sweep(later.after(Duration::from_hours(1)));
    assert!(store.is_empty());
}

#[test]
fn a_sweep_looks_at_few_keys_in_a_step() {
    let store = MemoryStore::default();
    for number in 0..10_000 {
        store.hit(&hit(number, START));
    }
    let later = START.after(Duration::from_hours(1));
    let (mut before, mut steps) = (store.len(), 0);
    for () in store.sweep_steps(later) {
        assert!(before - store.len() <= 256, "{before} {}", store.len());
        before = store.len();
        steps += 1;
    }
    assert!(store.is_empty());
    assert!(steps > store.shards.len(), "{steps}");
}

#[test]
fn hits_alone_keep_the_store_from_growing_over_its_live_keys() {
    let store = MemoryStore::default();
    for hour in 0..20 {
        let now = START.after(Duration::from_secs(3600 * hour));
        for number in 0..2000 {
            store.hit(&hit(hour * 2000 + number, now));
        }
    }
    assert!(store.len() <= 2 * 2000, "{}", store.len());
}

#[test]
fn the_logs_of_moving_windows_are_bounded_and_the_newest_stays_exact() {
    let capacity = Capacity {
        keys: 1000,
        logged_hits: 500,
    };
    let store = MemoryStore::new(capacity);
    let (quota, strategy) = (Quota::per(400, Unit::Day), Strategy::MovingWindow);
    for number in 0..20 {
        let admitted = (0..500)
            .map(|second| START.after(Duration::from_secs(second)))
            .filter(|now| {
                store
                    .hit(&Hit {
                        quota,
                        strategy,
                        ..hit(number, *now)
                    })
                    .allowed
            })
            .count();
        assert_eq!(admitted, 400);
        let logged: usize = store.shards.iter().map(|shard| lock(shard).logged()).sum();
        assert!(logged <= 500, "{logged}");
    }
}

proptest! {
    /// The store is a map of states: sweeping, moving and indexing change no answer.
    #[test]
    fn the_store_answers_as_a_map_of_states_does(
        steps in proptest::collection::vec((0u64..40, 0u32..4, 0u64..900, any::<u8>()), 1..400),
        strategy in prop_oneof![
            Just(Strategy::FixedWindow), Just(Strategy::MovingWindow), Just(Strategy::SlidingWindowCounter),
        ],
    ) {
        let store = MemoryStore::default();
        let quota = Quota::per(5, Unit::Hour);
        let mut states: HashMap<u64, State> = HashMap::new();
        let mut now = START;
        for (number, cost, seconds, what) in steps {
            now = now.after(Duration::from_secs(seconds));
            match what {
                0..10 => store.sweep(now),
                10..20 => { store.clear(key(number)); states.remove(&number); }
                _ => {
                    let hit = Hit { quota, strategy, cost, ..hit(number, now) };
                    let state = states.entry(number).or_insert_with(|| State::new(strategy));
                    prop_assert_eq!(store.hit(&hit), state.hit(quota, cost, now));
                }
            }
        }
    }

    #[test]
    fn states_survive_as_bytes(hits in proptest::collection::vec((0u32..5, 0u64..5000), 0..50)) {
        for strategy in [Strategy::FixedWindow, Strategy::MovingWindow, Strategy::SlidingWindowCounter] {
            let mut state = State::new(strategy);
            let mut now = START;
            for (cost, seconds) in &hits {
                now = now.after(Duration::from_secs(*seconds));
                state.hit(HOURLY, *cost, now);
            }
            prop_assert_eq!(State::from_bytes(&state.to_bytes()), Some(state));
        }
    }

    #[test]
    fn foreign_bytes_are_no_state_or_a_usable_one(bytes: Vec<u8>, cost: u32) {
        if let Some(mut state) = State::from_bytes(&bytes) {
            state.hit(HOURLY, cost, START);
            state.expires(HOURLY);
        }
    }

    /// The promise of the strategy: in no span of a window's length more than the amount.
    #[test]
    fn a_moving_window_never_admits_more_than_the_amount(
        gaps in proptest::collection::vec((0u64..2_000_000, 1u32..4), 1..200),
    ) {
        let quota = Quota::per_multiple(7, 3, Unit::Second);
        let mut state = State::new(Strategy::MovingWindow);
        let (mut now, mut admitted) = (START, Vec::new());
        for (gap, cost) in gaps {
            now = now.after(Duration::from_micros(gap));
            if state.hit(quota, cost, now).allowed {
                admitted.push((now, cost));
            }
        }
        for (end, _) in &admitted {
            let within = admitted.iter().filter(|(at, _)| at <= end && end.since(*at) < quota.window());
            prop_assert!(within.map(|(_, cost)| cost).sum::<u32>() <= 7);
        }
    }
}
