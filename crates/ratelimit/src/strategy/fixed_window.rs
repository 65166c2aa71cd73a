//! Fixed window: it opens at a key's first hit, not on a boundary of the clock.

use crate::{Quota, Timestamp, Usage};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FixedWindow {
    /// The cost of all hits in the window, refused ones included.
    pub(super) count: u64,
    /// When the window ends. At this very moment it is over.
    pub(super) resets: Timestamp,
}

impl FixedWindow {
    pub(super) fn hit(&mut self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        if self.resets <= now {
            *self = Self::default();
        }
        // A hit that costs nothing opens a window, too, but the first that costs opens it anew.
        if self.count == 0 {
            self.resets = now.after(quota.window());
        }
        self.count = self.count.saturating_add(cost.into());
        Usage {
            allowed: self.count <= quota.amount(),
            ..self.usage(quota, now)
        }
    }

    pub(super) fn test(&self, quota: Quota, cost: u32, now: Timestamp) -> Usage {
        let usage = self.usage(quota, now);
        let count = if self.resets <= now { 0 } else { self.count };
        Usage {
            allowed: count.saturating_add(cost.into()) <= quota.amount(),
            ..usage
        }
    }

    /// Takes back a hit, refused or not, if its window lasts.
    pub(super) fn give_back(&mut self, cost: u32, usage: &Usage) {
        if self.resets == usage.reset {
            self.count = self.count.saturating_sub(cost.into());
        }
    }

    /// Adds hits of the same window that were counted elsewhere, later.
    pub(super) fn add(&mut self, later: &Self) {
        if self.count == 0 {
            self.resets = self.resets.max(later.resets);
        }
        self.count = self.count.saturating_add(later.count);
    }

    pub(super) fn expires(&self) -> Timestamp {
        self.resets
    }

    fn usage(&self, quota: Quota, now: Timestamp) -> Usage {
        if self.resets <= now {
            return Usage {
                allowed: true,
                remaining: quota.amount(),
                reset: now,
                at: now,
            };
        }
        let remaining = quota.amount().saturating_sub(self.count);
        Usage {
            allowed: true,
            remaining,
            reset: self.resets,
            at: now,
        }
    }
}
