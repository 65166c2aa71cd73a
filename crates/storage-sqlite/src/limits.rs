//! Counters of rate limits that outlive the process.
//!
//! A request is counted in memory and waits for no disk. What changed is written behind, by whoever
//! calls [`LimitStore::write_behind`] now and then: a process that is killed forgets the hits since the
//! last call, and one that ends in order none.

use std::sync::Arc;

use ratelimit::{Capacity, Entry, Hit, Key, Mark, MemoryStore, State, Unavailable, Usage};
use rusqlite::Connection;
use storage::Error;

use crate::SqliteStore;
use crate::query::{all, execute, integer};

/// Counters that are written as one operation: others get their turn in between.
const BATCH: usize = 500;

/// The counters of the one server on a file.
pub struct LimitStore {
    store: Arc<SqliteStore>,
    memory: Arc<MemoryStore>,
    /// Up to where the changes are written. Held while they are: rounds don't overtake each other.
    written: tokio::sync::Mutex<Mark>,
}

impl LimitStore {
    /// The counters that `store` has kept, in memory of at most `capacity`.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn load(
        store: Arc<SqliteStore>,
        capacity: Capacity,
        now: ratelimit::Timestamp,
    ) -> Result<Self, Error> {
        let memory = Arc::new(MemoryStore::new(capacity));
        let restored = Arc::clone(&memory);
        store
            .readers
            .read(move |connection| restore(connection, &restored, now))
            .await?;
        // What was just read is no change.
        let mark = memory.changes(Mark::default(), drop);
        Ok(Self {
            store,
            memory,
            written: tokio::sync::Mutex::new(mark),
        })
    }

    /// Writes what has changed since the last time.
    ///
    /// # Errors
    /// When it can't be written; the next call tries again.
    pub async fn write_behind(&self) -> Result<(), Error> {
        let mut written = self.written.lock().await;
        let mut changed = Vec::new();
        let mark = self.memory.changes(*written, |batch| changed.extend(batch));
        for batch in changed.chunks(BATCH) {
            let rows: Vec<_> = batch.iter().map(Row::from).collect();
            self.store
                .writer
                .write(move |change| {
                    rows.iter()
                        .try_for_each(|row| row.save(change.connection()))
                })
                .await?;
        }
        *written = mark;
        Ok(())
    }

    /// Gives back the memory of counters that have expired at `now`.
    pub fn sweep(&self, now: ratelimit::Timestamp) {
        self.memory.sweep(now);
    }
}

impl ratelimit::Store for LimitStore {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        Ok(MemoryStore::hit(&self.memory, &hit))
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        Some(Ok(MemoryStore::hit(&self.memory, &hit)))
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        // Not while changes are on their way, which may hold it.
        let _written = self.written.lock().await;
        MemoryStore::clear(&self.memory, key);
        let sql = "DELETE FROM rate_limits WHERE key = ?1";
        self.store
            .writer
            .write(move |change| execute(change.connection(), sql, [key.as_bytes()]).map(drop))
            .await
            .map_err(|error: Error| Unavailable::new(error))
    }
}

/// Puts every counter that counts at `now` into `memory`. One that can't be read is left out: it would
/// stop the start for the sake of a count.
fn restore(
    connection: &Connection,
    memory: &MemoryStore,
    now: ratelimit::Timestamp,
) -> Result<(), Error> {
    let mut unreadable = 0_u32;
    let rows = all(
        connection,
        "rate_limits",
        "SELECT key, state, expires FROM rate_limits WHERE expires > ?1",
        [integer(now.as_micros())],
        |columns| {
            let key: [u8; 16] = columns.get("key")?;
            let state: Vec<u8> = columns.get("state")?;
            Ok((key, state, columns.unsigned("expires")?))
        },
    )?;
    for (key, state, expires) in rows {
        let Some(state) = State::from_bytes(&state) else {
            unreadable += 1;
            continue;
        };
        let entry = Entry {
            key: Key::from_bytes(key),
            expires: ratelimit::Timestamp::from_micros(expires),
            state,
        };
        memory.restore(entry, now);
    }
    if unreadable > 0 {
        tracing::error!(
            unreadable,
            "counters of rate limits can't be read and start anew"
        );
    }
    Ok(())
}

/// Deletes at the most `limit` counters that have expired at `now` (milliseconds), and says how many.
pub(crate) fn sweep(
    connection: &Connection,
    now: model::Timestamp,
    limit: u32,
) -> Result<usize, Error> {
    let now = now.as_millis().saturating_mul(1000);
    execute(
        connection,
        "DELETE FROM rate_limits WHERE key IN
         (SELECT key FROM rate_limits WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        (now, limit),
    )
}

/// A counter on its way to the file.
struct Row {
    key: [u8; 16],
    state: Vec<u8>,
    expires: i64,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        Self {
            key: *entry.key.as_bytes(),
            state: entry.state.to_bytes(),
            expires: integer(entry.expires.as_micros()),
        }
    }
}

impl Row {
    fn save(&self, connection: &Connection) -> Result<(), Error> {
        let sql = "INSERT INTO rate_limits (key, state, expires) VALUES (?1, ?2, ?3)
                   ON CONFLICT (key) DO UPDATE SET state = excluded.state, expires = excluded.expires";
        execute(connection, sql, (self.key, &self.state, self.expires)).map(drop)
    }
}

impl std::fmt::Debug for LimitStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitStore").finish_non_exhaustive()
    }
}
