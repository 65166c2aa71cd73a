//! Counters that outlive the process: what changed is written behind, and loaded at the start.

use std::sync::atomic::Ordering;

use super::{
    MemoryStore, lock,
    slots::{MAX_ROUND, Slot},
};
use crate::{Key, State, Timestamp};

/// One counter, as a lasting store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The counter's key.
    pub key: Key,
    /// From when on the entry says nothing, and may be deleted.
    pub expires: Timestamp,
    /// What is counted; see [`State::to_bytes`].
    pub state: State,
}

/// Up to when changes were already seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(u32);

impl MemoryStore {
    /// Gives `batch` every counter that changed since `mark`, and returns the mark for the next time.
    /// The default mark gives all.
    ///
    /// No lock is held while `batch` works. A shard, some thousand keys, is copied at a time. What
    /// changes meanwhile is given now or the next time, and sometimes both. After 2^29 rounds, 17 years
    /// at one a second, each round gives all that changed since the last of these.
    pub fn changes(&self, mark: Mark, mut batch: impl FnMut(Vec<Entry>)) -> Mark {
        let next_round = |round: u32| Some((round + 1).min(MAX_ROUND));
        let this = self
            .round
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next_round);
        let next = this.map_or(MAX_ROUND, |round| (round + 1).min(MAX_ROUND));
        for shard in &self.shards {
            let changed: Vec<_> = lock(shard).changed_since(mark.0).map(Entry::from).collect();
            if !changed.is_empty() {
                batch(changed);
            }
        }
        Mark(next)
    }

    /// Puts `entry` in, as it was before a restart. `false` if it expired before `now`, or if the key
    /// was hit here already.
    pub fn restore(&self, entry: Entry, now: Timestamp) -> bool {
        self.shard(entry.key).restore(Slot::from(entry), now)
    }
}

impl From<&Slot> for Entry {
    fn from(slot: &Slot) -> Self {
        Self {
            key: slot.key(),
            expires: slot.expires(),
            state: slot.state.clone(),
        }
    }
}

impl From<Entry> for Slot {
    fn from(entry: Entry) -> Self {
        let mut slot = Self::new(entry.key, entry.state);
        slot.set_expires(entry.expires);
        slot
    }
}
