//! Removing what expired, in small steps.

use super::{MemoryStore, lock};
use crate::Timestamp;

/// How many keys a sweep looks at in one step.
const STEP: usize = 256;

impl MemoryStore {
    /// Removes every key that expired before `now`, and gives its memory back.
    ///
    /// This runs to its end, for a thread that nobody waits for. It holds no lock for longer than a step
    /// of [`sweep_steps`](Self::sweep_steps).
    pub fn sweep(&self, now: Timestamp) {
        self.sweep_steps(now).for_each(drop);
    }

    /// The same, a step for each item: 256 keys, or what a shard gives back, some microseconds. Let
    /// others work in between.
    pub fn sweep_steps(&self, now: Timestamp) -> impl Iterator<Item = ()> {
        (0..self.shards.len()).flat_map(move |shard| self.sweep_shard(shard, now))
    }

    fn sweep_shard(&self, shard: usize, now: Timestamp) -> impl Iterator<Item = ()> {
        let shard = &self.shards[shard];
        let mut left = Some(lock(shard).len());
        std::iter::from_fn(move || {
            match left? {
                0 => {
                    lock(shard).shrink();
                    left = None;
                }
                end => left = Some(lock(shard).sweep_below(end, now, STEP)),
            }
            Some(())
        })
    }
}
