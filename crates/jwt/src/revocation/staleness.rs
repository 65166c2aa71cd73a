//! How long ago the source of revocations was last heard.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that gives milliseconds since some fixed point. It must never go back, and should run on
/// while the machine sleeps (`CLOCK_BOOTTIME`).
pub type MonotonicMillis = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Whether the source of revocations was heard lately enough to accept a token.
///
/// A node that is cut off doesn't know what others revoked; after a bound it had better refuse
/// everyone. Whoever follows the source calls [`heard`](Self::heard) after each success.
pub struct Staleness {
    /// When the last success began, plus one; 0: there was none yet.
    heard: AtomicU64,
    bound: u64,
    clock: MonotonicMillis,
}

impl Staleness {
    /// Stale until first heard, and whenever that is longer ago than `bound`.
    pub fn new(bound: Duration, clock: MonotonicMillis) -> Self {
        Self {
            heard: AtomicU64::new(0),
            bound: u64::try_from(bound.as_millis()).unwrap_or(u64::MAX),
            clock,
        }
    }

    /// The time on the clock in milliseconds, to be taken *before* the source is asked.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// After how many milliseconds without success it is stale.
    pub const fn bound(&self) -> u64 {
        self.bound
    }

    /// Notes that the source was heard, and answered a question that was asked at `asked`: what was
    /// revoked between the two may be missing, so age counts from there. Never goes back.
    pub fn heard(&self, asked: u64) {
        self.heard
            .fetch_max(asked.saturating_add(1), Ordering::AcqRel);
    }

    /// Whether the source was last heard longer ago than the bound, or never.
    pub fn is_stale(&self) -> bool {
        match self.heard.load(Ordering::Acquire).checked_sub(1) {
            None => true,
            Some(heard) => self.now().saturating_sub(heard) > self.bound,
        }
    }
}

impl fmt::Debug for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staleness")
            .field("is_stale", &self.is_stale())
            .field("bound_millis", &self.bound)
            .finish_non_exhaustive()
    }
}
