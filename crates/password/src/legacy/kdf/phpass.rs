//! phpass' portable hash, of `WordPress` before 6.8, phpBB 3 and Drupal 7's forebears, and Drupal's own variant of it.

use md5::{Digest, Md5};
use sha2::Sha512;

/// Digest of salt and password, then 2^`log_rounds` times the digest of that and the password.
fn phpass<D: Digest>(log_rounds: u8, password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut digest = D::new()
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    for _ in 0..1_u64 << log_rounds {
        digest = D::new()
            .chain_update(digest)
            .chain_update(password)
            .finalize();
    }
    digest.to_vec()
}

/// phpass with MD5.
pub(super) fn with_md5(log_rounds: u8, password: &[u8], salt: &[u8]) -> Vec<u8> {
    phpass::<Md5>(log_rounds, password, salt)
}

/// Bytes of SHA-512 that Drupal keeps; of the last one two bits, since it cuts the text.
const DRUPAL_BYTES: usize = 33;

/// Drupal's, with SHA-512.
pub(super) fn with_sha512(log_rounds: u8, password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut digest = phpass::<Sha512>(log_rounds, password, salt);
    digest.truncate(DRUPAL_BYTES);
    if let Some(last) = digest.last_mut() {
        *last &= 0b11;
    }
    digest
}
