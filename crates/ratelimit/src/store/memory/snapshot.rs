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
    /// What losing it would cost. A store that keeps it restores the worthiest first.
    pub worth: Worth,
    /// What is counted; see [`State::to_bytes`].
    pub state: State,
}

/// What losing a counter would cost: a flood of callers that come once is worth less than one caller
/// that is refused. In this order, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worth {
    /// One hit, or none for long.
    #[default]
    Once,
    /// A second hit.
    Again,
    /// Hit often of late.
    Often,
    /// Nothing is left, or the last hit was refused: losing it would admit what its limit refuses.
    Exhausted,
}

impl Worth {
    /// All, the worthiest first.
    pub const DESCENDING: [Self; 4] = [Self::Exhausted, Self::Often, Self::Again, Self::Once];

    /// As a number, for a store: 0 to 3.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What [`number`](Self::number) gave; `None` for anything else.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::DESCENDING
            .into_iter()
            .find(|worth| worth.number() == number)
    }
}

/// Up to when changes were already seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub(super) u32);

impl MemoryStore {
    /// Gives `batch` every counter that changed since `mark`, and returns the mark for the next time.
    /// The default mark gives all.
    ///
    /// No lock is held while `batch` works. A shard, some thousand keys, is copied at a time. What
    /// changes meanwhile is given now or the next time, and sometimes both. This runs to its end: where
    /// others wait for the thread, take a [`Backlog`](super::Backlog). After 2^29 rounds, 17 years at one a
    /// second, each round gives all that changed since the last of these.
    pub fn changes(&self, mark: Mark, mut batch: impl FnMut(Vec<Entry>)) -> Mark {
        let next = self.next_round();
        for shard in 0..self.shards.len() {
            let changed = self.changed_in(shard, mark, |_| true);
            if !changed.is_empty() {
                batch(changed);
            }
        }
        next
    }

    /// Begins a round: what changes from here on is told to whoever asks since the mark returned.
    pub fn next_round(&self) -> Mark {
        let next_round = |round: u32| Some((round + 1).min(MAX_ROUND));
        let this = self
            .round
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next_round);
        Mark(this.map_or(MAX_ROUND, |round| (round + 1).min(MAX_ROUND)))
    }

    /// Puts `entry` in, as it was before a restart; what was counted here under its key is added to it.
    /// `false` if it expired before `now`, or there is no room for it: nothing makes room for it, so
    /// that the worthiest are to come first.
    pub fn restore(&self, entry: Entry, now: Timestamp) -> bool {
        let round = self.round.load(Ordering::Relaxed);
        self.shard(entry.key).restore(Slot::from(entry), now, round)
    }

    /// What changed in a shard since `mark`, of those that are `wanted`.
    pub(super) fn changed_in(
        &self,
        shard: usize,
        mark: Mark,
        wanted: impl Fn(Worth) -> bool,
    ) -> Vec<Entry> {
        let shard = lock(&self.shards[shard]);
        let changed = shard.changed_since(mark.0);
        changed
            .filter(|slot| wanted(slot.worth()))
            .map(Entry::from)
            .collect()
    }
}
