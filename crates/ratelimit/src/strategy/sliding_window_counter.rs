//! Sliding window counter: windows by the clock, the last one weighted by how much of it the moving
//! window still covers.
//!
//! The arithmetic is done in doubles, step by step as the library does it (limits 5.8.0): its answers
//! at the border of two counts depend on their rounding.

use crate::{Quota, Timestamp, Usage};

/// How many windows are kept: the present one, the last, and one more for a clock that is put back.
pub(super) const KEPT: usize = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SlidingWindowCounter {
    /// The number of the newest window: the time divided by its length.
    pub(super) newest: u64,
    /// Admitted costs in the newest window and those before it.
    pub(super) counts: [u64; KEPT],
}

/// The counters as one moment sees them.
#[derive(Clone, Copy)]
struct View {
    number: u64,
    at: Timestamp,
    now: f64,
    window: f64,
    previous: u64,
    /// How long the previous window still has weight, in seconds; 0 when nothing was counted in it.
    previous_left: f64,
    current: u64,
    current_left: f64,
}

impl SlidingWindowCounter {
    pub(super) fn hit(&mut self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        let before = self.view(quota, now);
        let after = View {
            current: before.current.saturating_add(cost.into()),
            ..before
        };
        // The second check is not implied by the first: adding the cost may round the sum up.
        let allowed = u64::from(cost) <= quota.amount()
            && before.counted().saturating_add(cost.into()) <= quota.amount()
            && after.counted() <= quota.amount();
        if !allowed {
            return Usage {
                allowed,
                ..before.usage(quota)
            };
        }
        *self.current_mut(after.number) = after.current;
        after.usage(quota)
    }

    pub(super) fn test(&self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        let view = self.view(quota, now);
        // The library compares the count unrounded here, unlike when it charges.
        let most = to_f64(quota.amount()) - f64::from(cost) + 1.0;
        Usage {
            allowed: view.weighted() < most,
            ..view.usage(quota)
        }
    }

    /// Takes back an admitted hit of the time `at`, if its window is still kept.
    pub(super) fn give_back(&mut self, quota: Quota, cost: u32, at: Timestamp) {
        let number = window_number(at.as_secs_f64(), to_f64(quota.seconds()));
        if self.count(number) > 0 {
            let count = self.current_mut(number);
            *count = count.saturating_sub(cost.into());
        }
    }

    /// Adds hits that were counted elsewhere, later.
    pub(super) fn add(&mut self, later: &Self) {
        for (count, age) in later.counts.into_iter().zip(0..) {
            let number = later.newest.saturating_sub(age);
            // A window that is too old to be kept would start everything anew.
            if count > 0 && number.saturating_add(KEPT as u64) > self.newest {
                let sum = self.current_mut(number);
                *sum = sum.saturating_add(count);
            }
        }
    }

    pub(super) fn expires(&self, quota: Quota) -> Timestamp {
        if self.counts == [0; KEPT] {
            return Timestamp::default();
        }
        // The end of the window after the newest one.
        Timestamp::from_secs(
            self.newest
                .saturating_add(2)
                .saturating_mul(quota.seconds()),
        )
    }

    fn view(&self, quota: Quota, at: Timestamp) -> View {
        let (now, window) = (at.as_secs_f64(), to_f64(quota.seconds()));
        let number = window_number(now, window);
        let previous = number.checked_sub(1).map_or(0, |last| self.count(last));
        let previous_left = match previous {
            0 => 0.0,
            _ => (1.0 - ((now - window) / window).fract()) * window,
        };
        let current_left = (1.0 - (now / window).fract()) * window + window;
        View {
            number,
            at,
            now,
            window,
            previous,
            previous_left,
            current: self.count(number),
            current_left,
        }
    }

    fn count(&self, number: u64) -> u64 {
        let age = self
            .newest
            .checked_sub(number)
            .and_then(|age| usize::try_from(age).ok());
        age.and_then(|age| self.counts.get(age))
            .copied()
            .unwrap_or_default()
    }

    /// The counter of window `number`. A later window ages those before it; one too old to be kept
    /// starts everything anew.
    fn current_mut(&mut self, number: u64) -> &mut u64 {
        let last = KEPT as u64 - 1;
        if number > self.newest || number < self.newest.saturating_sub(last) {
            let mut counts = [0; KEPT];
            for (count, age) in counts.iter_mut().zip(0..) {
                *count = number
                    .checked_sub(age)
                    .map_or(0, |number| self.count(number));
            }
            *self = Self {
                newest: number,
                counts,
            };
        }
        let age = usize::try_from(self.newest - number).unwrap_or_default();
        &mut self.counts[age.min(KEPT - 1)]
    }
}

impl View {
    fn weighted(&self) -> f64 {
        to_f64(self.previous) * self.previous_left / self.window + to_f64(self.current)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounding down is meant, a count is not negative, and the cast saturates"
    )]
    fn counted(&self) -> u64 {
        self.weighted() as u64
    }

    fn usage(&self, quota: Quota) -> Usage {
        let remaining = quota.amount().saturating_sub(self.counted());
        let mut reset_in = f64::INFINITY;
        if self.previous > 0 {
            reset_in = self.previous_left % (self.window / to_f64(self.previous));
        }
        if self.current > 0 {
            reset_in = reset_in.min(wrapped(self.current_left, self.window));
        }
        if reset_in.is_infinite() {
            reset_in = 0.0;
        }
        Usage {
            allowed: true,
            remaining,
            reset: Timestamp::from_secs_f64(self.now + reset_in),
            at: self.at,
        }
    }
}

/// `span % window` for a span of at most two windows: exact as the remainder is, and much faster.
fn wrapped(span: f64, window: f64) -> f64 {
    let mut rest = span;
    while rest >= window {
        rest -= window;
    }
    rest
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounding down is meant, and times are not negative"
)]
fn window_number(now: f64, window: f64) -> u64 {
    (now / window) as u64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the library divides integers into doubles, too"
)]
fn to_f64(count: u64) -> f64 {
    count as f64
}
