//! `application/x-www-form-urlencoded` (WHATWG URL §5.1).

use super::Candidates;

/// Offers the fields of `body` that may hold the token.
pub(super) fn read(body: &[u8], is_whole: bool, candidates: &mut Candidates<'_>) {
    let pairs = if is_whole {
        body
    } else {
        // The last pair may be cut off.
        let end = body.iter().rposition(|&byte| byte == b'&').unwrap_or(0);
        body.get(..end).unwrap_or_default()
    };
    for (name, value) in form_urlencoded::parse(pairs) {
        if candidates.wants(&name) {
            candidates.offer(&name, &value);
        }
    }
}
