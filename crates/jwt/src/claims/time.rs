//! Reading times the way Python's `int()` does, which is what issued them compares.

use crate::json::{Kind, Value};

/// Digits of an integer in a text, as in Python since 3.11.
const MAX_DIGITS: usize = 4300;

/// A time claim (`iat`, `nbf`, `exp`) in whole Unix seconds, or `None` when it is no number.
///
/// RFC 7519 §2 wants a JSON number; Flask-JWT-Extended also takes a text that holds an integer, and
/// `true` for 1. Fractions are cut off. What lies before 1970 is 0, what lies beyond `u64` is its
/// end.
pub(super) fn seconds(value: Value<'_>) -> Option<u64> {
    match value.kind() {
        Kind::Bool(value) => Some(u64::from(value)),
        Kind::Number(source) => match number(source)? {
            Number::Finite(seconds) => Some(seconds),
            Number::Infinite(_) => None,
        },
        Kind::Text(text) => integer_in_text(&text?),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// The last second at which a token is fresh, from a number: one too large to hold is for ever.
pub(super) fn fresh_until(source: &str) -> Option<u64> {
    match number(source)? {
        Number::Finite(seconds) | Number::Infinite(seconds) => Some(seconds),
    }
}

/// A JSON number, cut off to whole seconds.
enum Number {
    Finite(u64),
    /// Written so large that a `f64` can't hold it, such as `1e400`.
    Infinite(u64),
}

fn number(source: &str) -> Option<Number> {
    let digits = source.strip_prefix('-').unwrap_or(source);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Number::Finite(integer(digits, digits != source)));
    }
    let value: f64 = source.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` cuts the fraction off and stops at both ends, which is what is wanted"
    )]
    let seconds = value as u64;
    Some(if value.is_infinite() {
        Number::Infinite(seconds)
    } else {
        Number::Finite(seconds)
    })
}

/// The value of ASCII digits, between 0 and the end of `u64`.
fn integer(digits: &str, is_negative: bool) -> u64 {
    if is_negative {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX) // among digits only a number too large fails
}

/// An integer in a text: blanks around it, one sign, digits with single underscores between them.
fn integer_in_text(text: &str) -> Option<u64> {
    let text = text.trim();
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let is_well_formed = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_well_formed {
        return None;
    }
    let digits: String = digits.split('_').collect();
    (digits.len() <= MAX_DIGITS).then(|| integer(&digits, is_negative))
}
