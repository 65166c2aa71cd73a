//! Where the calls of a store wait.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// Where calls wait while it is shut. One request runs at a time: of the calls that it makes at once,
/// the first passes first, and the next only when that one is answered.
#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shut: bool,
    /// Someone has waited at the gate since it was last asked.
    waits: bool,
    /// The next may pass.
    granted: bool,
    /// So many have passed and are not answered yet.
    inside: u32,
}

/// A call that has passed.
pub(super) struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.lock().inside -= 1;
    }
}

impl Gate {
    /// Has every call wait from now on.
    pub(super) fn shut(&self) {
        self.lock().shut = true;
    }

    /// Lets every call through from now on.
    pub(super) fn open(&self) {
        let mut state = self.lock();
        *state = State {
            inside: state.inside,
            ..State::default()
        };
    }

    /// Lets the one through who is polled next.
    pub(super) fn grant(&self) {
        self.lock().granted = true;
    }

    /// Whether the request that was polled last waits at the gate, and for nothing else.
    pub(super) fn is_waited_at(&self) -> bool {
        let mut state = self.lock();
        std::mem::take(&mut state.waits) && state.inside == 0
    }

    pub(super) async fn pass(&self) -> Inside<'_> {
        let mut waiting = false;
        poll_fn(|_| {
            let mut state = self.lock();
            if !state.shut || (waiting && std::mem::take(&mut state.granted)) {
                state.inside += 1;
                return Poll::Ready(Inside(self));
            }
            waiting = true;
            state.waits = true;
            Poll::Pending // polled by the scheduler, whatever the waker
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
