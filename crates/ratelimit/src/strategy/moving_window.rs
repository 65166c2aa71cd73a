//! Moving window: every admitted hit counts for one window's length, from its own time on.

use std::collections::VecDeque;

use crate::{Quota, Timestamp, Usage};

/// Admitted hits, oldest first.
///
/// Sums instead of single costs: how much lies within a window is the difference of two of them, so
/// that neither a count nor a walk over the log is needed. Once a hit has left the log, the front is
/// the last one that did: its sum is where the rest starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MovingWindow {
    pub(super) log: VecDeque<Admitted>,
}

/// The hits admitted at one moment, in 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    at: [u32; 2],
    /// The cost of all hits up to and including these. It wraps; only differences count.
    pub(super) sum: u32,
}

impl Admitted {
    #[expect(clippy::cast_possible_truncation, reason = "two halves")]
    pub(super) const fn new(at: Timestamp, sum: u32) -> Self {
        let micros = at.as_micros();
        Self {
            at: [(micros >> 32) as u32, micros as u32],
            sum,
        }
    }

    pub(super) const fn at(self) -> Timestamp {
        let [high, low] = self.at;
        Timestamp::from_micros((high as u64) << 32 | low as u64)
    }

    /// When these hits count no more. At this very moment they don't.
    fn leaves(self, quota: Quota) -> Timestamp {
        self.at().after(quota.window())
    }
}

impl MovingWindow {
    pub(super) fn hit(&mut self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        let now = self.forward(now);
        let verdict = self.test(quota, cost, now);
        if !verdict.allowed || cost == 0 {
            return verdict;
        }
        self.drop_departed(quota, now);
        let sum = self
            .log
            .back()
            .map_or(0, |last| last.sum)
            .wrapping_add(cost);
        match self.log.back_mut() {
            Some(last) if last.at() == now => last.sum = sum,
            _ => self.push(Admitted::new(now, sum)),
        }
        Usage {
            allowed: true,
            ..self.usage(quota, now)
        }
    }

    pub(super) fn test(&self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        let usage = self.usage(quota, self.forward(now));
        // The sums have 32 bits: a greater amount is enforced as that of `u32::MAX`.
        let beyond = quota.amount().saturating_sub(u32::MAX.into());
        let left = usage.remaining.saturating_sub(beyond);
        Usage {
            allowed: u64::from(cost) <= left,
            ..usage
        }
    }

    /// Takes back an admitted hit that was logged under the time `at`, if it still is.
    pub(super) fn give_back(&mut self, cost: u32, at: Timestamp) {
        let place = self.log.partition_point(|hits| hits.at() < at);
        let before = place.checked_sub(1).and_then(|place| self.log.get(place));
        let before = before.map_or(0, |before| before.sum);
        let Some(hits) = self.log.get(place).filter(|hits| hits.at() == at) else {
            return;
        };
        let own = hits.sum.wrapping_sub(before);
        if own < cost {
            return;
        }
        for later in self.log.range_mut(place..) {
            later.sum = later.sum.wrapping_sub(cost);
        }
        if own == cost {
            self.log.remove(place);
        }
    }

    /// Adds hits that were counted elsewhere, later.
    pub(super) fn add(&mut self, later: &Self) {
        let mut before = 0;
        for hits in &later.log {
            let cost = hits.sum.wrapping_sub(before);
            before = hits.sum;
            let at = self.forward(hits.at());
            let sum = self
                .log
                .back()
                .map_or(0, |last| last.sum)
                .wrapping_add(cost);
            match self.log.back_mut() {
                Some(last) if last.at() == at => last.sum = sum,
                _ => self.push(Admitted::new(at, sum)),
            }
        }
    }

    pub(super) fn expires(&self, quota: Quota) -> Timestamp {
        self.log
            .back()
            .map_or(Timestamp::default(), |last| last.leaves(quota))
    }

    /// For how many hits there is room: what the log takes, used or not.
    pub(super) fn logged(&self) -> usize {
        self.log.capacity()
    }

    fn usage(&self, quota: Quota, now: Timestamp) -> Usage {
        let departed = self.departed(quota, now);
        let (Some(first), Some(last)) = (self.log.get(departed), self.log.back()) else {
            let reset = now.after(quota.window());
            return Usage {
                allowed: true,
                remaining: quota.amount(),
                reset,
                at: now,
            };
        };
        let before = departed
            .checked_sub(1)
            .and_then(|place| self.log.get(place));
        let count = last
            .sum
            .wrapping_sub(before.map_or(0, |departed| departed.sum));
        let remaining = quota.amount().saturating_sub(count.into());
        Usage {
            allowed: true,
            remaining,
            reset: first.leaves(quota),
            at: now,
        }
    }

    /// How many entries of the log count no more.
    fn departed(&self, quota: Quota, now: Timestamp) -> usize {
        self.log.partition_point(|hits| hits.leaves(quota) <= now)
    }

    fn drop_departed(&mut self, quota: Quota, now: Timestamp) {
        match self.departed(quota, now) {
            all if all == self.log.len() => self.log.clear(),
            departed => drop(self.log.drain(..departed.saturating_sub(1))),
        }
        if self.log.capacity() > 4 * self.log.len().max(1) {
            self.log.shrink_to(2 * self.log.len());
        }
    }

    fn push(&mut self, hits: Admitted) {
        // Most keys are hit once: the first entry takes no more room than it needs. A long log has a
        // quarter more.
        if self.log.len() == self.log.capacity() {
            let more = match self.log.len() {
                0 => 1,
                len => (len / 4).max(3),
            };
            self.log.reserve_exact(more);
        }
        self.log.push_back(hits);
    }

    /// A clock that was put back does not bring back what has left the window.
    fn forward(&self, now: Timestamp) -> Timestamp {
        self.log.back().map_or(now, |last| last.at().max(now))
    }
}
