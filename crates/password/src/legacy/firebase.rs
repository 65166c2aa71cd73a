//! Firebase Authentication's scrypt, in the form that Supabase gave it, with the project's settings in the hash:
//! `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=…$salt$tag`.
//!
//! The outcome of scrypt is a key, under which the project's signer key is encrypted. That is what is stored.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kind::Work;
use crate::stored::Stored;
use crate::{Kind, Malformed, argon};

/// Bytes of key of AES-256.
pub(crate) const CIPHER_KEY_BYTES: usize = 32;

pub(super) fn read(text: &str) -> Result<Stored, Malformed> {
    let rest = text.strip_prefix("$fbscrypt$").ok_or(Malformed::Syntax)?;
    let fields: Vec<&str> = rest.split('$').collect();
    let [parameters, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let (costs, keys) = parameters.split_once(",ss=").ok_or(Malformed::Syntax)?;
    let (separator, signer_key) = keys.split_once(",sk=").ok_or(Malformed::Syntax)?;
    let costs: Vec<&str> = costs.split(',').collect();
    let ["v=1", log_n, r, p] = *costs.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let kind = Kind::checked(Work::Scrypt {
        log_n: number(log_n, "n=")?
            .try_into()
            .map_err(|_| Malformed::Parameters)?,
        r: number(r, "r=")?,
        p: number(p, "p=")?,
    })?;
    let (signer_key, tag) = (decode(signer_key)?, decode(tag)?);
    if signer_key.is_empty() || tag.len() != signer_key.len() {
        return Err(Malformed::Syntax);
    }
    let salt = [decode(salt)?, decode(separator)?].concat();
    Ok(Stored {
        encrypts: Some(signer_key),
        ..Stored::foreign(kind, salt, tag)
    })
}

/// `text` by AES-256 in counter mode from zero, whose key is used once.
pub(crate) fn encrypt(key: &[u8], text: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut text = text.to_vec();
    UnboundCipherKey::new(&AES_256, key)
        .and_then(EncryptingKey::ctr)
        .and_then(|key| {
            let from_zero = EncryptionContext::Iv128(FixedLength::from([0; 16]));
            key.less_safe_encrypt(&mut text, from_zero)
        })
        .map_err(|_| Malformed::NotChecked)?;
    Ok(text)
}

fn number(text: &str, name: &str) -> Result<u32, Malformed> {
    let value = text.strip_prefix(name).ok_or(Malformed::Syntax)?;
    argon::decimal(value).ok_or(Malformed::Syntax)
}

/// Base64 of either alphabet: Firebase's export and its console differ.
fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    let standard = text.replace('-', "+").replace('_', "/");
    STANDARD.decode(standard).map_err(|_| Malformed::Syntax)
}
