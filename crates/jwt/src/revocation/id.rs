//! Names in 128 bits.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Claims;

/// A `jti`, `sid` or `sub` in 128 bits: a UUID's own, of any other text a truncated SHA-256.
///
/// Two words rather than one `u128`, whose alignment would cost 8 bytes per entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u64, u64);

/// Bytes of a UUID in its usual form (RFC 9562 §4).
const UUID_LENGTH: usize = 36;

impl Id {
    /// The name's bits.
    ///
    /// Only the lower-case form counts as a UUID: it is what every issuer writes, and texts that
    /// differ stay different names.
    pub(super) fn of(name: &str) -> Self {
        let is_canonical =
            name.len() == UUID_LENGTH && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        match Uuid::try_parse(name) {
            Ok(uuid) if is_canonical => Self::from_bits(uuid.as_u128()),
            Ok(_) | Err(_) => Self::hashed(name),
        }
    }

    fn hashed(name: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(b"portcullis-jwt revocation id\0")
            .chain_update(name)
            .finalize();
        let [head, ..] = digest.as_chunks::<16>().0 else {
            return Self(0, 0); // a SHA-256 has two such chunks
        };
        Self::from_bits(u128::from_be_bytes(*head))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves are what is wanted"
    )]
    const fn from_bits(bits: u128) -> Self {
        Self((bits >> 64) as u64, bits as u64)
    }
}

/// By what a token can be revoked, ready to be looked up.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    pub(super) token: Option<Id>,
    pub(super) session: Option<Id>,
    pub(super) user: Id,
    pub(super) generation: u64,
}

impl Lookup {
    /// Of the token with these claims.
    pub fn of(claims: &Claims) -> Self {
        Self {
            token: claims.jti.as_deref().map(Id::of),
            session: claims.sid.as_deref().map(Id::of),
            user: Id::of(&claims.sub),
            generation: claims.generation.unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_keeps_its_bits() {
        let id = Id::of("f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
        assert_eq!(id, Id(0xf81d_4fae_7dec_41d0, 0xa765_00a0_c91e_6bf6));
    }

    #[test]
    fn every_other_text_is_hashed() {
        let id = Id::of("f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
        for other in [
            "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6",
            "f81d4fae7dec41d0a76500a0c91e6bf6",
            "{f81d4fae-7dec-41d0-a765-00a0c91e6bf6}",
            "urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
            "",
            "alice",
        ] {
            assert_ne!(Id::of(other), id, "{other}");
            assert_eq!(Id::of(other), Id::hashed(other), "{other}");
        }
    }
}
