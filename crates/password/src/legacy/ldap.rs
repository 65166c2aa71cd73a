//! LDAP directories (RFC 2307): `{SSHA}` and its kin, as passlib reads them, and what Dovecot and Spring Security write
//! under these labels and ones like them.

use super::preparation::unhex;
use super::{Preparation, python};
use crate::digest::Digest;
use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed};

/// The labels in lower case: digest, and whether there is a salt.
const DIGESTS: [(&str, Digest, bool); 13] = [
    ("md5", Digest::Md5, false),
    ("ldap-md5", Digest::Md5, false),
    ("plain-md5", Digest::Md5, false),
    ("sha", Digest::Sha1, false),
    ("sha1", Digest::Sha1, false),
    ("sha-1", Digest::Sha1, false),
    ("sha256", Digest::Sha256, false),
    ("sha-256", Digest::Sha256, false),
    ("sha512", Digest::Sha512, false),
    ("smd5", Digest::Md5, true),
    ("ssha", Digest::Sha1, true),
    ("ssha256", Digest::Sha256, true),
    ("ssha512", Digest::Sha512, true),
];

/// Labels of text that is no hash.
const PLAIN: [&str; 4] = ["noop", "plain", "clear", "cleartext"];

/// Labels of Dovecot and Spring Security whose hashes are not read.
const NOT_READ: [&str; 10] = [
    "cram-md5",
    "digest-md5",
    "lanman",
    "md4",
    "ntlm",
    "otp",
    "rpa",
    "scram-sha-1",
    "scram-sha-256",
    "skey",
];

/// Bytes of salt that passlib takes.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=16;

/// Hexadecimal digits of Spring Security's `StandardPasswordEncoder`: 8 bytes of salt, 32 of tag.
const STANDARD_PASSWORD_DIGITS: usize = 80;

/// How what stands behind a label is written.
enum Encoding {
    Base64,
    Hex,
}

/// `label`, which Dovecot may have ended with an encoding, and the digest with the salt behind it.
pub(super) fn read(label: &str, encoded: &str) -> Result<Stored, Malformed> {
    let (name, encoding) = match label.split_once('.') {
        None => (label, None),
        Some((name, "hex")) => (name, Some(Encoding::Hex)),
        Some((name, "b64" | "base64")) => (name, Some(Encoding::Base64)),
        Some(_) => return Err(Malformed::UnknownFormat),
    };
    if PLAIN.contains(&name) {
        return Err(Malformed::PlainText);
    }
    if NOT_READ.contains(&name) || is_standard_password(name, encoded) {
        return Err(Malformed::Unsupported);
    }
    let (_, digest, salted) = DIGESTS
        .into_iter()
        .find(|(known, _, _)| *known == name)
        .ok_or(Malformed::UnknownFormat)?;
    if !salted && encoded.starts_with('{') {
        return read_spring(digest, encoded);
    }
    // Where the label doesn't say, the length does, as with Dovecot.
    let encoding = encoding.unwrap_or(if !salted && encoded.len() == 2 * digest.bytes() {
        Encoding::Hex
    } else {
        Encoding::Base64
    });
    let mut tag = match encoding {
        Encoding::Hex => from_hex(encoded),
        Encoding::Base64 => from_base64(encoded, salted),
    }
    .filter(|bytes| bytes.len() >= digest.bytes())
    .ok_or(Malformed::Syntax)?;
    let salt = tag.split_off(digest.bytes());
    let salt_fits = if salted {
        SALT_BYTES.contains(&salt.len())
    } else {
        salt.is_empty()
    };
    if !salt_fits {
        return Err(Malformed::Syntax);
    }
    stored(digest, salt, tag)
}

/// `{salt}hex` of Spring Security's `MessageDigestPasswordEncoder`: the braces belong to the salt.
fn read_spring(digest: Digest, text: &str) -> Result<Stored, Malformed> {
    let end = text.find('}').ok_or(Malformed::Syntax)?;
    let (salt, tag) = text.split_at(end + 1);
    let tag = from_hex(tag)
        .filter(|bytes| bytes.len() == digest.bytes())
        .ok_or(Malformed::Syntax)?;
    stored(digest, salt.as_bytes().to_vec(), tag)
}

fn is_standard_password(label: &str, encoded: &str) -> bool {
    label == "sha256" && encoded.len() == STANDARD_PASSWORD_DIGITS && from_hex(encoded).is_some()
}

fn stored(digest: Digest, salt: Vec<u8>, tag: Vec<u8>) -> Result<Stored, Malformed> {
    Ok(Stored {
        preparation: Preparation::SaltLast(salt),
        ..Stored::foreign(Kind::checked(Work::Digest(digest))?, Vec::new(), tag)
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    unhex(&text.to_ascii_lowercase(), text.len() / 2)
}

fn from_base64(encoded: &str, salted: bool) -> Option<Vec<u8>> {
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
    well_formed.then(|| python::base64(encoded)).flatten()
}
