//! Operations under way: they are bounded, they outlive whoever asked for them, and a close waits
//! for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

    /// Lets nothing begin any more, and waits until everything has ended, but no longer than `bound`: what a store that
    /// has gone keeps waiting was answered to nobody.
    pub(crate) async fn close(&self, bound: Duration) {
        self.closing.store(true, Ordering::Release);
        match tokio::time::timeout(bound, self.permits.acquire_many(AT_ONCE)).await {
            Ok(Ok(all)) => all.forget(),
            Ok(Err(_)) => {} // closed before
            Err(_) => tracing::warn!("closing while operations wait for the store"),
        }
        self.permits.close();
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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_close_does_not_wait_for_what_never_ends() {
        let running = Arc::new(Running::new());
        let stuck = Arc::clone(&running);
        let stuck = tokio::spawn(async move { stuck.read(pending::<Result<(), Error>>()).await });
        while running.permits.available_permits() == AT_ONCE as usize {
            tokio::task::yield_now().await;
        }
        running.close(Duration::from_millis(1)).await;
        let late = running.read(async { Ok::<_, Error>(()) }).await;
        assert!(matches!(late, Err(Error::Unavailable(_))));
        stuck.abort();
    }

    #[tokio::test]
    async fn a_close_waits_for_what_ends() {
        let running = Arc::new(Running::new());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let task = {
            let running = Arc::clone(&running);
            tokio::spawn(async move {
                let work = async move { ended.await.map_err(|_| closed()) };
                running.write(work).await
            })
        };
        while running.permits.available_permits() == AT_ONCE as usize {
            tokio::task::yield_now().await;
        }
        let ending = async {
            tokio::task::yield_now().await;
            end.send(()).unwrap();
        };
        tokio::join!(running.close(Duration::from_mins(1)), ending);
        assert!(task.await.unwrap().is_ok());
    }
}
