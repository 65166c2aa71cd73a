//! Hashes under a label in braces: those of LDAP directories (RFC 2307), Dovecot and Spring Security. No label means
//! one thing here and another there, whatever its case, save where what stands behind it tells the two apart.

use super::{bcrypt, crypt, dovecot, ldap, passlib, spring};
use crate::digest::Digest;
use crate::stored::Stored;
use crate::{Malformed, argon};

/// `{label}` and a hash.
pub(super) fn read(text: &str) -> Result<Stored, Malformed> {
    let (label, rest) = split(text)?;
    match label.as_str() {
        "bcrypt" | "blf-crypt" => bcrypt::read(rest),
        "crypt" | "des-crypt" | "md5-crypt" | "sha256-crypt" | "sha512-crypt" => read_crypt(rest),
        "argon2"
        | "argon2@springsecurity_v5_2"
        | "argon2@springsecurity_v5_8"
        | "argon2i"
        | "argon2id" => read_argon2(rest),
        "scrypt" | "scrypt@springsecurity_v5_8" => spring::read_scrypt(rest),
        "pbkdf2" if rest.starts_with("$1$") => dovecot::read_pbkdf2(rest),
        "pbkdf2" if !rest.contains('$') => spring::read_pbkdf2(rest, &spring::PBKDF2_OF_5_5),
        "pbkdf2@springsecurity_v5_8" => spring::read_pbkdf2(rest, &spring::PBKDF2_OF_5_8),
        "pbkdf2" => passlib::read_ldap_pbkdf2(Digest::Sha1, rest),
        "pbkdf2-sha256" => passlib::read_ldap_pbkdf2(Digest::Sha256, rest),
        "pbkdf2-sha512" => passlib::read_ldap_pbkdf2(Digest::Sha512, rest),
        "pkcs5s2" => passlib::read_atlassian(rest),
        "md5" if rest.starts_with("$1$") => crypt::read_md5(rest),
        "ldap" => {
            let (label, rest) = split(rest)?;
            ldap::read(&label, rest)
        }
        label => ldap::read(label, rest),
    }
}

/// The label in lower case, and what stands behind it.
fn split(text: &str) -> Result<(String, &str), Malformed> {
    let (label, rest) = text
        .strip_prefix('{')
        .and_then(|text| text.split_once('}'))
        .ok_or(Malformed::UnknownFormat)?;
    Ok((label.to_ascii_lowercase(), rest))
}

/// A string of crypt(3), whichever of its algorithms the label names: Dovecot leaves that to the string, too.
fn read_crypt(text: &str) -> Result<Stored, Malformed> {
    match text.as_bytes() {
        [b'$', b'1', b'$', ..] => crypt::read_md5(text),
        [b'$', b'2', ..] => bcrypt::read(text),
        [b'$', b'5' | b'6', b'$', ..] => crypt::read_sha2(text),
        [b'$', b'y', b'$', ..] => crypt::read_yescrypt(text),
        [b'!' | b'*', ..] => Err(Malformed::Unusable), // locked (shadow(5))
        _ => Err(Malformed::Unsupported),
    }
}

fn read_argon2(text: &str) -> Result<Stored, Malformed> {
    Ok(Stored {
        native: false,
        ..argon::read_phc(text)?
    })
}
