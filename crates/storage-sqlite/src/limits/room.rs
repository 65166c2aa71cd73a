//! What the file keeps: little more than memory holds.
//!
//! Memory lets go of keys when a flood of others comes. What it let go of counts no more, and goes from
//! the file, too, once it is much: the file is looked through piece by piece, in the order of its keys.

use std::sync::Arc;

use ratelimit::{Key, MemoryStore};
use storage::Error;

use super::rows::{self, FIRST, KeyBytes};
use crate::SqliteStore;

/// Keys that are looked at in one step.
const STEP: usize = 2_000;

/// Keys that are looked at for each counter that was written: a fifth of what is in a file that is
/// beyond its bound is known to have gone from memory.
const LOOKED_AT: usize = 8;

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
    pub(super) const fn new(capacity: usize) -> Self {
        Self {
            bound: capacity.saturating_add(capacity / 4),
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
        let steps = 1 + LOOKED_AT * written / STEP;
        for _ in 0..steps {
            if self.at_most <= self.bound {
                break;
            }
            self.step(store, memory).await?;
        }
        Ok(())
    }

    async fn step(&mut self, store: &SqliteStore, memory: &Arc<MemoryStore>) -> Result<(), Error> {
        let (after, memory) = (self.after, Arc::clone(memory));
        let look = move |connection: &_| {
            let keys = rows::keys(connection, after, STEP)?;
            let (seen, last) = (keys.len(), keys.last().copied());
            let is_gone = |key: &KeyBytes| !memory.contains(Key::from_bytes(*key));
            let gone: Vec<_> = keys.into_iter().filter(is_gone).collect();
            Ok((seen, last, gone))
        };
        let (seen, last, gone) = store.readers.read(look).await?;
        let left = gone.len();
        if left > 0 {
            let delete = move |change: &mut crate::writer::Change<'_>| {
                let connection = change.connection();
                gone.into_iter()
                    .try_for_each(|key| rows::delete(connection, key))
            };
            store.writer.write::<(), Error>(delete).await?;
        }
        self.at_most = self.at_most.saturating_sub(left);
        self.kept += seen - left;
        match last {
            Some(last) if seen == STEP => self.after = last,
            // The end: now it is known how many there are.
            Some(_) | None => {
                self.at_most = self.at_most.min(self.kept);
                (self.after, self.kept) = (FIRST, 0);
            }
        }
        Ok(())
    }
}
