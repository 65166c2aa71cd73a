//! crypt(3) and what grew from it: MD5-crypt, SHA-256-crypt, SHA-512-crypt, and phpass.
//!
//! Follows passlib: salt and tag are of crypt's alphabet, and a password with a NUL is refused.

use super::{Preparation, python};
use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed, h64};

/// `$1$salt$tag`, and Apache's `$apr1$salt$tag`.
pub(super) fn read_md5(text: &str) -> Result<Stored, Malformed> {
    let (magic, rest) = match text.strip_prefix("$1$") {
        Some(rest) => ("$1$", rest),
        None => (
            "$apr1$",
            text.strip_prefix("$apr1$").ok_or(Malformed::Syntax)?,
        ),
    };
    let (salt, tag) = rest.split_once('$').ok_or(Malformed::Syntax)?;
    if salt.len() > 8 || !h64::is_text(salt) {
        return Err(Malformed::Syntax);
    }
    let permuted = decode_tag(tag, 16)?;
    Ok(Stored {
        kind: Kind::checked(Work::Md5Crypt)?,
        salt: [magic, salt].concat().into_bytes(),
        tag: permuted.map(|bytes| unpermute(&bytes, &MD5_ORDER)),
        preparation: Preparation::WithoutNul,
        native: false,
    })
}

/// Rounds where a hash names none.
const DEFAULT_ROUNDS: u32 = 5000;

/// `$6$rounds=656000$salt$tag` (SHA-512), `$5$…` (SHA-256).
pub(super) fn read_sha2(text: &str) -> Result<Stored, Malformed> {
    let is_sha512 = text.starts_with("$6$");
    let mut fields: Vec<&str> = text.get(3..).unwrap_or_default().split('$').collect();
    let rounds = match fields[0].strip_prefix("rounds=") {
        Some(rounds) => {
            fields.remove(0);
            passlib_number(rounds)?
        }
        None => DEFAULT_ROUNDS,
    };
    let [salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    if salt.len() > 16 || !h64::is_text(salt) {
        return Err(Malformed::Syntax);
    }
    let (work, bytes, order) = if is_sha512 {
        (Work::Sha512Crypt { rounds }, 64, &SHA512_ORDER[..])
    } else {
        (Work::Sha256Crypt { rounds }, 32, &SHA256_ORDER[..])
    };
    Ok(Stored {
        kind: Kind::checked(work)?,
        salt: salt.as_bytes().to_vec(),
        tag: decode_tag(tag, bytes)?.map(|permuted| unpermute(&permuted, order)),
        preparation: Preparation::WithoutNul,
        native: false,
    })
}

/// `$P$`, or phpBB's `$H$`; one character for the rounds, 8 of salt, 22 of tag.
pub(super) fn read_phpass(text: &str) -> Result<Stored, Malformed> {
    let body = text.get(3..).unwrap_or_default();
    if !h64::is_text(body) || body.len() < 9 {
        return Err(Malformed::Syntax);
    }
    let (cost, rest) = body.split_at(1);
    let (salt, tag) = rest.split_at(8);
    let log_rounds = h64::value(cost.as_bytes()[0]).ok_or(Malformed::Syntax)?;
    Ok(Stored {
        kind: Kind::checked(Work::Phpass { log_rounds })?,
        salt: salt.as_bytes().to_vec(),
        tag: decode_tag(tag, 16)?,
        preparation: Preparation::AsSent,
        native: false,
    })
}

/// A number as passlib reads it: Python's, but without leading zeros.
pub(super) fn passlib_number(text: &str) -> Result<u32, Malformed> {
    if text.len() > 1 && text.starts_with('0') {
        return Err(Malformed::Syntax);
    }
    let value = python::int(text).ok_or(Malformed::Syntax)?;
    u32::try_from(value.min(u32::MAX.into())).map_err(|_| Malformed::Parameters)
}

/// The bytes of a tag; `None` when the bits left over are set, which no system writes.
fn decode_tag(tag: &str, length: usize) -> Result<Option<Vec<u8>>, Malformed> {
    let is_whole = h64::is_text(tag) && tag.len() == (length * 8).div_ceil(6);
    if is_whole {
        Ok(h64::decode(tag))
    } else {
        Err(Malformed::Syntax)
    }
}

/// Undoes the order in which crypt writes a digest: `order[i]` is the place of the i-th byte.
fn unpermute(permuted: &[u8], order: &[u8]) -> Vec<u8> {
    let mut digest = vec![0; permuted.len()];
    for (byte, place) in permuted.iter().zip(order) {
        digest[usize::from(*place)] = *byte;
    }
    digest
}

#[rustfmt::skip]
const MD5_ORDER: [u8; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

#[rustfmt::skip]
const SHA256_ORDER: [u8; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];

#[rustfmt::skip]
const SHA512_ORDER: [u8; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];
