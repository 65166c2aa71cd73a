//! A moment, as the strategies count it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds in a second.
const MICROS: u64 = 1_000_000;

/// A moment: whole microseconds since the Unix epoch.
///
/// Time is always an argument. A server reads its clock once per request and passes it on, such as by
/// `SystemTime::now().into()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A moment `micros` microseconds after the epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// A moment `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(MICROS))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / MICROS
    }

    /// `self` later by `span`; the end of time if there is no such moment.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// The time from `earlier` to `self`, zero if `earlier` is the later one.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the epoch as the double nearest to them.
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact until the year 2255; a double is what the sliding window is defined on"
    )]
    pub(crate) fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The moment nearest to `secs` that has the same whole second.
    ///
    /// A double just below a whole second must not become that second: `X-RateLimit-Reset` is the
    /// whole second, plus one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts from doubles saturate, and times are not negative"
    )]
    pub(crate) fn from_secs_f64(secs: f64) -> Self {
        let whole = Self::from_secs(secs as u64);
        let fraction = ((secs - secs.trunc()) * 1e6).round() as u64;
        Self(whole.0.saturating_add(fraction.min(MICROS - 1)))
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before 1970 is taken as the epoch.
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(micros(since_epoch))
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_keeps_its_whole_second() {
        for (secs, micros) in [
            (0.0, 0),
            (1_700_000_002.2, 1_700_000_002_200_000),
            (1_700_000_039.999_999_8, 1_700_000_039_999_999),
            (1_700_000_040.0, 1_700_000_040_000_000),
        ] {
            assert_eq!(
                Timestamp::from_secs_f64(secs),
                Timestamp::from_micros(micros)
            );
        }
    }

    #[test]
    fn time_ends_rather_than_wraps() {
        let late = Timestamp::from_micros(u64::MAX - 1);
        assert_eq!(late.after(Duration::MAX), Timestamp::from_micros(u64::MAX));
        assert_eq!(Timestamp::default().since(late), Duration::ZERO);
    }
}
