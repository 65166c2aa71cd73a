//! One digest, which is no key derivation at all.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::digest::Digest;

/// The digest of `data`. Of the digests only those that such hashes were made with are here; see
/// `Kind::checked`.
pub(super) fn digest(digest: Digest, data: &[u8]) -> Vec<u8> {
    match digest {
        Digest::Md5 => Md5::digest(data).to_vec(),
        Digest::Sha256 => Sha256::digest(data).to_vec(),
        Digest::Sha512 => Sha512::digest(data).to_vec(),
        _ => Sha1::digest(data).to_vec(),
    }
}
