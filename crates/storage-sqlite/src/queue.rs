//! The way from a caller to a thread: bounded, and closed once.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};

use storage::Error;

use crate::error::closed;

/// The callers' end of a queue.
pub(crate) struct Queue<T>(Mutex<Option<SyncSender<T>>>);

impl<T> Queue<T> {
    /// A queue in which at the most `bound` wait, and the thread's end of it.
    pub(crate) fn new(bound: usize) -> (Self, Receiver<T>) {
        let (sender, receiver) = sync_channel(bound);
        (Self(Mutex::new(Some(sender))), receiver)
    }

    /// Puts something in, without ever waiting.
    ///
    /// # Errors
    /// [`Error::Busy`] when it is full, [`Error::Unavailable`] when it is closed.
    pub(crate) fn push(&self, item: T) -> Result<(), Error> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or_else(closed)?;
        sender.try_send(item).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => closed(),
        })
    }

    /// Takes nothing more. The thread gets what is in it, and then its end.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
