//! Counters of rate limits that outlive the process.
//!
//! A request is counted in memory and waits for no disk. What changed is written behind, by whoever
//! calls [`LimitStore::write_behind`] now and then: a process that is killed forgets the hits since the
//! last call, and one that ends in order none.
//!
//! A flood brings more new keys than a disk takes. So exhausted limits are written first, then keys that
//! are hit often, and those hit once at the end, if they are still known by then. Nothing grows with the
//! flood: what is on its way is bounded, the file keeps little more than what memory holds, and a start
//! waits for no more than the worthiest counters.

mod room;
mod rows;
mod unread;
mod writing;

use std::sync::Arc;

use ratelimit::{Backlog, Capacity, Hit, Key, MemoryStore, Timestamp, Unavailable, Usage, Worth};
use storage::Error;
use tokio::task::yield_now;

use self::room::Room;
use self::unread::Unread;
use self::writing::Writing;
use crate::SqliteStore;
use crate::query::execute;

pub(crate) use rows::sweep;

/// Counters that are read before the first request, some ten milliseconds' worth: all that most files have.
const AT_START: usize = 20_000;

/// Counters that are read at a time later: other readings get their turn in between.
const LATER: usize = 500;

/// Counters that are written in a round, those that are exhausted not counted: some tenths of a second
/// later the next round begins with what has been exhausted since.
const ROUND: usize = 4_000;

/// The counters of the one server on a file.
pub struct LimitStore {
    store: Arc<SqliteStore>,
    memory: Arc<MemoryStore>,
    /// Held while counters are read or written: rounds don't overtake each other.
    file: tokio::sync::Mutex<File>,
}

/// What the file has.
#[derive(Clone, Copy, Debug)]
struct File {
    /// What it doesn't have yet.
    backlog: Backlog,
    /// What it has of before the start, and memory doesn't yet. Until that is read nothing is written:
    /// it would be overwritten.
    unread: Option<Unread>,
    /// How many counters it has.
    room: Room,
}

impl LimitStore {
    /// The counters that `store` has kept, in memory of at most `capacity`: the worthiest at once, and
    /// what is left of many by the first [`write_behind`](Self::write_behind), which adds it to what was
    /// counted by then.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn load(
        store: Arc<SqliteStore>,
        capacity: Capacity,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let memory = Arc::new(MemoryStore::new(capacity));
        let unread = Unread::new(capacity.keys, now);
        let unread = unread.read(&store, &memory, AT_START).await?;
        let file = File {
            // What was just read is no change.
            backlog: Backlog::since(memory.next_round()),
            unread: Some(unread),
            room: Room::new(capacity.keys),
        };
        Ok(Self {
            store,
            memory,
            file: tokio::sync::Mutex::new(file),
        })
    }

    /// Writes what has changed since the last time, and returns whether that was all. If not, so much
    /// has changed that it is to be called again at once: it begins anew with what is worth most.
    ///
    /// # Errors
    /// When it can't be written; the next call tries again.
    pub async fn write_behind(&self) -> Result<bool, Error> {
        let mut file = self.file.lock().await;
        self.read_the_rest(&mut file).await?;
        // Kept when all of it is written, and only then.
        let mut backlog = file.backlog;
        let least = file.room.least();
        backlog.begin(&self.memory, least);
        let mut writing = Writing::new(&self.store);
        let mut left = ROUND;
        let all = loop {
            if left == 0 {
                break false;
            }
            let Some((worth, entries)) = backlog.step(&self.memory) else {
                break least == Worth::Once;
            };
            if worth < Worth::Exhausted {
                left = left.saturating_sub(entries.len());
            }
            // Copying a shard is the longest that the thread is held.
            yield_now().await;
            writing.add(entries).await?;
        };
        let written = writing.finish().await?;
        file.backlog = backlog;
        // If this fails half-way, too many are taken for gone: the file has some more for a while.
        file.room.note(written, &self.store, &self.memory).await?;
        Ok(all)
    }

    async fn read_the_rest(&self, file: &mut File) -> Result<(), Error> {
        while let Some(unread) = file.unread {
            if unread.is_empty() {
                file.room.count(&self.store).await?;
                file.unread = None;
            } else {
                file.unread = Some(unread.read(&self.store, &self.memory, LATER).await?);
            }
        }
        Ok(())
    }

    /// Gives back the memory of counters that have expired at `now`, a few at a time: in between others
    /// have the thread.
    pub async fn sweep(&self, now: Timestamp) {
        for () in self.memory.sweep_steps(now) {
            yield_now().await;
        }
    }
}

impl ratelimit::Store for LimitStore {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        Ok(MemoryStore::hit(&self.memory, &hit))
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        Some(Ok(MemoryStore::hit(&self.memory, &hit)))
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        MemoryStore::give_back(&self.memory, &hit, &usage);
        Ok(())
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        // Not while counters are on their way, which may hold it.
        let mut file = self.file.lock().await;
        let read = self.read_the_rest(&mut file).await;
        read.map_err(Unavailable::new)?;
        MemoryStore::clear(&self.memory, key);
        let sql = "DELETE FROM rate_limits WHERE key = ?1";
        self.store
            .writer
            .write(move |change| execute(change.connection(), sql, [key.as_bytes()]).map(drop))
            .await
            .map_err(|error: Error| Unavailable::new(error))
    }
}

impl std::fmt::Debug for LimitStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitStore").finish_non_exhaustive()
    }
}
