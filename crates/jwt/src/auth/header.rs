//! The token in the `Authorization` header.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::authority::HeaderFormat;
use crate::error::Fault;

/// The scheme's name, in any case (RFC 9110 §11.1). Flask-JWT-Extended takes this spelling alone.
const SCHEME: &str = "Bearer";

/// The token in `headers`; `None` when no token was sent.
///
/// As with Flask-JWT-Extended, credentials of other schemes may stand beside it, with commas
/// between. Two bearer tokens in one header count as none; a second `Authorization` header is
/// refused, as RFC 9110 §5.3 allows no list here.
pub(super) fn token(headers: &HeaderMap, format: HeaderFormat) -> Result<Option<&str>, Fault> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Fault::Header);
    }
    if let (HeaderFormat::Bearer, Some(token)) = (format, plain(value.as_bytes())) {
        return Ok(Some(token));
    }
    let value = value.to_str().map_err(|_| Fault::Header)?;
    let value = value.trim().trim_matches(',');
    if value.is_empty() {
        return Ok(None);
    }
    match format {
        HeaderFormat::Bearer => bearer(value),
        HeaderFormat::Bare => only(value.split_ascii_whitespace()).map(Some),
    }
}

/// The token of `Bearer <token>` and nothing else, as nearly every request has it. All its bytes are
/// looked at together, which is fast.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch the bytes are compared many at a time"
)]
fn plain(value: &[u8]) -> Option<&str> {
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    let token = rest.strip_prefix(b" ")?;
    if !scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) {
        return None;
    }
    let is_one_word = token.iter().fold(true, |so_far, byte| {
        so_far & byte.is_ascii_graphic() & (*byte != b',')
    });
    (is_one_word && !token.is_empty())
        .then(|| std::str::from_utf8(token).ok())
        .flatten()
}

fn bearer(value: &str) -> Result<Option<&str>, Fault> {
    // Flask-JWT-Extended refuses blanks in the place of the first credentials, too, if by a crash.
    let first = value.split(',').next().unwrap_or_default();
    if !first.is_empty() && first.trim_ascii().is_empty() {
        return Err(Fault::Header);
    }
    let mut tokens = value
        .split(',')
        .map(str::split_ascii_whitespace)
        .filter_map(|mut words| {
            let scheme = words.next()?;
            scheme.eq_ignore_ascii_case(SCHEME).then_some(words)
        });
    match (tokens.next(), tokens.next()) {
        (Some(words), None) => only(words).map(Some),
        (None, _) | (Some(_), Some(_)) => Ok(None),
    }
}

/// The only one of `words`.
fn only<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<&'a str, Fault> {
    match (words.next(), words.next()) {
        (Some(word), None) => Ok(word),
        (None, _) | (Some(_), Some(_)) => Err(Fault::Header),
    }
}
