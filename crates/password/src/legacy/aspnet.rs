//! ASP.NET Core Identity's `PasswordHasher` and its forerunners: base64 of one byte for the version, then the rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::passlib::stored_pbkdf2;
use crate::Malformed;
use crate::digest::Digest;
use crate::stored::Stored;

const SALT_BYTES: usize = 16;

/// The least that the third version takes of salt and of tag.
const LEAST_BYTES: usize = 16;

/// Version 2, a zero byte: 1,000 iterations with SHA-1, 16 bytes of salt, 32 of tag.
pub(super) fn read_2(text: &str) -> Result<Stored, Malformed> {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let (salt, tag) = match bytes.as_slice() {
        [0, rest @ ..] if rest.len() == SALT_BYTES + 32 => rest.split_at(SALT_BYTES),
        _ => return Err(Malformed::UnknownFormat),
    };
    stored_pbkdf2(Digest::Sha1, 1000, salt.to_vec(), tag.to_vec())
}

/// Version 3: the digest, the iterations and the bytes of salt, each as four bytes, then salt and tag.
pub(super) fn read_3(text: &str) -> Result<Stored, Malformed> {
    let bytes = STANDARD.decode(text).map_err(|_| Malformed::Syntax)?;
    let mut rest = bytes.strip_prefix(&[1]).ok_or(Malformed::Syntax)?;
    let mut number = || {
        let (number, after) = rest.split_first_chunk().ok_or(Malformed::Syntax)?;
        rest = after;
        Ok(u32::from_be_bytes(*number))
    };
    let (digest, iterations, salt_bytes) = (number()?, number()?, number()?);
    let digest = match digest {
        0 => Digest::Sha1,
        1 => Digest::Sha256,
        2 => Digest::Sha512,
        _ => return Err(Malformed::Parameters),
    };
    let salt_bytes = usize::try_from(salt_bytes).map_err(|_| Malformed::Syntax)?;
    let (salt, tag) = rest
        .split_at_checked(salt_bytes)
        .filter(|(salt, tag)| salt.len() >= LEAST_BYTES && tag.len() >= LEAST_BYTES)
        .ok_or(Malformed::Syntax)?;
    stored_pbkdf2(digest, iterations, salt.to_vec(), tag.to_vec())
}
