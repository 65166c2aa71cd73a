//! Bcrypt: `$2b$12$` and 53 characters, of any language.
//!
//! Follows `checkpw` of the Python library bcrypt 5: `2a`, `2b`, `2x` and `2y` are one algorithm,
//! NUL bytes count, and a password of more than 72 bytes is refused rather than cut.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::Preparation;
use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed};

pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

const SALT_CHARS: usize = 22;
const TAG_CHARS: usize = 31;

/// Bcrypt's own text, under no other system's label: it may be Devise's.
pub(super) fn read_bare(text: &str) -> Result<Stored, Malformed> {
    Ok(Stored {
        preparation: Preparation::BcryptOrDevise,
        ..read(text)?
    })
}

pub(super) fn read(text: &str) -> Result<Stored, Malformed> {
    // Empty fields are skipped, which leaves text that is not canonical.
    let fields: Vec<&str> = text.split('$').filter(|field| !field.is_empty()).collect();
    let [version, cost, salt_and_tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    if !["2a", "2b", "2x", "2y"].contains(&version) {
        return Err(Malformed::UnknownFormat);
    }
    let cost = cost.parse::<u32>().map_err(|_| Malformed::Syntax)?;
    let (salt, tag) = salt_and_tag
        .split_at_checked(SALT_CHARS)
        .ok_or(Malformed::Syntax)?;
    let canonical = format!("${version}${cost:02}${salt}{tag}") == text;
    stored(cost, salt, tag, canonical)
}

/// `$wp$2y$10$…`: `WordPress` since 6.8, a bcrypt string under a prefix.
pub(super) fn read_wordpress(text: &str) -> Result<Stored, Malformed> {
    let bcrypt = text.strip_prefix("$wp").ok_or(Malformed::Syntax)?;
    Ok(Stored {
        preparation: Preparation::WordPress,
        ..read(bcrypt)?
    })
}

/// A hash of `cost` with this salt and tag, which must be `canonical`: its library compares text.
pub(super) fn stored(
    cost: u32,
    salt: &str,
    tag: &str,
    canonical: bool,
) -> Result<Stored, Malformed> {
    let cost = u8::try_from(cost).map_err(|_| Malformed::Parameters)?;
    let salt = BASE64.decode(salt).map_err(|_| Malformed::Syntax)?;
    let kind = Kind::checked(Work::Bcrypt { cost })?;
    let is_whole = canonical && tag.len() == TAG_CHARS;
    let tag = BASE64.decode(tag).ok().filter(|_| is_whole);
    Ok(Stored {
        preparation: Preparation::AtMost72Bytes,
        ..Stored::foreign(kind, salt, tag.ok_or(Malformed::Syntax)?)
    })
}
