//! Reading: a thread with a connection that can't write.
//!
//! A reader sees what was committed before it began: whoever was answered by the writer and then
//! reads, sees what they wrote.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use storage::Error;
use tokio::sync::oneshot;

use crate::error::closed;
use crate::queue::Queue;
use crate::writer::without_panic;

/// Threads that read. Each reading is by an index and takes microseconds: one thread serves tens of
/// thousands in a second, and each more costs memory.
pub(crate) const THREADS: usize = 1;

/// Readings that may wait.
pub(crate) const WAITING: usize = 1024;

/// A reading on its way to a thread.
pub(crate) type Reading = Box<dyn FnOnce(&Connection) + Send>;

/// The callers' end of the readers.
pub(crate) struct Readers(Queue<Reading>);

impl Readers {
    /// Readers that fill `queue`.
    pub(crate) const fn new(queue: Queue<Reading>) -> Self {
        Self(queue)
    }

    /// Has `work` read.
    ///
    /// # Errors
    /// What `work` ends with; [`Error::Busy`] when too much is waiting.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.0.push(Box::new(move |connection| {
            if !reply.is_closed() {
                let _ = reply.send(without_panic(|| work(connection))); // the caller may have gone
            }
        }))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Takes nothing more; the threads end after what is waiting.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

/// Reads until the queue is closed and empty.
pub(crate) fn run(connection: &Connection, queue: &Arc<Mutex<Receiver<Reading>>>) {
    loop {
        // One thread waits at the queue, the others for their turn to.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(reading) => reading(connection),
            Err(_) => return,
        }
    }
}
