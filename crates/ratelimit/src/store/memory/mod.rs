//! Counters in memory: exact, sharded, and never more of them than was agreed.
//!
//! A million distinct callers must not take the memory, and must not push out the one whose limit is
//! exhausted. So the number of keys has an end; a new key at that end takes the place of one that
//! matters less: expired, else seen once, else seen long ago; one that has nothing left goes last.
//! Expired keys are removed two at a time by the hits themselves, and by [`MemoryStore::sweep`].

mod backlog;
mod index;
mod shard;
mod slots;
mod snapshot;
mod sweep;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use self::shard::Shard;
use super::{Hit, Store, Unavailable};
use crate::{Key, Usage};

pub use backlog::Backlog;
pub use snapshot::{Entry, Mark, Worth};

/// How many keys a shard is meant for: a shard is locked for no longer than its keys take to be
/// copied, well below a millisecond.
const KEYS_PER_SHARD: usize = 8192;

/// The most keys that a store holds.
const MAX_KEYS: usize = 1 << 30;

/// How much a [`MemoryStore`] holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Counters: one for each caller, route and limit. A counter takes less than 100 bytes. Not more
    /// than 2^30.
    pub keys: usize,
    /// Hits that moving windows keep one by one, or have room for, 12 bytes each.
    pub logged_hits: usize,
}

impl Default for Capacity {
    /// A million keys (about 76 MB when all are used) and eight million logged hits: another 96 MB at
    /// most, if moving windows are used and their logs are full.
    fn default() -> Self {
        Self::keys(1_000_000)
    }
}

impl Capacity {
    /// Room for `keys` counters, and for eight logged hits on each.
    pub const fn keys(keys: usize) -> Self {
        Self {
            keys,
            logged_hits: keys.saturating_mul(8),
        }
    }
}

/// Counters in the memory of this process.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Box<[Mutex<Shard>]>,
    /// The present round of [`changes`](Self::changes).
    round: AtomicU32,
}

impl MemoryStore {
    /// An empty store. It takes memory as keys come, and gives it back as they go.
    pub fn new(capacity: Capacity) -> Self {
        let keys = capacity.keys.min(MAX_KEYS);
        let shards = (keys / KEYS_PER_SHARD).next_power_of_two();
        // Not one more than was agreed: what doesn't divide evenly is in the first ones.
        let part = |all: usize, shard| (all / shards + usize::from(shard < all % shards)).max(1);
        let shards = (0..shards)
            .map(|shard| {
                let logged = part(capacity.logged_hits, shard);
                Mutex::new(Shard::new(part(keys, shard), logged))
            })
            .collect();
        Self {
            shards,
            round: AtomicU32::new(1),
        }
    }

    /// Charges one limit, or only looks (see [`Hit`]). Never fails and never waits.
    pub fn hit(&self, hit: &Hit) -> Usage {
        let mut shard = self.shard(hit.key);
        shard.hit(hit, self.round.load(Ordering::Relaxed))
    }

    /// Gives back a hit that was admitted with `usage`.
    pub fn give_back(&self, hit: &Hit, usage: &Usage) {
        let mut shard = self.shard(hit.key);
        shard.give_back(hit, usage, self.round.load(Ordering::Relaxed));
    }

    /// Forgets what was counted under `key`.
    pub fn clear(&self, key: Key) {
        self.shard(key).remove(key);
    }

    /// How many keys are held, expired ones included.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something is counted under `key`, or was before it expired.
    pub fn contains(&self, key: Key) -> bool {
        self.shard(key).contains(key)
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        // By the key's first bits: keys of one shard are neighbours in a store that sorts them, and
        // writing a shard there touches few places. The table within a shard uses the other word.
        let [first, _] = key.words();
        let first = first
            .swap_bytes()
            .rotate_left(self.shards.len().trailing_zeros());
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
        let place = first as usize & (self.shards.len() - 1);
        lock(&self.shards[place])
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Capacity::default())
    }
}

impl Store for MemoryStore {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        Ok(self.hit(&hit))
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        self.give_back(&hit, &usage);
        Ok(())
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        self.clear(key);
        Ok(())
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        Some(Ok(self.hit(&hit)))
    }
}

/// A panic under the lock leaves counters as they were or one step further: both can be used.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
