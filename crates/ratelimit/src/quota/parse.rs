//! The grammar of a limit string, as the library's regular expression has it:
//!
//! ```text
//! quotas    = quota *( [":"] ( "," / ";" / "|" ) quota )
//! quota     = *space 1*DIGIT *space ( "/" / "per" ) *space [1*DIGIT] *space 1*letter *space
//! ```
//!
//! Blanks are optional everywhere (`20perhour`), case does not matter, and the stray `:` is read
//! because the library reads it.

use super::{Quota, Unit};

/// The most digits that the library's `int()` takes in one number, leading zeros included.
const MAX_DIGITS: usize = 4300;

/// How much of a limit string an error quotes, in characters.
const QUOTED: usize = 60;

/// A limit string that can't be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{quoted}` can't be read: {fault}, write for example `20 per hour; 200/day`")]
pub struct QuotaError {
    quoted: String,
    fault: Fault,
}

/// What is wrong with a limit string. Positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Something else stands where this was due.
    #[error("{expected} is due at character {position}")]
    Expected {
        /// What was due.
        expected: &'static str,
        /// Where.
        position: usize,
    },
    /// The word is neither `second`, `minute`, `hour`, `day`, `month`, `year` nor a plural of these.
    #[error("`{0}` is no unit of time")]
    UnknownUnit(String),
    /// More than 4300 digits in a row.
    #[error("the number at character {position} has more than 4300 digits")]
    NumberTooLong {
        /// Where.
        position: usize,
    },
}

impl QuotaError {
    /// What is wrong.
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }
}

/// Reads a whole limit string.
pub(super) fn quotas(text: &str) -> Result<Vec<Quota>, QuotaError> {
    Reader { text, rest: text }
        .quotas()
        .map_err(|fault| QuotaError {
            quoted: quoted(text),
            fault,
        })
}

/// The beginning of `text`, fit for one line of a log.
fn quoted(text: &str) -> String {
    let mut quoted: String = text
        .chars()
        .take(QUOTED)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(QUOTED).is_some() {
        quoted.push('…');
    }
    quoted
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn quotas(mut self) -> Result<Vec<Quota>, Fault> {
        // The library first matches the whole string and then looks at its units and numbers.
        // An error names the first fault in reading order instead.
        let mut quotas = vec![self.quota()?];
        while !self.rest.is_empty() {
            self.separator()?;
            quotas.push(self.quota()?);
        }
        Ok(quotas)
    }

    fn quota(&mut self) -> Result<Quota, Fault> {
        self.take(is_space);
        let amount = self.number()?.ok_or_else(|| self.expected("a number"))?;
        self.take(is_space);
        self.per()?;
        self.take(is_space);
        let multiples = self.number()?.unwrap_or(1);
        self.take(is_space);
        let unit = self.unit()?;
        self.take(is_space);
        Ok(Quota::per_multiple(amount, multiples, unit))
    }

    fn separator(&mut self) -> Result<(), Fault> {
        let after_colon = self.rest.strip_prefix(':').unwrap_or(self.rest);
        self.rest = after_colon
            .strip_prefix([',', ';', '|'])
            .ok_or_else(|| self.expected("`;` or the end"))?;
        Ok(())
    }

    fn per(&mut self) -> Result<(), Fault> {
        let length = match self.rest.as_bytes() {
            [b'/', ..] => 1,
            [p, e, r, ..] if [*p, *e, *r].eq_ignore_ascii_case(b"per") => 3,
            _ => return Err(self.expected("`per` or `/`")),
        };
        self.rest = &self.rest[length..];
        Ok(())
    }

    fn number(&mut self) -> Result<Option<u64>, Fault> {
        let position = self.position();
        let digits = self.take(|c| c.is_ascii_digit());
        match digits.len() {
            0 => Ok(None),
            1..=MAX_DIGITS => Ok(Some(digits.parse().unwrap_or(u64::MAX))),
            _ => Err(Fault::NumberTooLong { position }),
        }
    }

    fn unit(&mut self) -> Result<Unit, Fault> {
        let word = self.take(is_letter);
        if word.is_empty() {
            return Err(self.expected("a unit of time"));
        }
        let singular = word.strip_suffix(['s', 'S']).unwrap_or(word);
        Unit::ALL
            .into_iter()
            .find(|unit| singular.eq_ignore_ascii_case(unit.name()))
            .ok_or_else(|| Fault::UnknownUnit(quoted(word)))
    }

    /// Takes characters as long as they are `wanted`.
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn expected(&self, expected: &'static str) -> Fault {
        Fault::Expected {
            expected,
            position: self.position(),
        }
    }

    fn position(&self) -> usize {
        let read = self.text.len() - self.rest.len();
        self.text[..read].chars().count() + 1
    }
}

/// Python's `\s`: Unicode white space, and four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Python's `[a-z]` without regard to case, which takes four letters outside ASCII.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, 'İ' | 'ı' | 'ſ' | '\u{212a}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        quotas(text).unwrap_err().fault
    }

    #[test]
    fn an_error_says_where_and_what() {
        assert_eq!(
            fault("20"),
            Fault::Expected {
                expected: "`per` or `/`",
                position: 3
            }
        );
        assert_eq!(
            fault("a"),
            Fault::Expected {
                expected: "a number",
                position: 1
            }
        );
        assert_eq!(
            fault("1/5"),
            Fault::Expected {
                expected: "a unit of time",
                position: 4
            }
        );
        assert_eq!(
            fault("1/day;"),
            Fault::Expected {
                expected: "a number",
                position: 7
            }
        );
        assert_eq!(
            fault("1/day & 2"),
            Fault::Expected {
                expected: "`;` or the end",
                position: 7
            }
        );
        assert_eq!(fault("1/week"), Fault::UnknownUnit("week".into()));
        let long = format!("{}/day", "0".repeat(4301));
        assert_eq!(fault(&long), Fault::NumberTooLong { position: 1 });
    }

    #[test]
    fn an_error_quotes_a_bounded_printable_piece() {
        let text = quotas(&"\n".repeat(10_000)).unwrap_err().to_string();
        assert!(text.len() < 300 && !text.contains('\n'), "{text}");
    }

    #[test]
    fn numbers_beyond_u64_are_its_maximum() {
        let read = quotas("18446744073709551616 per 99999999999999999999 years").unwrap();
        assert_eq!(read, [Quota::per_multiple(u64::MAX, u64::MAX, Unit::Year)]);
        assert_eq!(read[0].seconds(), u64::MAX);
    }
}
