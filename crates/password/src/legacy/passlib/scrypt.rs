//! Scrypt as passlib and the PHC write it, and as the scrypt specification's own `$7$`.

use super::{salt, tag};
use crate::kind::Work;
use crate::legacy::python;
use crate::stored::Stored;
use crate::{Kind, Malformed, h64};

/// Bytes of tag in both forms.
const TAG_BYTES: usize = 32;

/// `$scrypt$ln=16,r=8,p=1$salt$tag`, in base64 without padding.
pub(crate) fn read(text: &str) -> Result<Stored, Malformed> {
    let rest = text.strip_prefix("$scrypt$").ok_or(Malformed::Syntax)?;
    let fields: Vec<&str> = rest.split('$').collect();
    let [parameters, salt_text, tag_text] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let parameters: Vec<&str> = parameters.split(',').collect();
    let [log_n, r, p] = *parameters.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let decode = |text| python::base64_unpadded(text).ok_or(Malformed::Syntax);
    stored(
        number(log_n, "ln=")?,
        number(r, "r=")?,
        number(p, "p=")?,
        decode(salt_text)?,
        decode(tag_text)?,
    )
}

/// `$7$`, one character for log₂ N, five each for r and p, the salt as text, `$`, the tag.
pub(crate) fn read_7(text: &str) -> Result<Stored, Malformed> {
    let rest = text.strip_prefix("$7$").ok_or(Malformed::Syntax)?;
    let (parameters, tag_text) = rest.split_once('$').ok_or(Malformed::Syntax)?;
    if tag_text.len() % 4 == 1 {
        return Err(Malformed::Syntax);
    }
    let field = |range| parameters.get(range).ok_or(Malformed::Syntax);
    let number = |text| h64::decode_number(text).ok_or(Malformed::Syntax);
    stored(
        number(field(0..1)?)?,
        number(field(1..6)?)?,
        number(field(6..11)?)?,
        field(11..parameters.len())?.as_bytes().to_vec(),
        h64::decode(tag_text).ok_or(Malformed::Syntax)?,
    )
}

fn number(text: &str, name: &str) -> Result<u32, Malformed> {
    let value = text.strip_prefix(name).ok_or(Malformed::Syntax)?;
    let value = python::int(value).ok_or(Malformed::Syntax)?;
    u32::try_from(value.min(u32::MAX.into())).map_err(|_| Malformed::Parameters)
}

fn stored(
    log_n: u32,
    r: u32,
    p: u32,
    salt_bytes: Vec<u8>,
    tag_bytes: Vec<u8>,
) -> Result<Stored, Malformed> {
    let log_n = u8::try_from(log_n).map_err(|_| Malformed::Parameters)?;
    if log_n > 31 {
        return Err(Malformed::Parameters);
    }
    let kind = Kind::checked(Work::Scrypt { log_n, r, p })?;
    let (salt, tag) = (salt(salt_bytes)?, tag(tag_bytes, TAG_BYTES)?);
    Ok(Stored::foreign(kind, salt, tag))
}
