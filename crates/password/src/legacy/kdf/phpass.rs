//! phpass' portable hash, of `WordPress` before 6.8, phpBB 3 and Drupal 7's forebears.

use md5::{Digest as _, Md5};

/// MD5 of salt and password, then 2^`log_rounds` times MD5 of that and the password.
pub(super) fn phpass(log_rounds: u8, password: &[u8], salt: &[u8]) -> [u8; 16] {
    let mut digest = Md5::new()
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    for _ in 0..1_u64 << log_rounds {
        digest = Md5::new()
            .chain_update(digest)
            .chain_update(password)
            .finalize();
    }
    digest.into()
}
