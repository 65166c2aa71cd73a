//! LDAP directories (RFC 2307): `{SSHA}` and its kin, as passlib reads them.

use super::{FAMILIES, Preparation, python};
use crate::digest::Digest;
use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed};

/// The schemes: digest, and whether there is a salt.
const SCHEMES: [(&str, Digest, bool); 6] = [
    ("MD5", Digest::Md5, false),
    ("SHA", Digest::Sha1, false),
    ("SMD5", Digest::Md5, true),
    ("SSHA", Digest::Sha1, true),
    ("SSHA256", Digest::Sha256, true),
    ("SSHA512", Digest::Sha512, true),
];

/// Bytes of salt that passlib takes.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=16;

/// `{SSHA}` and the base64 of the digest with the salt behind it.
pub(super) fn read(text: &str) -> Result<Stored, Malformed> {
    let (scheme, encoded) = text
        .strip_prefix('{')
        .and_then(|text| text.split_once('}'))
        .ok_or(Malformed::UnknownFormat)?;
    let (_, digest, salted) = SCHEMES
        .into_iter()
        .find(|(name, _, _)| *name == scheme)
        .ok_or(Malformed::UnknownFormat)?;

    // The pattern that passlib matches salted ones with ends before a final newline.
    let encoded = match encoded.strip_suffix('\n') {
        Some(line) if salted => line,
        _ => encoded,
    };
    let digits = encoded.trim_end_matches('=');
    let well_formed = encoded.len() - digits.len() <= 2
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
    if !well_formed {
        return Err(Malformed::Syntax);
    }
    let mut tag = python::base64(encoded).ok_or(Malformed::Syntax)?;
    if tag.len() < digest.bytes() {
        return Err(Malformed::Syntax);
    }
    let salt = tag.split_off(digest.bytes());
    let salt_fits = if salted {
        SALT_BYTES.contains(&salt.len())
    } else {
        salt.is_empty()
    };
    if !salt_fits {
        return Err(Malformed::Syntax);
    }
    Ok(Stored {
        kind: Kind::checked(Work::Digest(digest))?,
        salt: Vec::new(),
        tag: Some(tag),
        preparation: Preparation::SaltLast(salt),
        native: false,
    })
}

/// `{CRYPT}` before a string of crypt(3).
pub(super) fn read_crypt(text: &str) -> Result<Stored, Malformed> {
    let inner = text.strip_prefix("{CRYPT}").ok_or(Malformed::Syntax)?;
    FAMILIES
        .iter()
        .filter(|(start, _)| ["$1$", "$2", "$5$", "$6$"].contains(start))
        .find(|(start, _)| inner.starts_with(start))
        .ok_or(Malformed::Unsupported)
        .and_then(|(_, read)| read(inner))
}
