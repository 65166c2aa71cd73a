//! `multipart/form-data` (RFC 7578).

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use super::Candidates;

/// Offers the fields of `body` that may hold the token, up to the first that is malformed or cut
/// off. A file is no field.
pub(super) async fn read(body: Bytes, boundary: &str, candidates: &mut Candidates<'_>) {
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    while let Ok(Some(part)) = parts.next_field().await {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        if part.file_name().is_some() || !candidates.wants(&name) {
            continue;
        }
        let Ok(value) = part.bytes().await else {
            return;
        };
        candidates.offer(&name, &String::from_utf8_lossy(&value));
    }
}
