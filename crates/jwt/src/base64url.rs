//! The base64url of a token's segments (RFC 7515 §2).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false),
);

/// `bytes` as base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    ENGINE.encode(bytes)
}

/// Appends the base64url of `bytes` to `text`.
pub(crate) fn encode_to(bytes: impl AsRef<[u8]>, text: &mut String) {
    ENGINE.encode_string(bytes, text);
}

/// The bytes of a segment, or `None` when it is not base64url.
///
/// Strict in what could give one token many spellings for the same bytes: no other characters, no
/// leftover bits. Exact padding is let through, as some issuers add it and `PyJWT` accepts it.
pub(crate) fn decode(segment: &str) -> Option<Vec<u8>> {
    if segment.ends_with('=') && !segment.len().is_multiple_of(4) {
        return None;
    }
    ENGINE.decode(segment).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_text_is_read() {
        for (segment, bytes) in [
            ("", Some(&b""[..])),
            ("AA", Some(b"\0")),
            ("AA==", Some(b"\0")),
            ("AAA=", Some(b"\0\0")),
            ("-_-_", Some(b"\xfb\xff\xbf")),
            ("A", None),
            ("AB", None),
            ("AA=", None),
            ("AAA==", None),
            ("AAAA=", None),
            ("AAAA==", None),
            ("AAAA====", None),
            ("=", None),
            ("==", None),
            ("====", None),
            ("A===", None),
            ("A=A=", None),
            ("AA+/", None),
            ("AA A", None),
            ("AAA\n", None),
            ("AAé", None),
        ] {
            assert_eq!(decode(segment).as_deref(), bytes, "{segment}");
        }
    }
}
