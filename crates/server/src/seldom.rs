//! Lines that a client could fill the log with.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Such a line is written once in this time.
const EVERY_MILLIS: i64 = 60_000;

/// Says when a line is due that is written once a minute, however often there is a reason for it.
#[derive(Debug)]
pub(crate) struct Seldom {
    last: AtomicI64,
    left_out: AtomicU64,
}

impl Default for Seldom {
    fn default() -> Self {
        Self {
            last: AtomicI64::new(i64::MIN),
            left_out: AtomicU64::new(0),
        }
    }
}

impl Seldom {
    /// Whether the line is due at `now`, in milliseconds by any one clock: if so, how often it was left out
    /// since the last one.
    pub(crate) fn due(&self, now: i64) -> Option<u64> {
        let last = self.last.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= EVERY_MILLIS || now < last;
        // Of several at once, one writes.
        let ours = due
            && self
                .last
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if ours {
            Some(self.left_out.swap(0, Ordering::Relaxed))
        } else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_a_minute_and_says_how_often_it_was_not() {
        let seldom = Seldom::default();
        let due = |seconds: i64| seldom.due((1_800_000_000 + seconds) * 1000);
        let written: Vec<_> = [0, 1, 59, 60, 61, 119, 120].map(due).into();
        assert_eq!(written, [Some(0), None, None, Some(2), None, None, Some(2)]);
        assert_eq!(due(-3600), Some(0), "the clock was set back");
    }
}
