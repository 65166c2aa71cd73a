//! Dovecot's own PBKDF2; its other hashes are those of crypt(3) and of LDAP under labels of their own.

use super::passlib::stored_pbkdf2;
use super::preparation::unhex;
use crate::digest::Digest;
use crate::stored::Stored;
use crate::{Malformed, argon};

/// What stands behind `{PBKDF2}`: `$1$salt$rounds$hex`, with SHA-1. The salt is used as text.
pub(super) fn read_pbkdf2(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.split('$').collect();
    let ["", "1", salt, rounds, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let rounds = argon::decimal(rounds).ok_or(Malformed::Syntax)?;
    let tag = unhex(&tag.to_ascii_lowercase(), Digest::Sha1.bytes()).ok_or(Malformed::Syntax)?;
    stored_pbkdf2(Digest::Sha1, rounds, salt.as_bytes().to_vec(), tag)
}
