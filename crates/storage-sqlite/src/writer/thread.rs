//! The thread that writes.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use storage::{FeedRow, Sinks};
use tokio::sync::watch;

use super::group::{Committed, NotCommitted, commit};
use super::health::{Health, prove};
use super::operation::Operation;
use crate::error::Failure;

/// Operations in one transaction: enough to pay for the disk, few enough that a caller behind them
/// does not wait for long.
const GROUP: usize = 64;

/// How often a connection that broke is opened again while nothing is to be written.
const RETRY: Duration = Duration::from_millis(250);

/// Opens a connection that may write.
pub(crate) type Reopen = Box<dyn Fn() -> rusqlite::Result<Connection> + Send>;

/// What the writing thread has.
pub(crate) struct WriterThread {
    /// Opens the file once more.
    pub(crate) reopen: Reopen,
    /// The connection; none after it broke, until another works.
    pub(crate) connection: Option<Connection>,
    /// Who hears of what was committed.
    pub(crate) sinks: Sinks,
    /// Where trouble is noted.
    pub(crate) health: Health,
    /// The threads that read: they end by themselves, and before the file is closed.
    pub(crate) readers: Vec<JoinHandle<()>>,
    /// The server's lock on the file, given back when everything is written.
    pub(crate) lock: Option<File>,
    /// Goes when everything has ended.
    pub(crate) ended: watch::Sender<()>,
}

impl WriterThread {
    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self, queue: &Receiver<Box<dyn Operation>>) {
        loop {
            match self.next(queue) {
                Ok(first) => self.write(first, queue),
                Err(RecvTimeoutError::Timeout) => drop(self.usable()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.finish();
    }

    fn next(
        &self,
        queue: &Receiver<Box<dyn Operation>>,
    ) -> Result<Box<dyn Operation>, RecvTimeoutError> {
        if self.connection.is_some() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(RETRY)
        }
    }

    fn write(&mut self, first: Box<dyn Operation>, queue: &Receiver<Box<dyn Operation>>) {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        let outcome = match self.usable() {
            Ok(connection) => commit(connection, &mut group),
            Err(failure) => Err(NotCommitted::RolledBack(failure)),
        };
        match outcome {
            Ok(committed) => self.answer(group, &committed),
            Err(NotCommitted::Locked) => {
                // Each that waits would wait as long for the same lock: they hear it now.
                group.extend(queue.try_iter());
                self.fail(group, Failure::Locked);
            }
            Err(NotCommitted::RolledBack(failure)) => self.fail(group, failure),
            Err(NotCommitted::Broken(failure)) => {
                self.connection = None; // which rolls back
                self.fail(group, failure);
            }
        }
    }

    fn answer(&self, group: Vec<Box<dyn Operation>>, committed: &Committed) {
        match (&committed.trouble, committed.wrote) {
            (Some(failure), _) => self.health.set(Some(failure.clone())),
            (None, true) => self.health.set(None),
            (None, false) => {}
        }
        let heard = self.tell(&committed.told);
        for operation in group {
            operation.answer(heard.as_ref().copied());
        }
    }

    /// Tells the listeners. When one of them fails, its process does not know what was committed:
    /// nobody is to believe that it does.
    fn tell(&self, rows: &[FeedRow]) -> Result<(), Failure> {
        catch_unwind(AssertUnwindSafe(|| self.sinks.apply(rows))).map_err(|_| {
            tracing::error!("a listener of the feed panicked");
            Failure::Unavailable("it was written, but not heard here".to_owned())
        })
    }

    fn fail(&self, group: Vec<Box<dyn Operation>>, failure: Failure) {
        for operation in group {
            operation.answer(Err(&failure));
        }
        self.health.set(Some(failure));
    }

    /// The connection; a new one when the last one broke, once it has proven that it can write.
    fn usable(&mut self) -> Result<&Connection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self
                .reopen()
                .inspect_err(|failure| self.health.set(Some(failure.clone())))?,
        };
        Ok(self.connection.insert(connection))
    }

    fn reopen(&self) -> Result<Connection, Failure> {
        let connection = (self.reopen)()?;
        prove(&connection).map_err(|error| {
            Failure::of(&error).unwrap_or_else(|| Failure::Unavailable(error.to_string()))
        })?;
        self.health.set(None);
        Ok(connection)
    }

    /// Moves what is in the write-ahead log into the file, so that the file alone is complete.
    fn finish(mut self) {
        for reader in self.readers.drain(..) {
            let _ = reader.join(); // it caught its panics and told of them
        }
        self.sinks.clear();
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.lock.is_some() {
            let moved = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
            if let Err(error) = moved {
                tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
            }
        }
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the store did not close cleanly");
        }
        drop(self.lock);
        drop(self.ended);
    }
}
