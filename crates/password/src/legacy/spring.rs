//! Spring Security's encoders, by their defaults: the cost is not in all their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::passlib::stored_pbkdf2;
use super::preparation::unhex;
use crate::digest::Digest;
use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed};

/// Settings of `Pbkdf2PasswordEncoder`, with a tag of 256 bits.
pub(super) struct Pbkdf2 {
    digest: Digest,
    iterations: u32,
    salt_bytes: usize,
}

/// `defaultsForSpringSecurity_v5_5`.
pub(super) const PBKDF2_OF_5_5: Pbkdf2 = Pbkdf2 {
    digest: Digest::Sha1,
    iterations: 185_000,
    salt_bytes: 8,
};

/// `defaultsForSpringSecurity_v5_8`.
pub(super) const PBKDF2_OF_5_8: Pbkdf2 = Pbkdf2 {
    digest: Digest::Sha256,
    iterations: 310_000,
    salt_bytes: 16,
};

/// Bytes of tag of both encoders.
const TAG_BYTES: usize = 32;

/// The salt and the tag in hexadecimal.
pub(super) fn read_pbkdf2(text: &str, settings: &Pbkdf2) -> Result<Stored, Malformed> {
    let bytes = settings.salt_bytes + TAG_BYTES;
    let mut salt = unhex(&text.to_ascii_lowercase(), bytes).ok_or(Malformed::Syntax)?;
    let tag = salt.split_off(settings.salt_bytes);
    stored_pbkdf2(settings.digest, settings.iterations, salt, tag)
}

/// `$e0801$salt$tag`: log₂ N, r and p are 16 and twice 8 bits of a hexadecimal number.
pub(super) fn read_scrypt(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.split('$').collect();
    let ["", costs, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let is_number = costs.bytes().all(|byte| byte.is_ascii_hexdigit());
    let costs = u32::from_str_radix(costs, 16)
        .ok()
        .filter(|costs| is_number && *costs < 1 << 24);
    let [_, log_n, r, p] = costs.ok_or(Malformed::Syntax)?.to_be_bytes();
    let kind = Kind::checked(Work::Scrypt {
        log_n,
        r: r.into(),
        p: p.into(),
    })?;
    let decode = |text| STANDARD.decode(text).map_err(|_| Malformed::Syntax);
    let (salt, tag) = (decode(salt)?, decode(tag)?);
    if tag.len() != TAG_BYTES {
        return Err(Malformed::Syntax);
    }
    Ok(Stored::foreign(kind, salt, tag))
}
