//! Limits that are known to be exhausted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ratelimit::{Hit, Key, Timestamp, Usage};

/// Parts, each behind a lock of its own.
const SHARDS: usize = 16;

/// The most keys of a part. Forgetting one costs a round trip, and admits nothing.
const KEYS: usize = 8192;

/// When there is room again in limits that are exhausted.
pub(super) struct Exhausted([Mutex<HashMap<Key, Known>>; SHARDS]);

/// What is known of one.
#[derive(Clone, Copy)]
struct Known {
    /// How long it is taken for granted.
    until: Timestamp,
    /// When there is room at the latest.
    reset: Timestamp,
}

impl Default for Exhausted {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Exhausted {
    /// Notes that `hit` found no room, that there is none before `until`, and some at `reset`.
    pub(super) fn note(&self, hit: &Hit, until: Timestamp, reset: Timestamp) {
        let mut shard = self.shard(hit.key);
        if shard.len() >= KEYS {
            shard.retain(|_, known| known.until > hit.now);
        }
        if shard.len() >= KEYS {
            shard.clear();
        }
        shard.insert(hit.key, Known { until, reset });
    }

    /// The refusal of a hit that is known not to fit.
    pub(super) fn refusal(&self, hit: &Hit) -> Option<Usage> {
        let known = *self.shard(hit.key).get(&hit.key)?;
        (hit.cost > 0 && hit.now < known.until).then_some(Usage {
            allowed: false,
            remaining: 0,
            reset: known.reset,
            at: hit.now,
        })
    }

    pub(super) fn forget(&self, key: Key) {
        self.shard(key).remove(&key);
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, HashMap<Key, Known>> {
        let [first, ..] = *key.as_bytes();
        let shard = &self.0[usize::from(first) % SHARDS];
        // A map is whole after each step.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ratelimit::{Quota, Strategy, Unit};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn hit(key: u8, now: Timestamp) -> Hit {
        Hit {
            key: Key::from_bytes([key; 16]),
            quota: Quota::per(1, Unit::Hour),
            strategy: Strategy::FixedWindow,
            cost: 1,
            charge: true,
            refundable: false,
            now,
        }
    }

    #[test]
    fn what_is_exhausted_is_refused_until_there_is_room_again() {
        let (known, until) = (Exhausted::default(), Timestamp::from_secs(1_800_000_060));
        assert_eq!(known.refusal(&hit(1, NOW)), None);
        known.note(&hit(1, NOW), until, until);
        assert!(
            known
                .refusal(&hit(1, NOW))
                .is_some_and(|usage| !usage.allowed)
        );
        assert_eq!(known.refusal(&hit(2, NOW)), None);
        assert_eq!(known.refusal(&hit(1, until)), None);
        known.forget(Key::from_bytes([1; 16]));
        assert_eq!(known.refusal(&hit(1, NOW)), None);
    }

    #[test]
    fn any_number_of_keys_takes_bounded_memory() {
        let (known, until) = (Exhausted::default(), Timestamp::from_secs(1_800_000_060));
        for number in 0..300_000_u128 {
            let key = Key::from_bytes(number.to_le_bytes());
            known.note(&Hit { key, ..hit(1, NOW) }, until, until);
        }
        let held = |shard: &Mutex<HashMap<Key, Known>>| shard.lock().unwrap().len();
        assert!(known.0.iter().map(held).sum::<usize>() <= SHARDS * KEYS);
    }
}
