//! HMAC (RFC 2104) over every digest.

use blake2::{Blake2b512, Blake2s256};
use hmac::digest::{FixedOutput, KeyInit, Update};
use hmac::{Hmac, SimpleHmac};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use sm3::Sm3;

use crate::Malformed;
use crate::digest::Digest;

/// What is computed with the HMAC of some digest.
pub(super) trait WithHmac {
    type Outcome;

    fn run<H: KeyInit + Update + FixedOutput + Clone + Sync>(self) -> Self::Outcome;
}

/// Runs `work` with the HMAC of `digest`.
pub(super) fn with_hmac<W: WithHmac>(digest: Digest, work: W) -> W::Outcome {
    // `SimpleHmac` is for digests that hold back their last block, or have no blocks.
    match digest {
        Digest::Blake2b => work.run::<SimpleHmac<Blake2b512>>(),
        Digest::Blake2s => work.run::<SimpleHmac<Blake2s256>>(),
        Digest::Md5 => work.run::<Hmac<Md5>>(),
        Digest::Ripemd160 => work.run::<Hmac<Ripemd160>>(),
        Digest::Sha1 => work.run::<Hmac<Sha1>>(),
        Digest::Sha224 => work.run::<Hmac<Sha224>>(),
        Digest::Sha256 => work.run::<Hmac<Sha256>>(),
        Digest::Sha384 => work.run::<Hmac<Sha384>>(),
        Digest::Sha512 => work.run::<Hmac<Sha512>>(),
        Digest::Sha512_224 => work.run::<Hmac<Sha512_224>>(),
        Digest::Sha512_256 => work.run::<Hmac<Sha512_256>>(),
        Digest::Sha3_224 => work.run::<SimpleHmac<Sha3_224>>(),
        Digest::Sha3_256 => work.run::<SimpleHmac<Sha3_256>>(),
        Digest::Sha3_384 => work.run::<SimpleHmac<Sha3_384>>(),
        Digest::Sha3_512 => work.run::<SimpleHmac<Sha3_512>>(),
        Digest::Sm3 => work.run::<Hmac<Sm3>>(),
    }
}

/// One HMAC.
struct Once<'a> {
    key: &'a [u8],
    message: &'a [u8],
}

impl WithHmac for Once<'_> {
    type Outcome = Result<Vec<u8>, Malformed>;

    fn run<H: KeyInit + Update + FixedOutput + Clone + Sync>(self) -> Self::Outcome {
        let mut hmac = H::new_from_slice(self.key).map_err(|_| Malformed::Parameters)?;
        hmac.update(self.message);
        Ok(hmac.finalize_fixed().to_vec())
    }
}

/// The HMAC of `message` under `key`.
pub(super) fn hmac(digest: Digest, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Malformed> {
    with_hmac(digest, Once { key, message })
}
