//! Following the feed: a thread that sees what any process writes.
//!
//! It reads the rows above a cursor and moves the cursor to the highest. That misses nothing: a
//! transaction takes its numbers while it holds SQLite's one write lock, and keeps the lock until it
//! is committed. So numbers are committed in their order, and when a row is visible, every row below
//! it that will ever be is visible too; and AUTOINCREMENT gives no number twice, also when the rows
//! with the highest have been swept away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use model::Timestamp;
use rusqlite::Connection;
use storage::{Error, FeedRow, FeedSink, Sinks};
use tokio::sync::oneshot;

use crate::error::from_sqlite;
use crate::feed;

/// How often it looks whether the file changed, which costs a few microseconds.
const POLL: Duration = Duration::from_millis(100);

/// A listener to be added.
pub(crate) struct Follow {
    /// Rows that have run out by then are of no use to it.
    pub(crate) now: Timestamp,
    /// The listener.
    pub(crate) sink: Arc<dyn FeedSink>,
    /// Told when it has heard every present row.
    pub(crate) reply: oneshot::Sender<Result<(), Error>>,
}

/// What the following thread has.
pub(crate) struct Follower {
    connection: Connection,
    sinks: Sinks,
    /// The highest row that every listener has heard.
    cursor: i64,
    /// What `PRAGMA data_version` gave before the last reading; none when nobody listens yet.
    version: Option<i64>,
    in_trouble: bool,
}

impl Follower {
    /// A thread that reads through `connection` and tells `sinks`.
    pub(crate) const fn new(connection: Connection, sinks: Sinks) -> Self {
        Self {
            connection,
            sinks,
            cursor: 0,
            version: None,
            in_trouble: false,
        }
    }

    /// Follows until the queue is closed.
    pub(crate) fn run(mut self, queue: &Receiver<Follow>) {
        loop {
            match queue.recv_timeout(POLL) {
                Ok(Follow { now, sink, reply }) => {
                    let _ = reply.send(self.add(now, &sink)); // the caller may have gone
                }
                Err(RecvTimeoutError::Timeout) => self.poll(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn add(&mut self, now: Timestamp, sink: &Arc<dyn FeedSink>) -> Result<(), Error> {
        // Added before the reading: a row that the writer commits meanwhile is in one or in both.
        self.sinks.add(Arc::clone(sink));
        let asked = sink.asked();
        let version = data_version(&self.connection)?;
        let (rows, last) = feed::present(&self.connection, now)?;
        without_panic(|| {
            sink.apply(&rows);
            sink.heard(asked);
        })?;
        if self.version.is_none() {
            (self.version, self.cursor) = (Some(version), last);
        }
        Ok(())
    }

    fn poll(&mut self) {
        if self.version.is_none() {
            return;
        }
        let polled = self.read_on();
        match (&polled, self.in_trouble) {
            (Err(error), false) => tracing::error!(%error, "the feed can't be read"),
            (Ok(()), true) => tracing::info!("the feed is read again"),
            _ => {}
        }
        self.in_trouble = polled.is_err();
    }

    /// Reads on from the cursor when something was committed, and tells the listeners that the store
    /// was heard. The version is taken before the rows: a commit in between is seen the next time.
    fn read_on(&mut self) -> Result<(), Error> {
        let asked = self.sinks.ask();
        let version = data_version(&self.connection)?;
        if self.version != Some(version) {
            let (rows, last) = feed::above(&self.connection, self.cursor)?;
            self.tell(&rows)?;
            (self.version, self.cursor) = (Some(version), last);
        }
        without_panic(|| asked.heard())
    }

    fn tell(&self, rows: &[FeedRow]) -> Result<(), Error> {
        without_panic(|| self.sinks.apply(rows))
    }
}

/// Changes whenever another connection, of this process or of another, has committed.
fn data_version(connection: &Connection) -> Result<i64, Error> {
    let read = || {
        connection
            .prepare_cached("PRAGMA data_version")?
            .query_row((), |row| row.get(0))
    };
    read().map_err(from_sqlite)
}

fn without_panic(tell: impl FnOnce()) -> Result<(), Error> {
    catch_unwind(AssertUnwindSafe(tell))
        .map_err(|_| Error::Unavailable("a listener of the feed panicked".to_owned()))
}
