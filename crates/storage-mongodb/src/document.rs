//! Reading documents, whoever wrote them.

use std::borrow::Cow;
use std::fmt::Write as _;

use model::{SessionId, Timestamp};
use mongodb::bson::{Bson, DateTime, Document};
use storage::Error;

/// A document of a collection, and how its fields are read: each is what it should be or the
/// document is unreadable, which is said without its content.
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static str,
    pub(crate) document: &'a Document,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(table: &'static str, document: &'a Document) -> Self {
        Self { table, document }
    }

    /// The error that names `field`.
    pub(crate) fn unreadable(&self, field: &str) -> Error {
        Error::Unreadable {
            table: self.table,
            reason: format!("the field {field}"),
        }
    }

    /// The value, unless the field is missing or null.
    pub(crate) fn get(&self, field: &str) -> Option<&'a Bson> {
        self.document
            .get(field)
            .filter(|value| !matches!(value, Bson::Null | Bson::Undefined))
    }

    /// The value, which must be there.
    pub(crate) fn required(&self, field: &str) -> Result<&'a Bson, Error> {
        self.get(field).ok_or_else(|| self.unreadable(field))
    }

    pub(crate) fn text(&self, field: &str) -> Result<&'a str, Error> {
        self.required(field)?
            .as_str()
            .ok_or_else(|| self.unreadable(field))
    }

    pub(crate) fn optional_text(&self, field: &str) -> Result<Option<&'a str>, Error> {
        self.get(field).map(|_| self.text(field)).transpose()
    }

    /// A whole number that is not negative. Some drivers and shells write whole numbers as doubles.
    pub(crate) fn unsigned(&self, field: &str) -> Result<u64, Error> {
        decimal(self.required(field)?)
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| self.unreadable(field))
    }

    pub(crate) fn optional_unsigned(&self, field: &str) -> Result<Option<u64>, Error> {
        self.get(field).map(|_| self.unsigned(field)).transpose()
    }

    /// False when it is missing.
    pub(crate) fn flag(&self, field: &str) -> Result<bool, Error> {
        self.get(field).map_or(Ok(false), |value| {
            value.as_bool().ok_or_else(|| self.unreadable(field))
        })
    }

    pub(crate) fn time(&self, field: &str) -> Result<Timestamp, Error> {
        match self.required(field)? {
            Bson::DateTime(time) => Ok(Timestamp::from_millis(time.timestamp_millis())),
            _ => Err(self.unreadable(field)),
        }
    }

    pub(crate) fn session_id(&self, field: &str) -> Result<SessionId, Error> {
        SessionId::parse(self.text(field)?).map_err(|_| self.unreadable(field))
    }

    pub(crate) fn optional_session_id(&self, field: &str) -> Result<Option<SessionId>, Error> {
        self.get(field).map(|_| self.session_id(field)).transpose()
    }

    /// A document within this one.
    pub(crate) fn inner(&self, field: &str) -> Result<Self, Error> {
        let document = self.required(field)?.as_document();
        Ok(Self {
            table: self.table,
            document: document.ok_or_else(|| self.unreadable(field))?,
        })
    }

    /// Texts, of which there may be none.
    pub(crate) fn texts(&self, field: &str) -> Result<Vec<&'a str>, Error> {
        let items = self.required(field)?.as_array();
        let texts = items.and_then(|items| items.iter().map(Bson::as_str).collect());
        texts.ok_or_else(|| self.unreadable(field))
    }

    /// Documents within this one; none when the field is missing.
    pub(crate) fn list(&self, field: &str) -> Result<Vec<Self>, Error> {
        let Some(value) = self.get(field) else {
            return Ok(Vec::new());
        };
        let items = value.as_array().ok_or_else(|| self.unreadable(field))?;
        items
            .iter()
            .map(|item| match item {
                Bson::Document(document) => Ok(Self::of(self.table, document)),
                _ => Err(self.unreadable(field)),
            })
            .collect()
    }
}

