//! Reading at the start what the last run has counted.

use std::sync::Arc;

use ratelimit::{MemoryStore, Timestamp, Worth};
use storage::Error;

use super::rows::{self, Place};
use crate::SqliteStore;

/// Counters in the file that are not in memory yet, the worthiest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    now: Timestamp,
    /// The first of [`Worth::DESCENDING`] that is not read to its end.
    worth: usize,
    after: Place,
    /// How many more memory is meant for. The others are let go.
    left: usize,
}

impl Unread {
    /// All that count at `now`, at the most `capacity`.
    pub(super) const fn new(capacity: usize, now: Timestamp) -> Self {
        Self {
            now,
            worth: 0,
            after: Place::START,
            left: capacity,
        }
    }

    /// Whether all are read.
    pub(super) const fn is_empty(&self) -> bool {
        self.left == 0 || self.worth == Worth::DESCENDING.len()
    }

    /// Reads at the most `limit` of them into `memory`, in one go, and returns the others.
    ///
    /// # Errors
    /// When they can't be read.
    pub(super) async fn read(
        self,
        store: &SqliteStore,
        memory: &Arc<MemoryStore>,
        limit: usize,
    ) -> Result<Self, Error> {
        let memory = Arc::clone(memory);
        let work = move |connection: &_| self.restore(connection, &memory, limit);
        store.readers.read(work).await
    }

    fn restore(
        mut self,
        connection: &rusqlite::Connection,
        memory: &MemoryStore,
        mut limit: usize,
    ) -> Result<Self, Error> {
        let mut unreadable = 0_u32;
        while let Some(worth) = Worth::DESCENDING.get(self.worth) {
            let most = limit.min(self.left).min(super::LATER);
            if most == 0 {
                break;
            }
            let rows = rows::read(connection, *worth, self.now, self.after, most)?;
            limit -= rows.len();
            self.left -= rows.len();
            if rows.len() < most {
                (self.worth, self.after) = (self.worth + 1, Place::START);
            } else if let Some((place, _)) = rows.last() {
                self.after = *place;
            }
            for (_, entry) in rows {
                match entry {
                    Some(entry) => drop(memory.restore(entry, self.now)),
                    None => unreadable += 1,
                }
            }
        }
        if unreadable > 0 {
            tracing::error!(
                unreadable,
                "counters of rate limits can't be read and start anew"
            );
        }
        Ok(self)
    }
}
