//! Django: `algorithm$cost$salt$tag`, `algorithm$` before another system's hash, and the digests of
//! its early versions.
//!
//! Follows `django.contrib.auth.hashers` of Django 5.2: a hash is computed again and compared as
//! text, so a number with a leading zero or a tag with other base64 can match nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::preparation::unhex;
use super::{Preparation, bcrypt, python, werkzeug};
use crate::digest::Digest;
use crate::kind::{Work, log2};
use crate::stored::Stored;
use crate::{Kind, Malformed, argon};

/// `pbkdf2_sha256$iterations$salt$base64`, `pbkdf2_sha1$…`
pub(super) fn read_pbkdf2(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.splitn(4, '$').collect();
    let [name, iterations, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let digest = match name {
        "pbkdf2_sha256" => Digest::Sha256,
        "pbkdf2_sha1" => Digest::Sha1,
        _ => return Err(Malformed::UnknownFormat),
    };
    let cost = number(iterations)?;
    let kind = Kind::checked(Work::Pbkdf2 {
        digest,
        iterations: cost,
    })?;
    let tag = tag_if(is_canonical(iterations, cost), tag, digest.bytes())?;
    Ok(Stored::foreign(kind, given_salt(salt)?, tag))
}

/// `scrypt$N$salt$r$p$base64`, unless it is Werkzeug's `scrypt$salt$hex`.
///
/// Django's own hasher stops at 32 MiB, a subclass of it need not: the bounds of this crate apply.
pub(super) fn read_scrypt_or_werkzeug(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.splitn(7, '$').collect();
    let [_, n_text, salt, r_text, p_text, tag] = *fields.as_slice() else {
        return werkzeug::read(text);
    };
    let (n, r, p) = (number(n_text)?, number(r_text)?, number(p_text)?);
    let canonical = is_canonical(n_text, n) && is_canonical(r_text, r) && is_canonical(p_text, p);
    let kind = Kind::checked(Work::Scrypt {
        log_n: log2(n.into()).ok_or(Malformed::Parameters)?,
        r,
        p,
    })?;
    let tag = tag_if(canonical, tag, 64)?;
    Ok(Stored::foreign(kind, given_salt(salt)?, tag))
}

/// `argon2$argon2id$v=19$…`: an Argon2 string under a prefix.
pub(super) fn read_argon2(text: &str) -> Result<Stored, Malformed> {
    let phc = text.strip_prefix("argon2").ok_or(Malformed::Syntax)?;
    Ok(Stored {
        native: false,
        ..argon::read_phc(phc)?
    })
}

/// `bcrypt$$2b$12$…` and `bcrypt_sha256$$2b$12$…`: a bcrypt string under a prefix.
pub(super) fn read_bcrypt(text: &str) -> Result<Stored, Malformed> {
    let (name, inner) = text.split_once('$').ok_or(Malformed::Syntax)?;
    let stored = bcrypt::read(inner)?;
    Ok(match name {
        "bcrypt_sha256" => Stored {
            preparation: Preparation::HexSha256,
            ..stored
        },
        _ => stored,
    })
}

/// `md5$salt$hex` and `sha1$salt$hex`: a digest of Django's, or an HMAC of Werkzeug's. The salt may be empty, as in
/// Django before 1.4.
pub(super) fn read_digest(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.splitn(3, '$').collect();
    let (salt, djangos) = match *fields.as_slice() {
        ["md5", salt, tag] => (salt, digest(Digest::Md5, salt, tag)?),
        ["sha1", salt, tag] => (salt, digest(Digest::Sha1, salt, tag)?),
        _ => return Err(Malformed::Syntax),
    };
    if salt.is_empty() {
        return Ok(djangos);
    }
    Ok(Stored {
        or: Some(Box::new(djangos)),
        ..werkzeug::read_hmac(text)?
    })
}

/// 32 hexadecimal digits and nothing else, as in Django before 1.4.
pub(super) fn read_unsalted_md5(text: &str) -> Result<Stored, Malformed> {
    unhex(text, Digest::Md5.bytes()).ok_or(Malformed::UnknownFormat)?;
    digest(Digest::Md5, "", text)
}

fn digest(digest: Digest, salt: &str, tag: &str) -> Result<Stored, Malformed> {
    let tag = unhex(tag, digest.bytes()).ok_or(Malformed::Syntax)?;
    Ok(Stored {
        preparation: Preparation::SaltFirst(salt.as_bytes().to_vec()),
        ..Stored::foreign(Kind::checked(Work::Digest(digest))?, Vec::new(), tag)
    })
}

/// A cost. Zero is impossible, though Django would take its default instead.
fn number(text: &str) -> Result<u32, Malformed> {
    let value = python::int(text).ok_or(Malformed::Syntax)?;
    let value = value.min(u32::MAX.into());
    u32::try_from(value).map_err(|_| Malformed::Parameters)
}

fn is_canonical(text: &str, value: u32) -> bool {
    value.to_string() == text
}

fn given_salt(salt: &str) -> Result<Vec<u8>, Malformed> {
    if salt.is_empty() {
        return Err(Malformed::Syntax);
    }
    Ok(salt.as_bytes().to_vec())
}

fn tag_if(canonical: bool, tag: &str, length: usize) -> Result<Vec<u8>, Malformed> {
    let tag = STANDARD.decode(tag).map_err(|_| Malformed::Syntax)?;
    let is_djangos = canonical && tag.len() == length;
    is_djangos.then_some(tag).ok_or(Malformed::Syntax)
}
