//! crypt(3) and what grew from it: MD5-crypt, SHA-256-crypt, SHA-512-crypt, yescrypt, and phpass.
//!
//! Follows passlib: salt and tag are of crypt's alphabet, and a password with a NUL is refused.

use super::{Preparation, python};
use crate::kind::{Work, log2};
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
    let tag = unpermute(&decode_tag(tag, 16)?, &MD5_ORDER);
    let salt = [magic, salt].concat().into_bytes();
    Ok(Stored {
        preparation: Preparation::WithoutNul,
        ..Stored::foreign(Kind::checked(Work::Md5Crypt)?, salt, tag)
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
    let kind = Kind::checked(work)?;
    let tag = unpermute(&decode_tag(tag, bytes)?, order);
    Ok(Stored {
        preparation: Preparation::WithoutNul,
        ..Stored::foreign(kind, salt.as_bytes().to_vec(), tag)
    })
}

/// `$P$`, or phpBB's `$H$`; one character for the rounds, 8 of salt, 22 of tag. Drupal's `$S$` has 43 of SHA-512.
pub(super) fn read_phpass(text: &str) -> Result<Stored, Malformed> {
    let (magic, body) = text.split_at_checked(3).ok_or(Malformed::Syntax)?;
    if !h64::is_text(body) || body.len() < 9 {
        return Err(Malformed::Syntax);
    }
    let (cost, rest) = body.split_at(1);
    let (salt, tag) = rest.split_at(8);
    let log_rounds = h64::value(cost.as_bytes()[0]).ok_or(Malformed::Syntax)?;
    let is_drupals = magic == "$S$";
    let kind = Kind::checked(if is_drupals {
        Work::PhpassSha512 { log_rounds }
    } else {
        Work::Phpass { log_rounds }
    })?;
    let tag = if is_drupals {
        decode_cut_tag(tag)?
    } else {
        decode_tag(tag, 16)?
    };
    Ok(Stored::foreign(kind, salt.as_bytes().to_vec(), tag))
}

/// `U$S$…`, `U$P$…` or `U$H$…`: what Drupal made of the MD5 digests of its sixth version.
pub(super) fn read_drupal_upgrade(text: &str) -> Result<Stored, Malformed> {
    let inner = text.strip_prefix('U').unwrap_or_default();
    if !["$S$", "$P$", "$H$"]
        .iter()
        .any(|magic| inner.starts_with(magic))
    {
        return Err(Malformed::UnknownFormat);
    }
    Ok(Stored {
        preparation: Preparation::HexMd5,
        ..read_phpass(inner)?
    })
}

/// `$y$parameters$salt$tag`: yescrypt, what Linux distributions have in /etc/shadow since 2021. Only its one usual
/// flavour is read, which every crypt(3) writes.
pub(super) fn read_yescrypt(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.split('$').collect();
    let ["", "y", parameters, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let read: yescrypt::Params = parameters.parse().map_err(|_| Malformed::Unsupported)?;
    let log_n = log2(read.n()).ok_or(Malformed::Parameters)?;
    let (r, p) = (read.r(), read.p());
    let kind = Kind::checked(Work::Yescrypt { log_n, r, p })?;
    if yescrypt_parameters(log_n, r, p).as_deref() != Some(parameters) {
        return Err(Malformed::Unsupported); // another flavour, or more time for the same memory
    }
    let salt = h64::decode(salt).ok_or(Malformed::Syntax)?;
    Ok(Stored {
        preparation: Preparation::WithoutNul,
        ..Stored::foreign(kind, salt, decode_tag(tag, 32)?)
    })
}

/// How yescrypt's parameters are written.
pub(crate) fn yescrypt_parameters(log_n: u8, r: u32, p: u32) -> Option<String> {
    let n = 1_u64.checked_shl(log_n.into())?;
    let parameters = yescrypt::Params::new(yescrypt::Mode::default(), n, r, p).ok()?;
    Some(parameters.to_string())
}

/// A number as passlib reads it: Python's, but without leading zeros.
pub(super) fn passlib_number(text: &str) -> Result<u32, Malformed> {
    if text.len() > 1 && text.starts_with('0') {
        return Err(Malformed::Syntax);
    }
    let value = python::int(text).ok_or(Malformed::Syntax)?;
    u32::try_from(value.min(u32::MAX.into())).map_err(|_| Malformed::Parameters)
}

/// The bytes of a tag. The bits left over are not set: no system writes that.
fn decode_tag(tag: &str, length: usize) -> Result<Vec<u8>, Malformed> {
    h64::decode(tag)
        .filter(|bytes| bytes.len() == length)
        .ok_or(Malformed::Syntax)
}

/// The bytes of a tag that Drupal cut to 43 digits: 32, and two bits of the next.
fn decode_cut_tag(tag: &str) -> Result<Vec<u8>, Malformed> {
    let whole = (tag.len() == 43).then(|| h64::decode(&format!("{tag}.")));
    whole.flatten().ok_or(Malformed::Syntax)
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
