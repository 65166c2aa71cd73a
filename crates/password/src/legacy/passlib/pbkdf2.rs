//! PBKDF2 as passlib, Atlassian, GRUB, Cryptacular and Dwayne Litzenberger's module write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{ab64, salt, tag};
use crate::digest::Digest;
use crate::kind::Work;
use crate::legacy::crypt::passlib_number;
use crate::legacy::python;
use crate::stored::Stored;
use crate::{Kind, Malformed, h64};

/// `$pbkdf2-sha256$rounds$salt$tag`, `$pbkdf2-sha512$…`, and `$pbkdf2$…` for SHA-1.
///
/// Also the PHC string `$pbkdf2-sha256$i=rounds,l=bytes$salt$tag`.
pub(crate) fn read(text: &str) -> Result<Stored, Malformed> {
    let (name, rest) = text
        .strip_prefix('$')
        .and_then(|text| text.split_once('$'))
        .ok_or(Malformed::Syntax)?;
    let digest = match name {
        "pbkdf2" => Digest::Sha1,
        "pbkdf2-sha256" => Digest::Sha256,
        "pbkdf2-sha512" => Digest::Sha512,
        _ => return Err(Malformed::UnknownFormat),
    };
    if rest.starts_with("i=") {
        return read_phc(digest, rest);
    }
    read_ldap(digest, rest)
}

/// What stands behind `{PBKDF2}`, `{PBKDF2-SHA256}` and `{PBKDF2-SHA512}`: the same under the names of LDAP schemes.
pub(crate) fn read_ldap(digest: Digest, rest: &str) -> Result<Stored, Malformed> {
    let [rounds, salt_text, tag_text] = fields(rest, '$')?;
    stored(
        digest,
        passlib_number(rounds)?,
        salt(ab64(salt_text)?)?,
        tag(ab64(tag_text)?, digest.bytes())?,
    )
}

fn read_phc(digest: Digest, rest: &str) -> Result<Stored, Malformed> {
    let [parameters, salt_text, tag_text] = fields(rest, '$')?;
    let (rounds, length) = match parameters.split_once(",l=") {
        Some((rounds, length)) => (rounds, Some(length)),
        None => (parameters, None),
    };
    let rounds = rounds.strip_prefix("i=").ok_or(Malformed::Syntax)?;
    let decode = |text| STANDARD_NO_PAD.decode(text).map_err(|_| Malformed::Syntax);
    let tag_bytes = decode(tag_text)?;
    let says_its_length = length.is_none_or(|length| length == tag_bytes.len().to_string());
    if !says_its_length || !(10..=64).contains(&tag_bytes.len()) {
        return Err(Malformed::Syntax);
    }
    let rounds = passlib_number(rounds)?;
    stored(digest, rounds, decode(salt_text)?, tag_bytes)
}

/// Atlassian's rounds.
const ATLASSIAN_ROUNDS: u32 = 10_000;

/// What stands behind `{PKCS5S2}`: the base64 of 16 bytes of salt and 32 of tag.
pub(crate) fn read_atlassian(encoded: &str) -> Result<Stored, Malformed> {
    let mut salt = python::base64(encoded).ok_or(Malformed::Syntax)?;
    if salt.len() < 16 {
        return Err(Malformed::Syntax);
    }
    let tag_bytes = salt.split_off(16);
    stored(Digest::Sha1, ATLASSIAN_ROUNDS, salt, tag(tag_bytes, 32)?)
}

/// `grub.pbkdf2.sha512.rounds.SALT.TAG`, in hexadecimal.
pub(crate) fn read_grub(text: &str) -> Result<Stored, Malformed> {
    let rest = text.strip_prefix("grub.pbkdf2.sha512.");
    let [rounds, salt_text, tag_text] = fields(rest.ok_or(Malformed::Syntax)?, '.')?;
    let decode = |text: &str| {
        let text = text.to_ascii_lowercase();
        crate::legacy::preparation::unhex(&text, text.len() / 2).ok_or(Malformed::Syntax)
    };
    stored(
        Digest::Sha512,
        passlib_number(rounds)?,
        salt(decode(salt_text)?)?,
        tag(decode(tag_text)?, 64)?,
    )
}

/// `$p5k2$hexrounds$salt$tag`, which two systems write: Cryptacular with 20 bytes of padded base64,
/// Litzenberger's module with 24 bytes of passlib's base64 and everything before it as the salt.
pub(crate) fn read_p5k2(text: &str) -> Result<Stored, Malformed> {
    let rest = text.strip_prefix("$p5k2$").ok_or(Malformed::Syntax)?;
    let [rounds_text, salt_text, tag_text] = fields(rest, '$')?;
    if tag_text.contains('=') {
        let decode = |text: &str| {
            let standard = text.replace('-', "+").replace('_', "/");
            python::base64(&standard).ok_or(Malformed::Syntax)
        };
        return stored(
            Digest::Sha1,
            hexadecimal(rounds_text)?,
            salt(decode(salt_text)?)?,
            tag(decode(tag_text)?, 20)?,
        );
    }
    if !h64::is_text(salt_text) {
        return Err(Malformed::Syntax);
    }
    let rounds = match rounds_text {
        "" => 400, // left out when it is the default
        text => hexadecimal(text)?,
    };
    let salt_text = match rounds {
        400 => format!("$p5k2$${salt_text}"),
        rounds => format!("$p5k2${rounds:x}${salt_text}"),
    };
    // Compared as text: other base64 for the same bytes matches nothing.
    let tag_bytes = tag(ab64(tag_text)?, 24)?;
    if STANDARD_NO_PAD.encode(&tag_bytes).replace('+', ".") != tag_text {
        return Err(Malformed::Syntax);
    }
    let salt_bytes = salt(salt_text.into_bytes())?;
    stored(Digest::Sha1, rounds, salt_bytes, tag_bytes)
}

fn hexadecimal(text: &str) -> Result<u32, Malformed> {
    if text.len() > 1 && text.starts_with('0') {
        return Err(Malformed::Syntax);
    }
    let value = python::int_hex(text).ok_or(Malformed::Syntax)?;
    u32::try_from(value.min(u32::MAX.into())).map_err(|_| Malformed::Parameters)
}

fn fields(text: &str, separator: char) -> Result<[&str; 3], Malformed> {
    let fields: Vec<&str> = text.split(separator).collect();
    fields.try_into().map_err(|_| Malformed::Syntax)
}

/// PBKDF2 of so many `rounds` for each block of the tag.
pub(crate) fn stored(
    digest: Digest,
    rounds: u32,
    salt: Vec<u8>,
    tag: Vec<u8>,
) -> Result<Stored, Malformed> {
    let blocks = tag.len().div_ceil(digest.bytes());
    let blocks = u32::try_from(blocks).map_err(|_| Malformed::TooCostly)?;
    let kind = Kind::checked(Work::Pbkdf2 {
        digest,
        iterations: rounds.saturating_mul(blocks),
    })?;
    Ok(Stored::foreign(kind, salt, tag))
}
