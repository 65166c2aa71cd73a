//! What the file keeps: little more than memory holds.
//!
//! Memory lets go of keys when a flood of others comes. What it let go of counts no more, and goes from
//! the file, too, once it is much: the file is looked through piece by piece, in the order of its keys.

use std::sync::Arc;

use ratelimit::{Key, MemoryStore, Worth};
use storage::Error;

use super::rows::{self, FIRST, KeyBytes};
use crate::SqliteStore;

/// Keys that are looked at in one step.
const STEP: usize = 2_000;

/// Steps at a time: what was exhausted meanwhile waits for them.
const STEPS: usize = 4;

/// Keys that are looked at on top, for each counter that was written.
const LOOKED_AT: usize = 2;

/// How many counters the file may have, and has at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    bound: usize,
    /// What was counted or kept, and what was written since: too many, where one was written again.
    at_most: usize,
    /// Up to where the file is looked through.
    after: KeyBytes,
    /// How many were kept up to there, and written since the beginning.
    kept: usize,
}

impl Room {
    /// For a memory of `capacity` keys: the file may have a quarter more.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            bound: capacity.saturating_add(capacity / 4).max(1),
            at_most: 0,
            after: FIRST,
            kept: 0,
        }
    }

    /// Counts what is there.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) async fn count(&mut self, store: &SqliteStore) -> Result<(), Error> {
        self.at_most = store.readers.read(rows::count).await?;
        Ok(())
    }

    /// What may be written while it is so full: lesser counters wait until there is room again.
    pub(super) const fn least(&self) -> Worth {
        if self.at_most <= self.bound {
            Worth::Once
        } else if self.at_most <= self.bound.saturating_mul(2) {
            Worth::Often
        } else {
            Worth::Exhausted
        }
    }

    /// Notes that so many were `written`. If there may be too many, some that `memory` doesn't hold go.
    ///
    /// # Errors
    /// When they can't be looked at or deleted: it goes on the next time.
    pub(super) async fn note(
        &mut self,
        written: usize,
        store: &SqliteStore,
        memory: &Arc<MemoryStore>,
    ) -> Result<(), Error> {
        self.at_most += written;
        self.kept += written;
        let mut going = Vec::new();
        for _ in 0..STEPS + LOOKED_AT * written / STEP {
            if self.at_most <= self.bound {
                break;
            }
            let gone = self.look(store, memory).await?;
            self.at_most = self.at_most.saturating_sub(gone.len());
            if !gone.is_empty() {
                going.push(store.writer.submit(move |change| {
                    let connection = change.connection();
                    let mut gone = gone.into_iter();
                    gone.try_for_each(|key| rows::delete(connection, key))
                })?);
            }
        }
        for answer in going {
            answer.wait().await?;
        }
        Ok(())
    }

    /// Looks at the next keys in the file, and returns those that are not in `memory`.
    async fn look(
        &mut self,
        store: &SqliteStore,
        memory: &Arc<MemoryStore>,
    ) -> Result<Vec<KeyBytes>, Error> {
        let (after, memory) = (self.after, Arc::clone(memory));
        let look = move |connection: &_| {
            let keys = rows::keys(connection, after, STEP)?;
            let (seen, last) = (keys.len(), keys.last().copied());
            let is_gone = |key: &KeyBytes| !memory.contains(Key::from_bytes(*key));
            let gone: Vec<_> = keys.into_iter().filter(is_gone).collect();
            Ok((seen, last, gone))
        };
        let (seen, last, gone) = store.readers.read(look).await?;
        self.kept += seen - gone.len();
        match last {
            Some(last) if seen == STEP => self.after = last,
            // The end: now it is known how many there are, those that go just now not counted.
            Some(_) | None => {
                self.at_most = self.at_most.min(self.kept + gone.len());
                (self.after, self.kept) = (FIRST, 0);
            }
        }
        Ok(gone)
    }
}
