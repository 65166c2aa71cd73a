//! The base64 of crypt(3): its own alphabet, least significant bits first.

/// The digits, in order.
pub(crate) const ALPHABET: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a digit stands for.
#[cfg(feature = "legacy")]
pub(crate) fn value(digit: u8) -> Option<u8> {
    match digit {
        b'.' | b'/' => Some(digit - b'.'),
        b'0'..=b'9' => Some(digit - b'0' + 2),
        b'A'..=b'Z' => Some(digit - b'A' + 12),
        b'a'..=b'z' => Some(digit - b'a' + 38),
        _ => None,
    }
}

/// Whether every character is a digit.
#[cfg(feature = "legacy")]
pub(crate) fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| value(byte).is_some())
}

/// The bytes that `text` stands for. `None` for other characters, and for bits left over at the end
/// that are not zero.
#[cfg(feature = "legacy")]
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.bytes() {
        bits |= u32::from(value(digit)?) << count;
        count += 6;
        if count >= 8 {
            bytes.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            count -= 8;
        }
    }
    (bits == 0).then_some(bytes)
}

/// The number that `text` stands for, of up to five digits.
#[cfg(feature = "legacy")]
pub(crate) fn decode_number(text: &str) -> Option<u32> {
    text.bytes().rev().try_fold(0_u32, |number, digit| {
        number.checked_mul(64)?.checked_add(value(digit)?.into())
    })
}

#[cfg(all(test, feature = "legacy"))]
mod tests {
    use super::*;

    #[test]
    fn every_digit_has_its_value() {
        for (index, digit) in ALPHABET.iter().enumerate() {
            assert_eq!(value(*digit).map(usize::from), Some(index));
        }
        assert_eq!(value(b'+'), None);
    }

    #[test]
    fn the_least_significant_bits_come_first() {
        assert_eq!(decode("/...").as_deref(), Some(&[1, 0, 0][..]));
        assert_eq!(decode("./..").as_deref(), Some(&[64, 0, 0][..]));
        assert_eq!(decode("z/").as_deref(), Some(&[127][..]));
        assert_eq!(decode("zz"), None);
        assert_eq!(decode("!."), None);
        assert_eq!(decode_number("6...."), Some(8));
        assert_eq!(decode_number("./..."), Some(64));
    }
}
