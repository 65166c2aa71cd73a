//! Values that are stored encrypted.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};

use crate::Secret;

/// The layout of what is sealed: this byte, the key's id, the nonce, the ciphertext with its tag.
const LAYOUT: u8 = 1;

const ID_LEN: usize = 8;

/// What stands before the ciphertext.
const HEADER_LEN: usize = 1 + ID_LEN + NONCE_LEN;

/// Encrypts and authenticates values for storage, with AES-256-GCM (NIST SP 800-38D).
///
/// What is sealed for one purpose can't be opened for another: the purpose says what the value is and whose, so that a
/// value that was moved to another row is refused. The present key seals, both the present and the previous one
/// open. Nonces are random, so a key must be replaced before it has sealed 2³² values (ibid. §8.3).
pub struct Sealer {
    present: Key,
    previous: Option<Key>,
}

/// What was to be sealed is too large, or the cipher refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value can't be sealed")]
pub struct Unsealable;

struct Key {
    id: [u8; ID_LEN],
    cipher: LessSafeKey,
}

impl Sealer {
    /// A sealer with these keys.
    pub fn new(present: &Secret<[u8; 32]>, previous: Option<&Secret<[u8; 32]>>) -> Self {
        Self {
            present: Key::new(present),
            previous: previous.map(Key::new),
        }
    }

    /// `value`, sealed for `purpose`. `random` fills the nonce, with bytes that never come twice.
    ///
    /// # Errors
    /// When the value has 64 GiB or more.
    pub fn seal(
        &self,
        purpose: &[u8],
        value: &[u8],
        random: impl FnOnce(&mut [u8]),
    ) -> Result<Vec<u8>, Unsealable> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce);
        let key = &self.present;
        let mut sealed = Vec::with_capacity(HEADER_LEN + value.len() + AES_256_GCM.tag_len());
        sealed.push(LAYOUT);
        sealed.extend(key.id);
        sealed.extend(nonce);
        sealed.extend(value);
        let (_, text) = sealed.split_at_mut(HEADER_LEN);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key
            .cipher
            .seal_in_place_separate_tag(nonce, Aad::from(purpose), text);
        sealed.extend(tag.map_err(|_| Unsealable)?.as_ref());
        Ok(sealed)
    }

    /// Whether something was sealed by the present key, as far as it says so itself.
    pub fn is_of_present_key(&self, sealed: &[u8]) -> bool {
        let id = sealed
            .split_first()
            .and_then(|(_, rest)| rest.get(..ID_LEN));
        id == Some(&self.present.id[..])
    }

    /// What was sealed for `purpose`: nothing when it was sealed for another, by another key, or changed since.
    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        let (&layout, rest) = sealed.split_first()?;
        let (id, rest) = rest.split_first_chunk::<ID_LEN>()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut keys = [Some(&self.present), self.previous.as_ref()]
            .into_iter()
            .flatten();
        let key = keys.find(|key| layout == LAYOUT && key.id == *id)?;
        let mut value = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key
            .cipher
            .open_in_place(nonce, Aad::from(purpose), &mut value);
        let length = opened.ok()?.len();
        value.truncate(length);
        Some(Secret::new(value))
    }
}

impl Key {
    #[expect(
        clippy::expect_used,
        reason = "AES-256 takes any key of 32 bytes (FIPS 197)"
    )]
    fn new(bytes: &Secret<[u8; 32]>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, bytes.expose()).expect("32 bytes");
        let mut named = b"portcullis/sealed/".to_vec();
        named.extend(bytes.expose());
        let named = Secret::new(named);
        let mut id = [0; ID_LEN];
        let digest = digest(&SHA256, named.expose());
        id.copy_from_slice(&digest.as_ref()[..ID_LEN]);
        Self {
            id,
            cipher: LessSafeKey::new(key),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &[u8] = b"alice@example.org";

    fn key(byte: u8) -> Secret<[u8; 32]> {
        Secret::new([byte; 32])
    }

    fn sealed(keys: &Sealer, nonce: u8) -> Vec<u8> {
        let sealed = keys.seal(b"mail/1", VALUE, |bytes| bytes.fill(nonce));
        sealed.unwrap()
    }

    fn opens(keys: &Sealer, purpose: &[u8], sealed: &[u8]) -> bool {
        let opened = keys.open(purpose, sealed);
        opened.is_some_and(|opened| opened.expose() == VALUE)
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let keys = Sealer::new(&key(1), None);
        let sealed = sealed(&keys, 7);
        assert!(opens(&keys, b"mail/1", &sealed));
        for purpose in [&b"mail/2"[..], b"mail", b""] {
            assert!(keys.open(purpose, &sealed).is_none());
        }
        assert!(!sealed.windows(5).any(|bytes| bytes == b"alice"));
        let empty = keys.seal(b"", b"", |_| {}).unwrap();
        assert!(keys.open(b"", &empty).unwrap().expose().is_empty());
    }

    #[test]
    fn the_present_key_seals_and_the_previous_one_opens() {
        let before = Sealer::new(&key(1), None);
        let after = Sealer::new(&key(2), Some(&key(1)));
        assert!(opens(&after, b"mail/1", &sealed(&before, 7)));
        assert!(opens(&after, b"mail/1", &sealed(&after, 7)));
        assert!(before.open(b"mail/1", &sealed(&after, 7)).is_none());
        let later = Sealer::new(&key(3), Some(&key(2)));
        assert!(later.open(b"mail/1", &sealed(&before, 7)).is_none());
    }

    #[test]
    fn what_was_changed_or_cut_is_refused() {
        let keys = Sealer::new(&key(1), Some(&key(2)));
        let whole = sealed(&keys, 7);
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(keys.open(b"mail/1", &changed).is_none(), "{place}");
            assert!(keys.open(b"mail/1", &whole[..place]).is_none(), "{place}");
        }
    }

    #[test]
    fn nothing_is_sealed_the_same_way_twice() {
        let keys = Sealer::new(&key(1), None);
        assert_ne!(sealed(&keys, 7), sealed(&keys, 8));
    }

    /// Test case 16 of the submission of GCM to NIST, whose parts the layout puts one after the other.
    #[test]
    fn the_cipher_is_aes_256_gcm() {
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<_> = text.bytes().collect();
            let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
            digits.chunks(2).map(|bytes| pair(bytes).unwrap()).collect()
        };
        let bytes = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let keys = Sealer::new(&Secret::new(bytes.try_into().unwrap()), None);
        let nonce = hex("cafebabefacedbaddecaf888");
        let value = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        ));
        let purpose = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let sealed = keys
            .seal(&purpose, &value, |bytes| bytes.copy_from_slice(&nonce))
            .unwrap();
        let text = hex(concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ));
        assert_eq!(sealed[HEADER_LEN..], text);
    }
}
