//! The two `SubjectPublicKeyInfo` forms that have a fixed length, so that reading one is taking its
//! known start away. RSA's is read by aws-lc.

/// RFC 8410 §4: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
const ED25519: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// RFC 5480 §2: SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING of 65 bytes }.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The 32 bytes of an Ed25519 key.
pub(super) fn strip_ed25519_prefix(document: &[u8]) -> Option<&[u8]> {
    document.strip_prefix(ED25519)
}

/// The uncompressed point of a P-256 key.
pub(super) fn strip_p256_prefix(document: &[u8]) -> Option<&[u8]> {
    document.strip_prefix(P256)
}

/// The `SubjectPublicKeyInfo` of an Ed25519 key.
pub(super) fn add_ed25519_prefix(key: &[u8]) -> Vec<u8> {
    [ED25519, key].concat()
}

/// The `SubjectPublicKeyInfo` of a P-256 key.
pub(super) fn add_p256_prefix(point: &[u8]) -> Vec<u8> {
    [P256, point].concat()
}
