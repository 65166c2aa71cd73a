//! For how long the store could not be written to, as far as the heartbeat of this node tells.
//!
//! A grace that runs out while nobody can be served is none: what is granted for some seconds is granted for so many
//! seconds in which the store answered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A write that is answered sooner is no outage.
const PROMPT: Duration = Duration::from_secs(1);

/// The last outage, and one that lasts.
#[derive(Debug, Default)]
pub(crate) struct Outages(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the first write was asked for that was not answered.
    since: Option<Instant>,
    last: Option<(Instant, Instant)>,
}

impl Outages {
    /// A write that was asked for at `asked` is confirmed at `now`.
    pub(super) fn confirmed(&self, asked: Instant, now: Instant) {
        let mut state = self.lock();
        let since = state.since.take().unwrap_or(asked);
        if now.duration_since(since) > PROMPT {
            state.last = Some((since, now));
        }
    }

    /// A write that was asked for at `asked` failed.
    pub(super) fn failed(&self, asked: Instant) {
        self.lock().since.get_or_insert(asked);
    }

    /// How much of the time from `age` ago until `now` was an outage.
    pub(crate) fn within(&self, age: Duration, now: Instant) -> Duration {
        let state = self.lock();
        let lasting = state.since.map(|since| (since, now));
        let Some((from, to)) = lasting.or(state.last) else {
            return Duration::ZERO;
        };
        let ago = |then: Instant| now.saturating_duration_since(then).min(age);
        ago(from).saturating_sub(ago(to))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // What is in there is whole after each step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_answered_promptly_is_no_outage() {
        let (outages, began) = (Outages::default(), Instant::now());
        outages.confirmed(began, began + SECOND);
        assert_eq!(outages.within(SECOND * 60, began + SECOND), Duration::ZERO);
    }

    #[test]
    fn an_outage_counts_from_the_first_write_that_failed_to_the_next_that_did_not() {
        let (outages, began) = (Outages::default(), Instant::now());
        outages.failed(began + SECOND * 10);
        outages.failed(began + SECOND * 15);
        // It lasts.
        assert_eq!(outages.within(SECOND * 60, began + SECOND * 18), SECOND * 8);
        outages.confirmed(began + SECOND * 20, began + SECOND * 21);
        let now = began + SECOND * 30;
        assert_eq!(outages.within(SECOND * 60, now), SECOND * 11);
        // Of what began in it, only what was left of it.
        assert_eq!(outages.within(SECOND * 12, now), SECOND * 3);
        assert_eq!(outages.within(SECOND * 9, now), Duration::ZERO);
    }

    #[test]
    fn a_write_that_was_answered_late_is_one() {
        let (outages, began) = (Outages::default(), Instant::now());
        outages.confirmed(began, began + SECOND * 4);
        assert_eq!(outages.within(SECOND * 60, began + SECOND * 5), SECOND * 4);
    }
}