/// A whole number, however it is held: to the server `42`, `NumberLong(42)` and `42.0` are one.
pub(crate) fn decimal(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) => whole(*number),
        _ => None,
    }
}

/// A text, or a whole number as text: applications that take any text for a name may have taken a number.
pub(crate) fn text_of(value: &Bson) -> Option<Cow<'_, str>> {
    match value {
        Bson::String(text) | Bson::Symbol(text) => Some(Cow::Borrowed(text)),
        number => decimal(number).map(|number| Cow::Owned(number.to_string())),
    }
}

/// A time, as whoever wrote it: a date; a text; seconds, or milliseconds, since 1970.
pub(crate) fn foreign_time(value: &Bson) -> Option<Timestamp> {
    /// Beyond it, in the year 5138, a number is one of milliseconds.
    const MOST_SECONDS: f64 = 1e11;
    /// The year 10000.
    const MOST_MILLIS: f64 = 253_402_300_800_000.0;
    let number = match value {
        Bson::DateTime(time) => return Some(Timestamp::from_millis(time.timestamp_millis())),
        Bson::Timestamp(time) => return Some(Timestamp::from_seconds(i64::from(time.time))),
        Bson::String(text) => return Timestamp::parse_foreign(text).ok(),
        Bson::Double(number) => *number,
        // Exact for every number that is a time.
        #[expect(
            clippy::cast_precision_loss,
            reason = "what is no time is refused below"
        )]
        number => decimal(number)? as f64,
    };
    let millis = if number.abs() < MOST_SECONDS {
        number * 1000.0
    } else {
        number
    };
    let millis = whole(millis.round()).filter(|_| millis.abs() < MOST_MILLIS);
    millis.map(Timestamp::from_millis)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers within the range that doubles hold exactly get there"
)]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// Bytes as documents hold them: readable, and a key on every server.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
            text
        })
}

/// The bytes that [`hex`] wrote.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if !text.is_ascii() || text.len() != 2 * N {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// A time as documents hold it.
pub(crate) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millis())
}

/// A number as documents hold it: nothing of ours comes near the end of its range.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_however_it_was_written() {
        let seconds = 1_700_000_000;
        for value in [
            Bson::DateTime(DateTime::from_millis(seconds * 1000)),
            Bson::Timestamp(mongodb::bson::Timestamp {
                time: 1_700_000_000,
                increment: 7,
            }),
            Bson::from("2023-11-14T22:13:20.000000"),
            Bson::Int32(1_700_000_000),
            Bson::Int64(seconds),
            Bson::Int64(seconds * 1000),
            Bson::Double(1_700_000_000.0),
            Bson::Double(1_700_000_000_000.0),
        ] {
            let expected = Some(Timestamp::from_seconds(seconds));
            assert_eq!(foreign_time(&value), expected, "{value}");
        }
        let halves = foreign_time(&Bson::Double(1_700_000_000.25));
        assert_eq!(halves, Some(Timestamp::from_millis(1_700_000_000_250)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            Bson::from("yesterday"),
            Bson::Double(f64::NAN),
            Bson::Double(f64::INFINITY),
            Bson::Double(1e18),
            Bson::Int64(i64::MAX),
            Bson::Int64(i64::MIN),
            Bson::Boolean(true),
            Bson::Array(Vec::new()),
        ] {
            assert_eq!(foreign_time(&value), None, "{value}");
        }
    }

    #[test]
    fn a_number_is_a_text_when_it_is_whole() {
        for (value, text) in [
            (Bson::from("alice"), Some("alice")),
            (Bson::Int32(42), Some("42")),
            (Bson::Int64(-42), Some("-42")),
            (Bson::Double(42.0), Some("42")),
            (Bson::Double(42.5), None),
            (Bson::Boolean(true), None),
        ] {
            assert_eq!(text_of(&value).as_deref(), text, "{value}");
        }
    }
}
