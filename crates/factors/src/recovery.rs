//! Codes for whoever has lost their app.

use secret::{HashedToken, Secret};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// How many an account is given at once.
pub const RECOVERY_CODES: usize = 10;

/// The bytes of a code. So many can't be guessed, so a fast hash is enough to store them by.
const BYTES: usize = 16;

/// The symbols of a code: five bits each.
const SYMBOLS: usize = 26;

/// Crockford's base32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The symbols between two dashes; the last group has one more.
const GROUP: usize = 5;

/// The most bytes of a typed text that are looked at.
const LONGEST: usize = 128;

/// A code that is good once, instead of a code of the app.
#[derive(Clone, Debug)]
pub struct RecoveryCode(Secret<[u8; BYTES]>);

impl RecoveryCode {
    /// A new one, from 16 random bytes.
    pub fn random(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        fill(&mut *bytes);
        Self(Secret::new(*bytes))
    }

    /// Reads one as it was typed: any case, any dashes and spaces, `o` for 0, `i` and `l` for 1; nothing when it can't be
    /// one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let between = |typed: &char| {
            typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        };
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut count = 0;
        for typed in text.chars().filter(|typed| !between(typed)) {
            *symbols.get_mut(count)? = value(typed)?;
            count += 1;
        }
        if count != SYMBOLS {
            return None;
        }
        // 26 symbols are 130 bits: the last two are none of ours.
        let mut bytes = Zeroizing::new([0; BYTES]);
        let (mut held, mut bits, mut at) = (0_u32, 0, 0);
        for symbol in symbols.iter() {
            held = (held << 5) | u32::from(*symbol);
            bits += 5;
            if bits >= 8 && at < BYTES {
                bits -= 8;
                bytes[at] = u8::try_from((held >> bits) & 0xff).unwrap_or_default();
                at += 1;
                held &= (1 << bits) - 1;
            }
        }
        (held == 0).then(|| Self(Secret::new(*bytes)))
    }

    /// The code as it is shown, once: `XXXXX-XXXXX-XXXXX-XXXXX-XXXXXX`.
    pub fn text(&self) -> Secret<String> {
        let mut text = String::with_capacity(SYMBOLS + SYMBOLS / GROUP);
        let mut push = |symbol: u32| {
            let count = text.chars().filter(|shown| *shown != '-').count();
            if count > 0 && count % GROUP == 0 && count < SYMBOLS - 1 {
                text.push('-');
            }
            let index = usize::try_from(symbol & 31).unwrap_or_default();
            text.push(char::from(ALPHABET[index]));
        };
        let (mut held, mut bits) = (0_u32, 0);
        for byte in self.0.expose() {
            held = (held << 8) | u32::from(*byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                push(held >> bits);
                held &= (1 << bits) - 1;
            }
        }
        push(held << (5 - bits));
        Secret::new(text)
    }

    /// What is stored of it.
    pub fn hashed(&self) -> HashedToken {
        let hash = Sha256::new_with_prefix(b"recovery code\0").chain_update(self.0.expose());
        HashedToken::from_bytes(hash.finalize().into())
    }
}

fn value(typed: char) -> Option<u8> {
    let upper = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let symbol = ALPHABET
        .iter()
        .position(|symbol| char::from(*symbol) == upper)?;
    u8::try_from(symbol).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: [u8; 16]) -> RecoveryCode {
        RecoveryCode::random(|filled| filled.copy_from_slice(&bytes))
    }

    #[test]
    fn a_code_is_read_in_any_case_with_any_dashes() {
        let bytes: [u8; 16] = std::array::from_fn(|at| u8::try_from(at * 37 % 256).unwrap());
        let shown = code(bytes);
        let shown = shown.text();
        let shown = shown.expose();
        assert_eq!(shown.len(), 30);
        let groups: Vec<_> = shown.split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5, 5, 6]);
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            shown.replace('-', "–"),
            format!(" {}\n", shown.replace('0', "o").replace('1', "l")),
            shown.replace('1', "I"),
        ] {
            let read = RecoveryCode::parse(&typed).unwrap();
            assert_eq!(read.0.expose(), &bytes, "{typed}");
            assert_eq!(read.hashed(), code(bytes).hashed());
        }
    }

    #[test]
    fn every_code_reads_back() {
        for seed in 0..=255_u8 {
            for bytes in [
                [seed; 16],
                std::array::from_fn(|at| seed.rotate_left(u32::try_from(at % 8).unwrap())),
            ] {
                let text = code(bytes).text();
                assert_eq!(
                    RecoveryCode::parse(text.expose()).unwrap().0.expose(),
                    &bytes
                );
            }
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        let whole = "0".repeat(26);
        assert!(RecoveryCode::parse(&whole).is_some());
        for text in [
            "",
            "0",
            &whole[1..],
            &format!("{whole}0"),
            &whole.replacen('0', "U", 1),
            &whole.replacen('0', "é", 1),
        ] {
            assert!(RecoveryCode::parse(text).is_none(), "{text}");
        }
        // Its last symbol holds three bits.
        assert!(RecoveryCode::parse(&format!("{}1", &whole[1..])).is_none());
        assert!(RecoveryCode::parse(&format!("{}4", &whole[1..])).is_some());
        assert!(RecoveryCode::parse(&format!("{whole}{}", "-".repeat(200))).is_none());
    }

    #[test]
    fn what_is_stored_tells_two_apart_and_is_no_plain_hash() {
        assert_ne!(code([0; 16]).hashed(), code([1; 16]).hashed());
        let plain: [u8; 32] = Sha256::digest([0; 16]).into();
        assert_ne!(code([0; 16]).hashed().as_bytes(), &plain);
    }
}
