//! `generate_password_hash` of Werkzeug 3.

use std::fmt::Write as _;

use secret::Secret;

use crate::kind::Work;
use crate::legacy::derive;
use crate::{HashError, Kind, PasswordHash, bounds};

/// The kind of hash that it writes.
pub(super) const KIND: Kind = Kind(Work::Scrypt {
    log_n: 15,
    r: 8,
    p: 1,
});

/// What a salt is made of, and how long it is.
const SALT_ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SALT_CHARS: usize = 16;

/// Bytes of tag that `hashlib.scrypt` gives.
const TAG_BYTES: usize = 64;

/// Hashes the text as it was sent, since Werkzeug checks it so.
pub(super) fn hash(password: &Secret<String>) -> Result<PasswordHash, HashError> {
    let password = password.expose();
    if password.len() > bounds::MAX_PASSWORD_BYTES {
        return Err(HashError::TooLong);
    }
    let salt = salt()?;
    let mut tag = [0; TAG_BYTES];
    derive(KIND.0, password.as_bytes(), salt.as_bytes(), &mut tag)
        .map_err(|_| HashError::NotHashed)?;
    let mut text = format!("{KIND}${salt}$");
    for byte in tag {
        let _ = write!(text, "{byte:02x}"); // writing to a string can't fail
    }
    Ok(PasswordHash::from_stored(text))
}

/// A random salt: every character is as likely as any other.
fn salt() -> Result<String, HashError> {
    let mut salt = String::with_capacity(SALT_CHARS);
    while salt.len() < SALT_CHARS {
        let mut bytes = [0; 2 * SALT_CHARS];
        getrandom::fill(&mut bytes).map_err(|_| HashError::NoRandomness)?;
        // Six bits are a character, or, twice in 64, none.
        let letters = bytes
            .iter()
            .filter_map(|byte| SALT_ALPHABET.get(usize::from(byte >> 2)));
        let missing = SALT_CHARS - salt.len();
        salt.extend(letters.take(missing).copied().map(char::from));
    }
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_hash_is_of_the_form_that_werkzeug_writes() {
        let hash = hash(&"correct horse".into()).unwrap();
        let fields: Vec<&str> = hash.expose().split('$').collect();
        let [method, salt, tag] = fields.as_slice() else {
            panic!("{} fields", fields.len());
        };
        assert_eq!(*method, "scrypt:32768:8:1");
        assert_eq!(salt.len(), SALT_CHARS);
        assert!(salt.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(tag.len(), 2 * TAG_BYTES);
        assert!(
            tag.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        assert_eq!(hash.kind(), Ok(KIND));
    }

    #[test]
    fn two_salts_differ_and_every_character_comes_up() {
        let salts: String = (0..200).map(|_| salt().unwrap()).collect();
        assert_ne!(salts[..SALT_CHARS], salts[SALT_CHARS..2 * SALT_CHARS]);
        for letter in SALT_ALPHABET {
            assert!(salts.contains(char::from(*letter)));
        }
    }

    #[test]
    fn a_password_beyond_the_limit_is_not_hashed() {
        let longer = Secret::new("x".repeat(bounds::MAX_PASSWORD_BYTES + 1));
        assert_eq!(hash(&longer), Err(HashError::TooLong));
    }
}
