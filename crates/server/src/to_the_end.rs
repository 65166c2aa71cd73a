//! Use cases that end as they should, though nobody waits for their answer any more.

use std::future::pending;
use std::panic::resume_unwind;

use tracing::Instrument as _;

/// Carries a use case that counts a guess at a password to its end, in a task of its own.
///
/// A request is dropped when its deadline passes, and when its client goes away. A guess that is not compared must
/// be given back all the same, or a busy server would shut out people who made no mistake; and one that is compared
/// must stay counted, or whoever hangs up would guess for nothing.
///
/// How many run at once is bounded: each has a place in the hashing pool until it knows the password right or wrong,
/// none waits there longer than the pool's patience, whatever it asks of the store has a time limit of its own, and what
/// failed waits a second at most for its answer.
pub(crate) async fn to_the_end<T: Send + 'static>(
    use_case: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(use_case.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic), // as if it had run here
            Err(_) => pending().await,         // the runtime is ending, and the request with it
        },
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_no_longer_waited_for_goes_on() {
        let (go, gone) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        {
            let mut request = pin!(to_the_end(async move {
                gone.await.unwrap();
                end.send("ended").unwrap();
            }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(request.as_mut().poll(&mut context).is_pending());
        }
        go.send(()).unwrap();
        assert_eq!(ended.await, Ok("ended"));
    }

    #[tokio::test]
    #[should_panic(expected = "as it is")]
    async fn a_panic_is_passed_on() {
        to_the_end(async { panic!("as it is") }).await;
    }
}
