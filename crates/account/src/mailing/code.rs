//! The digits in a mail, for whoever reads it on another device or whose link is broken.
//!
//! They stand for a ticket as its link does. What is stored is a keyed hash of them with the address that they were
//! mailed to, so that whoever reads the store can't try them all.

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{EmailAddress, Rng};
use secret::{PlainToken, Secret};
use sha2::Sha256;
use storage::Purpose;

use crate::Accounts;

/// How many digits.
const DIGITS: usize = 8;

/// The digits.
pub(crate) struct Code(Secret<String>);

impl Code {
    /// New ones.
    pub(crate) fn random(rng: &dyn Rng) -> Self {
        // 2^64 is no multiple of 10^8: the bias is 10^-11.
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let number = u64::from_be_bytes(bytes) % 10_u64.pow(8);
        Self(Secret::new(format!("{number:08}")))
    }

    /// Those that somebody typed, with or without spaces between them; nothing when it can't be them.
    pub(crate) fn typed(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let digits: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .collect();
        let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(Secret::new(digits)))
    }

    /// The text, for the mail.
    pub(crate) fn text(&self) -> Secret<String> {
        self.0.clone()
    }
}

impl Accounts {
    /// What a ticket with this purpose is kept under that is mailed to `address` with `code`.
    pub(crate) fn link_of_code<T: Purpose>(
        &self,
        address: &EmailAddress,
        code: &Code,
    ) -> PlainToken {
        link::<T>(&self.0.settings.code_key, address, code)
    }

    /// What it is found by: by the present key, and by the one before.
    pub(crate) fn links_of_code<T: Purpose>(
        &self,
        address: &EmailAddress,
        code: &Code,
    ) -> impl Iterator<Item = PlainToken> {
        let settings = &self.0.settings;
        let keys = std::iter::once(&settings.code_key).chain(&settings.code_key_previous);
        keys.map(|key| link::<T>(key, address, code))
    }
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn link<T: Purpose>(key: &Secret<[u8; 32]>, address: &EmailAddress, code: &Code) -> PlainToken {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    for part in [T::KIND.0, &address.key(), code.0.expose()] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    PlainToken::from_bytes(T::PREFIX, mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use model::SystemRng;

    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_grouped() {
        for _ in 0..50 {
            let code = Code::random(&SystemRng);
            let digits = code.text().expose().clone();
            assert_eq!(digits.len(), 8);
            let (first, second) = digits.split_at(4);
            for typed in [
                digits.clone(),
                format!("{first} {second}"),
                format!(" {first}-{second}\n"),
            ] {
                let typed = Code::typed(&typed).unwrap();
                assert_eq!(typed.text().expose(), &digits);
            }
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        for text in ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨"] {
            assert!(Code::typed(text).is_none(), "{text}");
        }
        assert!(Code::typed(&" ".repeat(100)).is_none());
    }
}
