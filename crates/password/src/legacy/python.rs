//! How Python reads numbers and base64, which its libraries apply to stored hashes as they are.

/// What `int(text)` gives; `None` where it raises.
///
/// It takes blanks around, a sign, single underscores between digits, and the decimal digits of any
/// script. Numbers beyond `i64` are the nearest `i64`: no parameter comes close.
pub(super) fn int(text: &str) -> Option<i64> {
    int_in(text, 10)
}

/// What `int(text, 16)` gives, which also takes `0x` before the digits.
pub(super) fn int_hex(text: &str) -> Option<i64> {
    int_in(text, 16)
}

/// Whether `text` is made of decimal digits of any script, as the pattern `\d+` has it.
pub(super) fn is_decimal(text: &str) -> bool {
    let is_digit = |char| to_ascii(char).is_some_and(|char| char.is_ascii_digit());
    !text.is_empty() && text.chars().all(is_digit)
}

fn int_in(text: &str, radix: u32) -> Option<i64> {
    let ascii = if text.is_ascii() {
        text.to_owned()
    } else {
        text.chars().map(to_ascii).collect::<Option<String>>()?
    };
    let text = ascii.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let (negative, mut digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if radix == 16
        && let Some(after) = digits.strip_prefix("0x").or(digits.strip_prefix("0X"))
    {
        digits = after.strip_prefix('_').unwrap_or(after);
    }
    let mut value = 0_i64;
    for group in digits.split('_') {
        if group.is_empty() {
            return None;
        }
        for digit in group.chars() {
            let digit = i64::from(digit.to_digit(radix)?);
            value = value.saturating_mul(radix.into()).saturating_add(digit);
        }
    }
    Some(if negative { -value } else { value })
}

/// `_PyUnicode_TransformDecimalAndSpaceToASCII` of `CPython`.
fn to_ascii(char: char) -> Option<char> {
    if char.is_ascii() {
        return Some(char);
    }
    if char.is_whitespace() {
        return Some(' ');
    }
    let code = u32::from(char);
    let zero = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    char::from_digit(code - ZEROS[zero], 10)
}

/// The zeros of Unicode 14, Python 3.11's. The nine other digits follow each of them.
#[rustfmt::skip]
const ZEROS: [u32; 65] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6,
    0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0,
    0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0,
    0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0,
    0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0,
    0x1e950, 0x1fbf0,
];

/// What `binascii.a2b_base64(text)` gives; `None` where it raises.
///
/// It skips ASCII outside the alphabet, stops at complete padding, and ignores the bits that are left
/// over at the end.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut place, mut left, mut pads) = (0, 0_u8, 0);
    for byte in text.bytes() {
        if byte == b'=' {
            if place >= 2 {
                pads += 1;
                if place + pads >= 4 {
                    return Some(bytes);
                }
            }
            continue;
        }
        let Some(value) = base64_value(byte) else {
            continue;
        };
        pads = 0;
        (place, left) = match place {
            0 => (1, value),
            1 => {
                bytes.push(left << 2 | value >> 4);
                (2, value & 0x0f)
            }
            2 => {
                bytes.push(left << 4 | value >> 2);
                (3, value & 0x03)
            }
            _ => {
                bytes.push(left << 6 | value);
                (0, 0)
            }
        };
    }
    (place == 0).then_some(bytes)
}

/// What passlib's `b64s_decode` gives: base64 without padding.
pub(super) fn base64_unpadded(text: &str) -> Option<Vec<u8>> {
    let padding = match text.len() % 4 {
        0 => "",
        2 => "==",
        3 => "=",
        _ => return None,
    };
    base64(&format!("{text}{padding}"))
}

fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_takes_what_python_takes() {
        for (text, value) in [
            ("0", 0),
            ("1024", 1024),
            ("01024", 1024),
            ("1_024", 1024),
            ("0_0", 0),
            (" 1024\t\n", 1024),
            ("+1024", 1024),
            ("-1024", -1024),
            ("-0", 0),
            ("\u{661}\u{660}\u{662}\u{664}", 1024),
            ("\u{a0}\u{ff11}0\u{3000}", 10),
            ("\u{1d7d9}\u{1fbf9}", 19),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(int(text), Some(value), "{text:?}");
        }
    }

    #[test]
    fn int_raises_where_python_raises() {
        for text in [
            "",
            " ",
            "+",
            "-",
            "_1",
            "1_",
            "1__0",
            "1 0",
            "+ 1",
            "--1",
            "1.0",
            "1e3",
            "0x10",
            "1\0",
            "\u{b2}",
            "\u{2460}",
            "\u{1c}1",
            "\u{200b}1",
            "é",
        ] {
            assert_eq!(int(text), None, "{text:?}");
        }
    }

    #[test]
    fn int_hex_takes_a_prefix_and_either_case() {
        for (text, value) in [
            ("3e8", Some(1000)),
            ("3E8", Some(1000)),
            ("+0x3e8 ", Some(1000)),
            ("0X_3e8", Some(1000)),
            ("0x", None),
            ("0x__1", None),
            ("g", None),
        ] {
            assert_eq!(int_hex(text), value, "{text:?}");
        }
    }

    #[test]
    fn decimal_digits_are_of_any_script() {
        assert!(is_decimal("04") && is_decimal("\u{660}4"));
        assert!(!is_decimal("") && !is_decimal("4 ") && !is_decimal("+4") && !is_decimal("\u{b2}"));
    }

    #[test]
    fn base64_is_as_lenient_as_binascii() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("TWFu", Some(b"Man")),
            ("T!W F\nu", Some(b"Man")),
            ("TWE=", Some(b"Ma")),
            ("TWF=", Some(b"Ma")), // left-over bits
            ("TQ==TWFu", Some(b"M")),
            ("TQ=TWFu", None),
            ("=TWFu", Some(b"Man")),
            ("TQ", None),
            ("T", None),
            ("TWFué", None),
        ] {
            assert_eq!(base64(text).as_deref(), bytes, "{text:?}");
        }
        assert_eq!(base64_unpadded("TWE").as_deref(), Some(&b"Ma"[..]));
        assert_eq!(base64_unpadded("TWFuT"), None);
    }
}
