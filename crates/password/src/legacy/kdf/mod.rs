//! The work itself: one file per key derivation function.

mod digest;
mod hmac;
mod md5_crypt;
mod pbkdf2;
mod phpass;

use crate::Malformed;
use crate::kind::Work;

/// Does `work` on a prepared password and fills `tag`.
pub(crate) fn derive(
    work: Work,
    password: &[u8],
    salt: &[u8],
    tag: &mut [u8],
) -> Result<(), Malformed> {
    match work {
        Work::Argon2 { .. } => return Err(Malformed::Unsupported), // not an older format
        Work::Bcrypt { cost } => fill(tag, &bcrypt(cost, password, salt)?),
        Work::Digest(digest) => fill(tag, &digest::digest(digest, password)),
        Work::Hmac(digest) => fill(tag, &hmac::hmac(digest, salt, password)?),
        Work::Md5Crypt => fill(tag, &md5_crypt::md5_crypt(password, salt)),
        Work::Pbkdf2 { digest, iterations } => {
            pbkdf2::derive(digest, iterations, password, salt, tag)?;
        }
        Work::Phpass { log_rounds } => fill(tag, &phpass::with_md5(log_rounds, password, salt)),
        Work::PhpassSha512 { log_rounds } => {
            fill(tag, &phpass::with_sha512(log_rounds, password, salt));
        }
        Work::Scrypt { log_n, r, p } => {
            let params = scrypt::Params::new(log_n, r, p).map_err(|_| Malformed::Parameters)?;
            scrypt::scrypt(password, salt, &params, tag).map_err(|_| Malformed::Parameters)?;
        }
        Work::Sha256Crypt { rounds } => {
            let params = sha_crypt::Params::new(rounds).map_err(|_| Malformed::Parameters)?;
            fill(tag, &sha_crypt::sha256_crypt(password, salt, params));
        }
        Work::Sha512Crypt { rounds } => {
            let params = sha_crypt::Params::new(rounds).map_err(|_| Malformed::Parameters)?;
            fill(tag, &sha_crypt::sha512_crypt(password, salt, params));
        }
        Work::Yescrypt { log_n, r, p } => {
            let n = 1_u64
                .checked_shl(log_n.into())
                .ok_or(Malformed::Parameters)?;
            let params = yescrypt::Params::new(yescrypt::Mode::default(), n, r, p)
                .map_err(|_| Malformed::Parameters)?;
            yescrypt::yescrypt(password, salt, &params, tag).map_err(|_| Malformed::Parameters)?;
        }
    }
    Ok(())
}

/// Copies what was computed, which is as long as the tag.
fn fill(tag: &mut [u8], computed: &[u8]) {
    for (to, from) in tag.iter_mut().zip(computed) {
        *to = *from;
    }
}

/// Bytes that bcrypt gives; the last of its 24 is not stored.
const BCRYPT_TAG_BYTES: usize = 23;

/// The first 72 bytes of the password, with the NUL that ends a shorter one.
fn bcrypt(cost: u8, password: &[u8], salt: &[u8]) -> Result<[u8; BCRYPT_TAG_BYTES], Malformed> {
    let salt = salt.try_into().map_err(|_| Malformed::Syntax)?;
    let mut key: Vec<u8> = password.iter().copied().chain([0]).take(72).collect();
    let computed = bcrypt::bcrypt(cost.into(), salt, &key);
    secret::Secret::new(std::mem::take(&mut key)); // wiped
    let mut tag = [0; BCRYPT_TAG_BYTES];
    tag.copy_from_slice(&computed[..BCRYPT_TAG_BYTES]);
    Ok(tag)
}
