//! What stands in a text in place of a variable.

use fluent_bundle::FluentValue;

/// The most characters of a value that are shown. Names and addresses are shorter.
const MAX_CHARACTERS: usize = 300;

/// A value of a variable: text, which is kept to one line of plain text, or a number, by which a text may choose its
/// words.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A number.
    Number(u64),
}

impl<'a> Value<'a> {
    pub(crate) fn for_fluent(self) -> FluentValue<'a> {
        match self {
            Self::Text(text) => FluentValue::from(cleaned(text)),
            Self::Number(number) => FluentValue::from(number),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// The text without line breaks, other control characters, and characters that turn the direction of what
/// follows (UAX #9 §2).
fn cleaned(text: &str) -> String {
    let mut shown = text
        .chars()
        .filter(|c| !turns(*c))
        .map(|c| if breaks(c) { ' ' } else { c });
    let mut cleaned: String = shown.by_ref().take(MAX_CHARACTERS).collect();
    if shown.next().is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Whether a character stays as it is where [`cleaned`] text stands.
pub(crate) fn is_shown_plainly(c: char) -> bool {
    !turns(c) && !breaks(c)
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

const fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line_of_plain_text() {
        for (given, shown) in [
            ("alice", "alice"),
            ("a\r\nBcc: b@c.de\u{0}", "a  Bcc: b@c.de "),
            ("a\u{202e}b\u{2028}c", "ab c"),
            ("<b>{$x}</b>", "<b>{$x}</b>"),
        ] {
            assert_eq!(cleaned(given), shown);
        }
        assert_eq!(
            cleaned(&"x".repeat(5000)).chars().count(),
            MAX_CHARACTERS + 1
        );
    }
}
