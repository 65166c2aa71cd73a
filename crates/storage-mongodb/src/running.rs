//! Operations under way: they are bounded, they outlive whoever asked for them, and a close waits
//! for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::closed;

/// How many operations may be under way at once; what comes on top is refused.
const AT_ONCE: u32 = 1024;

/// The operations that are under way.
pub(crate) struct Running {
    permits: Arc<Semaphore>,
    closing: AtomicBool,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE as usize)),
            closing: AtomicBool::new(false),
        }
    }

    /// Waits for a reading: it ends with its caller.
    pub(crate) async fn read<T, E: From<Error>>(
        &self,
        operation: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _permit = self.begin()?;
        operation.await
    }

    /// Runs an operation of several steps to its end, also when nobody waits for it any more.
    pub(crate) async fn write<T, E>(
        &self,
        operation: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let permit = self.begin()?;
        let task = tokio::spawn(async move {
            let answer = operation.await;
            drop(permit);
            answer
        });
        match task.await {
            Ok(answer) => answer,
            Err(error) => Err(Error::Backend(Box::new(error)).into()),
        }
    }

    /// Lets nothing begin any more, and waits until everything has ended.
    pub(crate) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        if let Ok(all) = self.permits.acquire_many(AT_ONCE).await {
            self.permits.close();
            all.forget();
        }
    }

    fn begin(&self) -> Result<OwnedSemaphorePermit, Error> {
        if self.closing.load(Ordering::Acquire) {
            return Err(closed());
        }
        Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::Closed => closed(),
                TryAcquireError::NoPermits => Error::Busy,
            })
    }
}
