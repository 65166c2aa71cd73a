//! Limits that are leased in blocks: a request that is admitted costs no round trip.
//!
//! A node takes a block of a fixed window from the store before it uses it, and what is left of it ends
//! with the window. So no more is ever admitted than the limit says; with blocks in the hands of other
//! nodes a request may be refused early. The other strategies have no window with which a block could
//! end: they are counted in the store one by one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ratelimit::{Hit, Key, Store, Strategy, Timestamp, Unavailable, Usage};

use super::MongoLimits;
use super::turns::Turns;

/// Parts, each behind a lock of its own.
const SHARDS: usize = 16;

/// The most leases of a part. Losing one refuses early, and admits nothing.
const LEASES: usize = 8192;

/// A block is this part of the amount: so many round trips for all of it.
const BLOCKS: u64 = 20;

/// Limits of which each node holds blocks.
pub struct LeasedLimits {
    limits: Arc<MongoLimits>,
    turns: Turns,
    leases: [Mutex<HashMap<Key, Lease>>; SHARDS],
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    /// What is left of the blocks.
    left: u64,
    /// What the store had left after the last one.
    elsewhere: u64,
    /// When the window ends.
    resets: Timestamp,
}

impl LeasedLimits {
    /// Takes blocks from `limits`.
    pub fn new(limits: Arc<MongoLimits>) -> Self {
        Self {
            limits,
            turns: Turns::default(),
            leases: std::array::from_fn(|_| Mutex::default()),
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, HashMap<Key, Lease>> {
        let [first, ..] = *key.as_bytes();
        let shard = &self.leases[usize::from(first) % SHARDS];
        // A map is whole after each step.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a block, adds it to what is held, and charges the hit to that.
    async fn take(&self, hit: Hit) -> Result<Usage, Unavailable> {
        let (amount, cost) = (hit.quota.amount(), u64::from(hit.cost));
        let block = (amount / BLOCKS).max(cost).max(1);
        let window = self
            .limits
            .charge(hit.key, hit.quota, block, hit.now)
            .await?;
        // What was charged before this block, and how much of this one fits.
        let before = window.count.saturating_sub(block);
        let granted = block.min(amount.saturating_sub(before));
        let mut shard = self.shard(hit.key);
        if shard.len() >= LEASES {
            shard.retain(|_, lease| lease.resets > hit.now);
        }
        if shard.len() >= LEASES {
            shard.clear();
        }
        let lease = shard.entry(hit.key).or_insert(Lease {
            left: 0,
            elsewhere: 0,
            resets: window.resets,
        });
        if lease.resets != window.resets {
            lease.left = 0; // of a window that is over
            lease.resets = window.resets;
        }
        lease.left = lease.left.saturating_add(granted);
        lease.elsewhere = amount.saturating_sub(window.count);
        Ok(lease.charge(cost, hit.now))
    }
}

impl Lease {
    fn charge(&mut self, cost: u64, now: Timestamp) -> Usage {
        let allowed = self.left >= cost;
        if allowed {
            self.left -= cost;
        }
        Usage {
            allowed,
            remaining: self.left.saturating_add(self.elsewhere),
            reset: self.resets,
            at: now,
        }
    }

    /// Whether neither here nor in the store anything is left.
    const fn is_exhausted(&self) -> bool {
        self.left == 0 && self.elsewhere == 0
    }
}

impl Store for LeasedLimits {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        if hit.strategy == Strategy::FixedWindow && hit.charge {
            let taking = async {
                match self.hit_now(hit) {
                    Some(held) => held, // from a block that someone before has taken
                    None => self.take(hit).await,
                }
            };
            let patience = self.limits.patience();
            self.turns.take(hit.key, patience, taking).await
        } else {
            self.limits.hit(hit).await
        }
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        if hit.strategy != Strategy::FixedWindow || !hit.charge {
            return self.limits.hit_now(hit);
        }
        let mut shard = self.shard(hit.key);
        let lease = shard
            .get_mut(&hit.key)
            .filter(|lease| lease.resets > hit.now)?;
        let cost = u64::from(hit.cost);
        (lease.left >= cost || lease.is_exhausted()).then(|| Ok(lease.charge(cost, hit.now)))
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        if hit.strategy != Strategy::FixedWindow {
            return self.limits.give_back(hit, usage).await;
        }
        // It came out of a block, so it goes back to it: the block ends with the same window.
        let mut shard = self.shard(hit.key);
        if let Some(lease) = shard.get_mut(&hit.key)
            && lease.resets == usage.reset
        {
            lease.left = lease.left.saturating_add(hit.cost.into());
        }
        Ok(())
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        self.shard(key).remove(&key);
        self.limits.clear(key).await
    }
}

impl std::fmt::Debug for LeasedLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeasedLimits").finish_non_exhaustive()
    }
}
