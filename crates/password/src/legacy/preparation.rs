//! What a system does to a password before the key derivation sees it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use secret::Secret;
use sha2::{Digest as _, Sha256, Sha384};

use crate::ForeignSettings;

/// The way from the text that was sent to the bytes that are hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Preparation {
    /// The text as it is.
    AsSent,
    /// The text, which must not be longer than bcrypt looks at: its Python library refuses more. Older ones cut it,
    /// which is a setting.
    AtMost72Bytes,
    /// As that, but where a pepper is set, it stands behind the text, and what both are is cut.
    BcryptOrDevise,
    /// The text, which must not hold a NUL: crypt(3) would stop there, passlib refuses it.
    WithoutNul,
    /// Drupal's way with hashes of its sixth version: MD5 in hexadecimal.
    HexMd5,
    /// Django's `bcrypt_sha256`: SHA-256 in hexadecimal.
    HexSha256,
    /// passlib's first `bcrypt_sha256`: SHA-256 in base64.
    Base64Sha256,
    /// passlib's second `bcrypt_sha256`: HMAC-SHA-256 under the salt's text, in base64.
    Base64HmacSha256(Vec<u8>),
    /// `WordPress` since 6.8: HMAC-SHA-384 under a fixed key, in base64.
    WordPress,
    /// The salt, then the text: what a plain digest is taken of.
    SaltFirst(Vec<u8>),
    /// The text, then the salt.
    SaltLast(Vec<u8>),
}

/// The most bytes that bcrypt looks at.
const BCRYPT_BYTES: usize = 72;

impl Preparation {
    /// The bytes to hash, and whether the hash's own system takes such a password at all. It is
    /// hashed all the same then, for the time that takes.
    pub(crate) fn apply(
        &self,
        password: &[u8],
        settings: &ForeignSettings,
    ) -> (Secret<Vec<u8>>, bool) {
        let mut accepted = true;
        let bytes = match self {
            Self::AsSent => password.to_vec(),
            Self::AtMost72Bytes => {
                accepted = settings.truncate_bcrypt || password.len() <= BCRYPT_BYTES;
                password.to_vec()
            }
            Self::BcryptOrDevise => {
                let Some(pepper) = &settings.bcrypt_pepper else {
                    return Self::AtMost72Bytes.apply(password, settings);
                };
                accepted = !password.contains(&0); // Ruby hands it to C
                [password, pepper.expose().as_bytes()].concat()
            }
            Self::WithoutNul => {
                accepted = !password.contains(&0);
                password.to_vec()
            }
            Self::HexMd5 => hex(&Md5::digest(password)).into_bytes(),
            Self::HexSha256 => hex(&Sha256::digest(password)).into_bytes(),
            Self::Base64Sha256 => base64(&Sha256::digest(password)),
            Self::Base64HmacSha256(key) => match Hmac::<Sha256>::new_from_slice(key) {
                Ok(hmac) => base64(&hmac.chain_update(password).finalize().into_bytes()),
                Err(_) => refused(&mut accepted), // HMAC takes keys of any length
            },
            Self::WordPress => match Hmac::<Sha384>::new_from_slice(b"wp-sha384") {
                Ok(hmac) => base64(&hmac.chain_update(password).finalize().into_bytes()),
                Err(_) => refused(&mut accepted),
            },
            Self::SaltFirst(salt) => [salt, password].concat(),
            Self::SaltLast(salt) => [password, salt].concat(),
        };
        (Secret::new(bytes), accepted)
    }
}

fn refused(accepted: &mut bool) -> Vec<u8> {
    *accepted = false;
    Vec::new()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode(bytes).into_bytes()
}

/// `bytes` in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

/// The bytes that lower-case hexadecimal of exactly `length` bytes stands for.
pub(super) fn unhex(text: &str, length: usize) -> Option<Vec<u8>> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * length {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect()
}
