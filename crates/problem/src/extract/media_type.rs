//! Which bodies are read at all.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::Rejection;

/// Whether the body is plain (not compressed) `expected`, in UTF-8 if a charset is named.
///
/// A browser sends `application/json` to another origin only after asking (a CORS preflight), but
/// `text/plain` without: a body of another type is refused, whatever is in it.
pub(super) fn check(headers: &HeaderMap, expected: &'static str) -> Result<(), Rejection> {
    let refused = || Rejection::UnsupportedMediaType { expected };
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(value), None) if plain => {
            let value = value.to_str().map_err(|_| refused())?;
            if is(value, expected) {
                Ok(())
            } else {
                Err(refused())
            }
        }
        _ => Err(refused()),
    }
}

fn is(value: &str, expected: &str) -> bool {
    let mut parts = value.split(';').map(|part| part.trim_matches([' ', '\t']));
    parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(expected))
        && parts.all(|parameter| {
            parameter.is_empty()
                || parameter.split_once('=').is_some_and(|(name, value)| {
                    name.eq_ignore_ascii_case("charset")
                        && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_json() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; charset=utf-8;",
        ] {
            assert!(is(good, "application/json"), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/json, text/plain",
            "application/jsonx",
            "application/problem+json",
            "application/json; charset=iso-8859-1",
            "application/json; charset",
            "application/json; boundary=x",
            "text/plain; application/json",
        ] {
            assert!(!is(bad, "application/json"), "{bad}");
        }
    }
}
