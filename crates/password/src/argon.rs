//! Argon2 (RFC 9106) and its strings, as the reference implementation reads them.

use argon2::{Algorithm, Argon2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::kind::{Variant, Version, Work};
use crate::memory::Memory;
use crate::stored::Stored;
use crate::{Kind, Malformed, Params, PasswordHash};

/// Bytes of salt in a new hash (OWASP, RFC 9106 §3.1).
pub(crate) const SALT_BYTES: usize = 16;
/// Bytes of tag in a new hash.
pub(crate) const TAG_BYTES: usize = 32;

/// RFC 9106 §3.1, and what the reference implementation refuses below.
const MIN_SALT_BYTES: usize = 8;
const MIN_TAG_BYTES: usize = 4;

/// The string of a hash, in the order and alphabet of the reference implementation.
pub(crate) fn to_phc(kind: Kind, salt: &[u8], tag: &[u8]) -> Option<PasswordHash> {
    let Work::Argon2 {
        variant,
        version,
        memory_kib,
        passes,
        lanes,
    } = kind.0
    else {
        return None;
    };
    Some(PasswordHash::from_stored(format!(
        "${}$v={}$m={memory_kib},t={passes},p={lanes}${}${}",
        variant.name(),
        match version {
            Version::V16 => 16,
            Version::V19 => 19,
        },
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(tag),
    )))
}

/// Reads `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`, also `argon2i` and `argon2d`.
///
/// Follows `decode_string` of the reference implementation: fields in this order, decimals without
/// leading zeros, base64 without padding and with zero bits at its end; `v=` may be missing.
pub(crate) fn read_phc(text: &str) -> Result<Stored, Malformed> {
    let (variant, rest) = text
        .strip_prefix('$')
        .and_then(|text| text.split_once('$'))
        .ok_or(Malformed::UnknownFormat)?;
    let variant = Variant::named(variant).ok_or(Malformed::UnknownFormat)?;
    let (version, rest) = read_version(rest)?;
    let (costs, rest) = rest.split_once('$').ok_or(Malformed::Syntax)?;
    let (salt, tag) = rest.split_once('$').ok_or(Malformed::Syntax)?;

    let [memory_kib, passes, lanes] = read_costs(costs).ok_or(Malformed::Syntax)?;
    let decode = |text| STANDARD_NO_PAD.decode(text).map_err(|_| Malformed::Syntax);
    let (salt, tag) = (decode(salt)?, decode(tag)?);
    if salt.len() < MIN_SALT_BYTES || tag.len() < MIN_TAG_BYTES {
        return Err(Malformed::Parameters);
    }

    let kind = Kind::checked(Work::Argon2 {
        variant,
        version,
        memory_kib,
        passes,
        lanes,
    })?;
    Ok(Stored {
        native: salt.len() >= SALT_BYTES && tag.len() >= TAG_BYTES,
        ..Stored::foreign(kind, salt, tag)
    })
}

fn read_version(rest: &str) -> Result<(Version, &str), Malformed> {
    let Some(versioned) = rest.strip_prefix("v=") else {
        return Ok((Version::V16, rest));
    };
    match versioned.split_once('$').ok_or(Malformed::Syntax)? {
        ("16", rest) => Ok((Version::V16, rest)),
        ("19", rest) => Ok((Version::V19, rest)),
        _ => Err(Malformed::Parameters),
    }
}

fn read_costs(costs: &str) -> Option<[u32; 3]> {
    let (memory_kib, costs) = costs.strip_prefix("m=")?.split_once(",t=")?;
    let (passes, lanes) = costs.split_once(",p=")?;
    Some([decimal(memory_kib)?, decimal(passes)?, decimal(lanes)?])
}

/// A number without sign and without leading zeros; one that is too large for 32 bits is the largest.
pub(crate) fn decimal(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (digits && !padded).then(|| text.parse().unwrap_or(u32::MAX))
}

/// Fills `tag` with the Argon2 hash of `password`.
pub(crate) fn derive(
    work: (Variant, Version, Params),
    password: &[u8],
    salt: &[u8],
    tag: &mut [u8],
    memory: &mut Memory,
) -> Result<(), Malformed> {
    let (variant, version, params) = work;
    let algorithm = match variant {
        Variant::D => Algorithm::Argon2d,
        Variant::I => Algorithm::Argon2i,
        Variant::Id => Algorithm::Argon2id,
    };
    let version = match version {
        Version::V16 => argon2::Version::V0x10,
        Version::V19 => argon2::Version::V0x13,
    };
    let params = argon2::Params::new(
        params.memory_kib(),
        params.passes(),
        params.lanes(),
        Some(tag.len()),
    )
    .map_err(|_| Malformed::Parameters)?;
    let blocks = memory.blocks(params.block_count());
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password, salt, tag, blocks)
        .map_err(|_| Malformed::Parameters)
}
