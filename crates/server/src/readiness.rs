//! One question to the store for all who ask whether it answers.
//!
//! `/readyz` is open to everyone and exempt from limits, and asking the store costs it a write: without
//! this a flood of them would take the store's connections from everything else.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Asks once at a time. Whoever comes while it is asked waits for the next answer, and shares it.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// How many questions have begun.
    begun: AtomicU64,
    last: Mutex<Last>,
}

/// The last question that was answered.
#[derive(Debug, Default)]
struct Last {
    number: u64,
    is_ready: bool,
}

impl Readiness {
    /// The answer to a question that began after this was called, by `ask` unless another has asked.
    ///
    /// # Errors
    /// That of `ask`, for the one who asked; the others learn that it failed.
    pub(crate) async fn check<E>(
        &self,
        ask: impl AsyncFnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let came = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.number > came {
            return Ok(last.is_ready);
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = ask().await;
        *last = Last {
            number,
            is_ready: answer.is_ok(),
        };
        answer.map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::Poll;

    use tokio::sync::Semaphore;

    use super::*;

    /// Questions are counted, each is answered when the test says so.
    struct Store {
        asked: AtomicU64,
        answers: Semaphore,
    }

    impl Store {
        fn new() -> Self {
            Self {
                asked: AtomicU64::new(0),
                answers: Semaphore::new(0),
            }
        }

        async fn ask(&self, answer: Result<(), &'static str>) -> Result<(), &'static str> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.answers.acquire().await.unwrap().forget();
            answer
        }
    }

    #[tokio::test]
    async fn however_many_ask_the_store_is_asked_twice_at_most() {
        let (readiness, store) = (Readiness::default(), Store::new());
        let one = || readiness.check(async || store.ask(Ok(())).await);
        let mut first = Box::pin(one());
        assert!(polled(first.as_mut()).await.is_none(), "it is asked");
        let mut others: Vec<_> = (0..100).map(|_| Box::pin(one())).collect();
        for other in &mut others {
            assert!(polled(other.as_mut()).await.is_none(), "they wait");
        }
        store.answers.add_permits(2);
        assert_eq!(first.await, Ok(true));
        for other in others {
            assert_eq!(other.await, Ok(true));
        }
        assert_eq!(store.asked.load(Ordering::SeqCst), 2);
        // One that comes later asks anew.
        store.answers.add_permits(1);
        assert_eq!(one().await, Ok(true));
        assert_eq!(store.asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_failure_is_shared_and_one_who_leaves_leaves_no_answer() {
        let (readiness, store) = (Readiness::default(), Store::new());
        let mut leaves = Box::pin(readiness.check(async || store.ask(Ok(())).await));
        assert!(polled(leaves.as_mut()).await.is_none());
        let mut first = Box::pin(readiness.check(async || store.ask(Err("gone")).await));
        let mut second = Box::pin(readiness.check(async || store.ask(Ok(())).await));
        assert!(polled(first.as_mut()).await.is_none());
        assert!(polled(second.as_mut()).await.is_none());
        drop(leaves);
        store.answers.add_permits(1);
        assert_eq!(first.await, Err("gone"));
        assert_eq!(second.await, Ok(false));
    }

    async fn polled<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
        let mut future = future;
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }
}
