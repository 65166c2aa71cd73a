//! Points in time.

use std::fmt;
use std::time::Duration;

use jiff::Span;
use jiff::civil::{Date, Time, date};
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The day on which the Unix epoch begins.
const EPOCH: Date = date(1970, 1, 1);

const SECONDS_A_DAY: i64 = 86_400;

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// It is shown, stored in documents and serialised as RFC 3339 (`2026-01-31T08:15:30.250Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time")]
pub struct UnreadableTime;

impl Timestamp {
    /// The time `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The time `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down; zero for anything before it.
    ///
    /// This is the `NumericDate` of a token's claims (RFC 7519 §2).
    pub fn as_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// This time and `duration`, at the most the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// `duration` before this time, at the least the beginning of time.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// [`UnreadableTime`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, UnreadableTime> {
        Self::of_pieces(text).ok_or(UnreadableTime)
    }

    /// By days, since the library's own points in time end a day before the year 9999 does.
    fn of_pieces(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let offset = match pieces.offset()? {
            PiecesOffset::Zulu => 0,
            PiecesOffset::Numeric(offset) => i64::from(offset.offset().seconds()),
            _ => return None,
        };
        let time = pieces.time()?;
        let days = pieces.date().duration_since(EPOCH).as_secs() / SECONDS_A_DAY;
        let seconds = time.duration_since(Time::midnight()).as_secs() - offset;
        let millis = (days * SECONDS_A_DAY + seconds) * 1000 + i64::from(time.millisecond());
        Some(Self(millis))
    }

    /// Reads what other applications write: RFC 3339, or ISO 8601 without an offset (Python's
    /// `datetime.isoformat()` and `str()` of a naive time, a date alone), which is taken for UTC.
    ///
    /// # Errors
    /// [`UnreadableTime`] when the text is anything else.
    pub fn parse_foreign(text: &str) -> Result<Self, UnreadableTime> {
        Self::parse(text).or_else(|_| {
            let time: jiff::civil::DateTime = text.parse().map_err(|_| UnreadableTime)?;
            let time = jiff::tz::Offset::UTC.to_timestamp(time);
            time.map(|time| Self(time.as_millisecond()))
                .map_err(|_| UnreadableTime)
        })
    }
}

impl Timestamp {
    /// RFC 3339 in UTC with milliseconds, nothing outside of the years 0 to 9999. By digits, since two of
    /// these stand in nearly every answer and formatting takes its time.
    fn digits(self) -> Option<[u8; 24]> {
        let (seconds, millis) = (self.0.div_euclid(1000), self.0.rem_euclid(1000));
        let (days, second) = (
            seconds.div_euclid(SECONDS_A_DAY),
            seconds.rem_euclid(SECONDS_A_DAY),
        );
        let time = EPOCH.checked_add(Span::new().try_days(days).ok()?).ok()?;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0..4, time.year().into()),
            (5..7, time.month().into()),
            (8..10, time.day().into()),
            (11..13, second / 3600),
            (14..16, second / 60 % 60),
            (17..19, second % 60),
            (20..23, millis),
        ];
        for (place, part) in parts {
            let mut rest: u16 = part.try_into().ok()?;
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        Some(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        match digits.as_ref().map(|digits| std::str::from_utf8(digits)) {
            Some(Ok(text)) => f.write_str(text),
            Some(Err(_)) | None => write!(f, "{} ms", self.0), // nothing of ours gets there
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.digits();
        match digits.as_ref().map(|digits| std::str::from_utf8(digits)) {
            Some(Ok(text)) => serializer.serialize_str(text),
            Some(Err(_)) | None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_and_read_as_rfc_3339() {
        let time = Timestamp::from_millis(1_700_000_000_250);
        assert_eq!(time.to_string(), "2023-11-14T22:13:20.250Z");
        assert_eq!(Timestamp::parse("2023-11-14T22:13:20.250Z"), Ok(time));
        assert_eq!(Timestamp::parse("2023-11-14T23:13:20.250+01:00"), Ok(time));
        for bad in [
            "yesterday",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-02-30T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(UnreadableTime), "{bad}");
        }
    }

    #[test]
    fn the_last_moment_that_rfc_3339_knows_is_shown_and_read() {
        let last = Timestamp::from_millis(253_402_300_799_999);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59.999Z"), Ok(last));
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59.999+00:00"), Ok(last));
    }

    #[test]
    fn what_python_writes_is_a_time() {
        for (text, millis) in [
            ("2023-11-14T22:13:20.250Z", 1_700_000_000_250),
            ("2023-11-14T23:13:20.250000+01:00", 1_700_000_000_250),
            ("2023-11-14T22:13:20.250000", 1_700_000_000_250),
            ("2023-11-14T22:13:20", 1_700_000_000_000),
            ("2023-11-14 22:13:20.250", 1_700_000_000_250),
            ("2023-11-14", 1_699_920_000_000),
        ] {
            let read = Timestamp::parse_foreign(text);
            assert_eq!(read, Ok(Timestamp::from_millis(millis)), "{text}");
        }
        for text in ["", "yesterday", "2023-13-14", "1700000000"] {
            assert_eq!(
                Timestamp::parse_foreign(text),
                Err(UnreadableTime),
                "{text}"
            );
        }
    }

    #[test]
    fn every_time_is_shown_as_the_library_of_time_shows_it() {
        // From the year 0 to 9999, by a step that meets every month, hour and millisecond.
        let mut millis = -62_167_219_200_000_i64;
        while millis < 253_402_207_200_000 {
            let shown = Timestamp::from_millis(millis).to_string();
            let theirs = jiff::Timestamp::from_millisecond(millis).unwrap();
            assert_eq!(shown, format!("{theirs:.3}"));
            let quoted = serde_json::to_string(&Timestamp::from_millis(millis)).unwrap();
            assert_eq!(quoted, format!("\"{shown}\""));
            millis += 9_876_543_211;
        }
        assert_eq!(
            Timestamp::from_millis(i64::MAX).to_string(),
            format!("{} ms", i64::MAX)
        );
    }

    #[test]
    fn differences_never_go_below_zero_and_sums_never_wrap() {
        let (early, late) = (Timestamp::from_seconds(10), Timestamp::from_seconds(12));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(
            Timestamp::from_millis(i64::MAX).plus(Duration::MAX),
            Timestamp::from_millis(i64::MAX)
        );
        assert_eq!(Timestamp::from_millis(-1).as_seconds(), 0);
    }
}
