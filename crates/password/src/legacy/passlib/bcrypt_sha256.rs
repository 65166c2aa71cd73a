//! passlib's `bcrypt_sha256`, which lets bcrypt see the whole of a long password.

use crate::Malformed;
use crate::legacy::crypt::passlib_number;
use crate::legacy::{Preparation, bcrypt, python};
use crate::stored::Stored;

/// `$bcrypt-sha256$v=2,t=2b,r=12$salt$tag`, and the older `$bcrypt-sha256$2b,12$salt$tag`.
pub(crate) fn read(text: &str) -> Result<Stored, Malformed> {
    let rest = text
        .strip_prefix("$bcrypt-sha256$")
        .ok_or(Malformed::Syntax)?;
    // The pattern that passlib matches ends before a final newline.
    let rest = rest.strip_suffix('\n').unwrap_or(rest);
    let fields: Vec<&str> = rest.split('$').collect();
    let [parameters, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let (is_second, cost) = if let Some(versioned) = parameters.strip_prefix("v=") {
        let second = versioned.split_once(",t=2b,r=");
        let (version, cost) = second.ok_or(Malformed::Syntax)?;
        if !python::is_decimal(version) || python::int(version) != Some(2) {
            return Err(Malformed::Syntax);
        }
        (true, cost)
    } else {
        let first = parameters.strip_prefix("2a,");
        let first = first.or_else(|| parameters.strip_prefix("2b,"));
        (false, first.ok_or(Malformed::Syntax)?)
    };
    if !python::is_decimal(cost) || salt.len() != 22 || tag.len() != 31 {
        return Err(Malformed::Syntax);
    }
    let (salt, tag) = (without_spare_bits(salt)?, without_spare_bits(tag)?);
    let preparation = if is_second {
        Preparation::Base64HmacSha256(salt.clone().into_bytes())
    } else {
        Preparation::Base64Sha256
    };
    Ok(Stored {
        preparation,
        ..bcrypt::stored(passlib_number(cost)?, &salt, &tag, true)?
    })
}

/// The text with the bits of its last character that stand for nothing cleared, as passlib does for
/// the sake of old generators that left them set.
fn without_spare_bits(text: &str) -> Result<String, Malformed> {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

    let lenient = GeneralPurpose::new(
        &base64::alphabet::BCRYPT,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let bytes = lenient.decode(text).map_err(|_| Malformed::Syntax)?;
    Ok(bcrypt::BASE64.encode(bytes))
}
