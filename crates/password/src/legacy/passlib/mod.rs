//! passlib (libpass) and the systems whose formats it collects.

mod bcrypt_sha256;
mod pbkdf2;
mod scrypt;

pub(super) use bcrypt_sha256::read as read_bcrypt_sha256;
pub(super) use pbkdf2::{
    read as read_pbkdf2, read_atlassian, read_grub, read_ldap as read_ldap_pbkdf2, read_p5k2,
    stored as stored_pbkdf2,
};
pub(super) use scrypt::{read as read_scrypt, read_7 as read_scrypt_7};

use crate::Malformed;
use crate::legacy::python;

/// The most bytes of salt that passlib takes.
const MAX_SALT_BYTES: usize = 1024;

/// Base64 without padding, `.` in the place of `+`.
fn ab64(text: &str) -> Result<Vec<u8>, Malformed> {
    python::base64_unpadded(&text.replace('.', "+")).ok_or(Malformed::Syntax)
}

/// A salt that isn't too long.
fn salt(bytes: Vec<u8>) -> Result<Vec<u8>, Malformed> {
    if bytes.len() > MAX_SALT_BYTES {
        return Err(Malformed::Syntax);
    }
    Ok(bytes)
}

/// A tag of exactly `length` bytes.
fn tag(bytes: Vec<u8>, length: usize) -> Result<Vec<u8>, Malformed> {
    if bytes.len() != length {
        return Err(Malformed::Syntax);
    }
    Ok(bytes)
}
