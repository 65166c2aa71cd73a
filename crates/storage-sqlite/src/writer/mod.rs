//! Writing: one thread, one connection, groups of operations.
//!
//! A commit waits for the disk, and the disk takes as long for thirty changes as for one. So the
//! thread takes what is waiting as a group, gives each operation a savepoint of its own, and commits
//! once. Memory and answers follow the commit: what was answered is durable, and what is not durable
//! was neither answered nor heard.

mod change;
mod group;
mod health;
mod operation;
#[cfg(test)]
mod tests;
mod thread;

use std::panic::{AssertUnwindSafe, catch_unwind};

use storage::Error;
use tokio::sync::oneshot;

use crate::error::{OperationError, closed};
use crate::queue::Queue;

pub(crate) use change::Change;
pub(crate) use health::Health;
pub(crate) use operation::Operation;
pub(crate) use thread::WriterThread;

/// Operations that may wait: at the groups' pace the last of them waits for a small part of a second.
pub(crate) const WAITING: usize = 1024;

/// The callers' end of the writer.
pub(crate) struct Writer {
    queue: Queue<Box<dyn Operation>>,
    health: Health,
}

impl Writer {
    /// A writer that fills `queue` and reads `health`, which its thread sets.
    pub(crate) const fn new(queue: Queue<Box<dyn Operation>>, health: Health) -> Self {
        Self { queue, health }
    }

    /// Has `work` carried out in a transaction, and answers once it is committed and heard. It is
    /// carried out also when the caller waits no more. An error undoes what `work` did.
    ///
    /// # Errors
    /// What `work` ends with; [`Error::Busy`] when too much is waiting; else what the transaction
    /// ended with.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: OperationError,
    {
        self.submit(work)?.wait().await
    }

    /// The same without waiting: what is submitted together shares a commit, as a rule.
    ///
    /// # Errors
    /// [`Error::Busy`] when too much is waiting.
    pub(crate) fn submit<T, E>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Answer<T, E>, E>
    where
        T: Send + 'static,
        E: OperationError,
    {
        let (reply, answer) = oneshot::channel();
        self.queue.push(operation::boxed(work, reply))?;
        Ok(Answer(answer))
    }

    /// Whether it can write.
    ///
    /// # Errors
    /// Why it can't.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let in_trouble = self.health.trouble().is_some();
        self.write(move |change| {
            // A transaction takes the lock. After trouble only a change proves that it is over.
            if in_trouble {
                health::prove(change.connection())
            } else {
                Ok(())
            }
        })
        .await
    }

    /// Takes nothing more; the thread ends after what is waiting.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

/// What becomes of an operation. It is carried out also when nobody waits for it.
pub(crate) struct Answer<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: OperationError> Answer<T, E> {
    /// Waits for it.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub(crate) async fn wait(self) -> Result<T, E> {
        self.0.await.unwrap_or_else(|_| Err(closed().into()))
    }
}

/// Runs `work`; a panic in it is an error and ends no thread.
pub(crate) fn without_panic<T, E: From<Error>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::Backend("an operation panicked".into()).into()))
}
