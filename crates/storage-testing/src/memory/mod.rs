//! A store in memory, for tests: the traits in their plainest form, against which the others and the
//! use cases are checked. Nothing of it outlives the process.

mod addresses;
mod attempts;
mod closings;
#[cfg(test)]
mod contract;
mod events;
mod factors;
mod operator;
mod outbox;
mod records;
mod sessions;
mod tickets;
mod upkeep;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::{Clock, Session, SessionId, Timestamp, TokenId, User, UserId};
use password::PasswordHash;
use storage::attempts::{AttemptKey, Budget};
use storage::outbox::JobId;
use storage::records::StoredRecord;
use storage::tickets::StoredTicket;
use storage::{Error, Feed, FeedEntry, FeedRow, FeedSink, Keys, Kind, RecordId, Undoable};

/// A store in memory.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Option<Arc<dyn Clock>>,
    is_uncountable: bool,
}

#[derive(Default)]
struct State {
    users: BTreeMap<UserId, Row>,
    sessions: BTreeMap<SessionId, Session>,
    spent: HashMap<TokenId, Timestamp>,
    attempts: BTreeMap<AttemptKey, Budget>,
    /// By the mark of the name: for whom, and until when.
    released: BTreeMap<String, (String, Timestamp)>,
    /// By hash: the ticket, and whether it is spent.
    tickets: HashMap<[u8; 32], (StoredTicket, bool)>,
    records: BTreeMap<(Kind, RecordId), (StoredRecord, Keys)>,
    jobs: HashMap<JobId, outbox::Job>,
    /// The links of each account, and what is known besides them.
    events: BTreeMap<UserId, events::Chain>,
    feed: Vec<FeedRow>,
    sinks: Vec<Arc<dyn FeedSink>>,
    access_lifetime: Duration,
    /// The fingerprint of the present secret, and since when it is that.
    secret: Option<(String, Timestamp)>,
    closed: bool,
}

#[derive(Clone)]
struct Row {
    user: User,
    hash: PasswordHash,
    username_key: String,
    email_key: String,
    undoable: Undoable,
    factor: Option<factors::Enrolled>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that tells the time, by this clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock: Some(clock),
            ..Self::default()
        }
    }

    /// An empty store whose accounts are too many to be counted in time.
    pub fn uncountable() -> Self {
        Self {
            is_uncountable: true,
            ..Self::default()
        }
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Error::Unavailable("it was closed".to_owned()));
        }
        Ok(state)
    }
}

impl State {
    /// Writes to the feed and tells those who listen, while nobody else can write.
    fn tell(&mut self, until: Timestamp, entries: impl IntoIterator<Item = FeedEntry>) {
        let rows: Vec<_> = entries
            .into_iter()
            .map(|entry| FeedRow { entry, until })
            .collect();
        for sink in &self.sinks {
            sink.apply(&rows);
            sink.heard(sink.asked());
        }
        self.feed.extend(rows);
    }
}

#[async_trait]
impl Feed for MemoryStore {
    async fn follow(&self, now: Timestamp, sink: Arc<dyn FeedSink>) -> Result<(), Error> {
        let mut state = self.open()?;
        let rows: Vec<_> = state
            .feed
            .iter()
            .filter(|row| row.until > now)
            .cloned()
            .collect();
        sink.apply(&rows);
        sink.heard(sink.asked());
        state.sinks.push(sink);
        Ok(())
    }

    async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        let mut state = self.open()?;
        for row in rows {
            state.tell(row.until, [row.entry]);
        }
        Ok(())
    }

    fn may_write(&self, _: &str) -> bool {
        true // there is one process, and it is of this version
    }

    async fn who_cannot_read(&self, _: &str) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}
