//! The digests that older hashes are built from, by name.

/// A digest, named as Python's `hashlib` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Digest {
    Blake2b,
    Blake2s,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Sm3,
}

impl Digest {
    const ALL: [(Self, &'static str, usize); 16] = [
        (Self::Blake2b, "blake2b", 64),
        (Self::Blake2s, "blake2s", 32),
        (Self::Md5, "md5", 16),
        (Self::Ripemd160, "ripemd160", 20),
        (Self::Sha1, "sha1", 20),
        (Self::Sha224, "sha224", 28),
        (Self::Sha256, "sha256", 32),
        (Self::Sha384, "sha384", 48),
        (Self::Sha512, "sha512", 64),
        (Self::Sha512_224, "sha512_224", 28),
        (Self::Sha512_256, "sha512_256", 32),
        (Self::Sha3_224, "sha3_224", 28),
        (Self::Sha3_256, "sha3_256", 32),
        (Self::Sha3_384, "sha3_384", 48),
        (Self::Sha3_512, "sha3_512", 64),
        (Self::Sm3, "sm3", 32),
    ];

    /// The digest of this name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(digest, _, _)| *digest)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes of its output.
    pub(crate) fn bytes(self) -> usize {
        self.row().2
    }

    fn row(self) -> &'static (Self, &'static str, usize) {
        // `ALL` is in the order of the variants; a test holds it to that.
        &Self::ALL[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (index, (digest, name, _)) in Digest::ALL.iter().enumerate() {
            assert_eq!(*digest as usize, index);
            assert_eq!(Digest::named(name), Some(*digest));
            assert_eq!(digest.name(), *name);
        }
    }
}
