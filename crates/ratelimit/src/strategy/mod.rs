//! How hits are counted in a window: pure arithmetic on a [`State`], for any store to use.
//!
//! | strategy | counts | refused hits | a burst at the border of two windows |
//! |---|---|---|---|
//! | fixed window | from a key's first hit on | count | admits up to twice the amount |
//! | moving window | each hit for one window's length | don't count | admits the amount, exactly |
//! | sliding window counter | by the clock, the last window weighted by what is left of it | don't count | admits about the amount |

mod codec;
mod fixed_window;
mod moving_window;
mod sliding_window_counter;

use std::{fmt, str::FromStr};

use crate::{Hit, Quota, Timestamp};

use self::{
    fixed_window::FixedWindow, moving_window::MovingWindow,
    sliding_window_counter::SlidingWindowCounter,
};

/// A way of counting. The names are the library's: `fixed-window`, `moving-window`,
/// `sliding-window-counter`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// A window opens at a key's first hit. The cheapest, and the default.
    #[default]
    FixedWindow,
    /// The time of every admitted hit is kept: exact, 12 bytes for each.
    MovingWindow,
    /// Two counters approximate the moving window.
    SlidingWindowCounter,
}

/// The text names no strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `fixed-window`, `moving-window` or `sliding-window-counter`")]
pub struct UnknownStrategy;

impl Strategy {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed-window",
            Self::MovingWindow => "moving-window",
            Self::SlidingWindowCounter => "sliding-window-counter",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(text: &str) -> Result<Self, UnknownStrategy> {
        [
            Self::FixedWindow,
            Self::MovingWindow,
            Self::SlidingWindowCounter,
        ]
        .into_iter()
        .find(|strategy| strategy.name() == text)
        .ok_or(UnknownStrategy)
    }
}

/// What a limit says to one request, and where its key stands after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whether the cost fits into the limit.
    pub allowed: bool,
    /// What is left of the amount.
    pub remaining: u64,
    /// When more of the amount is there again; the present for a key without hits (a window's
    /// length from now in a moving window).
    pub reset: Timestamp,
    /// The time that it is counted under, by which it is given back: its own, or a later one where the
    /// clock was put back.
    pub at: Timestamp,
}

/// What is known of one key under one quota.
///
/// The caller keeps keys and quotas together: a state is of use only to the strategy and the quota
/// that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(Counts);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Counts {
    Fixed(FixedWindow),
    Moving(MovingWindow),
    Sliding(SlidingWindowCounter),
}

impl State {
    /// A key that was never hit.
    pub fn new(strategy: Strategy) -> Self {
        Self(match strategy {
            Strategy::FixedWindow => Counts::Fixed(FixedWindow::default()),
            Strategy::MovingWindow => Counts::Moving(MovingWindow::default()),
            Strategy::SlidingWindowCounter => Counts::Sliding(SlidingWindowCounter::default()),
        })
    }

    /// Charges `cost` at `now`, and says whether it was admitted.
    pub fn hit(&mut self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        match &mut self.0 {
            Counts::Fixed(window) => window.hit(quota, cost, now),
            Counts::Moving(window) => window.hit(quota, cost, now),
            Counts::Sliding(window) => window.hit(quota, cost, now),
        }
    }

    /// Charges `hit`; of a refundable one that is refused nothing is counted.
    pub fn charge(&mut self, hit: &Hit) -> Usage {
        let usage = self.hit(hit.quota, hit.cost, hit.now);
        if hit.refundable && !usage.allowed {
            self.give_back(hit, &usage);
        }
        usage
    }

    /// Takes back what `hit`, which ended in `usage`, was charged, if it still counts.
    pub fn give_back(&mut self, hit: &Hit, usage: &Usage) {
        match &mut self.0 {
            Counts::Fixed(window) => window.give_back(hit.cost, usage),
            Counts::Moving(_) | Counts::Sliding(_) if !usage.allowed => {} // was not counted
            Counts::Moving(window) => window.give_back(hit.cost, usage.at),
            Counts::Sliding(window) => window.give_back(hit.quota, hit.cost, usage.at),
        }
    }

    /// Says whether `cost` would be admitted at `now`, and charges nothing.
    pub fn test(&self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        match &self.0 {
            Counts::Fixed(window) => window.test(quota, cost, now),
            Counts::Moving(window) => window.test(quota, cost, now),
            Counts::Sliding(window) => window.test(quota, cost, now),
        }
    }

    /// From when on this state says no more than [`State::new`] does.
    pub fn expires(&self, quota: Quota) -> Timestamp {
        match &self.0 {
            Counts::Fixed(window) => window.expires(),
            Counts::Moving(window) => window.expires(quota),
            Counts::Sliding(window) => window.expires(quota),
        }
    }

    /// Adds what was counted `later`, under the same quota: both count as if they were one.
    pub(crate) fn add(&mut self, later: &Self) {
        match (&mut self.0, &later.0) {
            (Counts::Fixed(window), Counts::Fixed(later)) => window.add(later),
            (Counts::Moving(window), Counts::Moving(later)) => window.add(later),
            (Counts::Sliding(window), Counts::Sliding(later)) => window.add(later),
            // Not reached: a key stands for its strategy, too.
            (
                Counts::Fixed(_) | Counts::Moving(_) | Counts::Sliding(_),
                Counts::Fixed(_) | Counts::Moving(_) | Counts::Sliding(_),
            ) => *self = later.clone(),
        }
    }

    /// For how many hits that are kept one by one there is room: the size of a moving window's log.
    pub(crate) fn logged(&self) -> usize {
        match &self.0 {
            Counts::Moving(window) => window.logged(),
            Counts::Fixed(_) | Counts::Sliding(_) => 0,
        }
    }
}
