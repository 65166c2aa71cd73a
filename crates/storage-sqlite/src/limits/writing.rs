//! Counters on their way to the file.

use std::collections::VecDeque;

use ratelimit::Entry;
use storage::Error;
use tokio::task::yield_now;

use super::rows;
use crate::SqliteStore;
use crate::writer::Answer;

/// Counters that are written as one operation: others get their turn in between.
const BATCH: usize = 500;

/// Operations that are under way at once: they share a commit. What else waits for it is held up for
/// some hundredths of a second.
const UNDER_WAY: usize = 4;

/// Writes counters in batches, of which a few are under way.
pub(super) struct Writing<'a> {
    store: &'a SqliteStore,
    next: Vec<Entry>,
    under_way: VecDeque<Answer<(), Error>>,
    written: usize,
}

impl<'a> Writing<'a> {
    pub(super) const fn new(store: &'a SqliteStore) -> Self {
        Self {
            store,
            next: Vec::new(),
            under_way: VecDeque::new(),
            written: 0,
        }
    }

    /// Takes `entries`, and waits while too many are under way.
    ///
    /// # Errors
    /// When one that was taken before could not be written.
    pub(super) async fn add(&mut self, entries: Vec<Entry>) -> Result<(), Error> {
        for entry in entries {
            self.next.push(entry);
            if self.next.len() == BATCH {
                self.submit()?;
                yield_now().await;
                self.wait_for(UNDER_WAY - 1).await?;
            }
        }
        Ok(())
    }

    /// Waits until all are written, and says how many that were.
    ///
    /// # Errors
    /// When one could not be written.
    pub(super) async fn finish(mut self) -> Result<usize, Error> {
        if !self.next.is_empty() {
            self.submit()?;
        }
        self.wait_for(0).await?;
        Ok(self.written)
    }

    fn submit(&mut self) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.next);
        self.written += batch.len();
        let answer = self.store.writer.submit(move |change| {
            let connection = change.connection();
            batch
                .iter()
                .try_for_each(|entry| rows::save(connection, entry))
        })?;
        self.under_way.push_back(answer);
        Ok(())
    }

    /// Waits until no more than `few` are under way.
    async fn wait_for(&mut self, few: usize) -> Result<(), Error> {
        while self.under_way.len() > few {
            if let Some(answer) = self.under_way.pop_front() {
                answer.wait().await?;
            }
        }
        Ok(())
    }
}
