//! PEM (RFC 7468).

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use super::KeyError;

/// The label of PKCS#8 (RFC 7468 §10).
pub(super) const PRIVATE: &str = "PRIVATE KEY";
/// The label of a `SubjectPublicKeyInfo` (RFC 7468 §13).
pub(super) const PUBLIC: &str = "PUBLIC KEY";

/// The document in `text`, which must carry `label`.
pub(super) fn decode(label: &'static str, text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let not_pem = KeyError::NotPem(label);
    let (found, document) = pem_rfc7468::decode_vec(text.trim().as_bytes()).map_err(|_| not_pem)?;
    let document = Zeroizing::new(document);
    if found == label {
        Ok(document)
    } else {
        Err(not_pem)
    }
}

/// `document` as PEM, with a final newline.
pub(super) fn encode(label: &'static str, document: &[u8]) -> Result<String, KeyError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, document).map_err(|_| KeyError::NotMade)
}
