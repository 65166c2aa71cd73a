//! Which bodies are read at all.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::Rejection;

const BLANK: [char; 2] = [' ', '\t'];

/// The names of UTF-8 (Encoding Standard §4.2) that clients send.
const UTF_8: [&str; 3] = ["utf-8", "utf8", "unicode-1-1-utf-8"];

/// Whether the body is plain (not compressed) `expected`, in UTF-8 if a charset is named. Other parameters mean nothing
/// to JSON (RFC 8259 §11) and to forms, and pass.
///
/// A browser sends `application/json` to another origin only after asking (a CORS preflight), but
/// `text/plain` without: a body of another type is refused, whatever is in it.
pub(super) fn check(headers: &HeaderMap, expected: &'static str) -> Result<(), Rejection> {
    let refused = || Rejection::UnsupportedMediaType { expected };
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Rejection::UnsupportedCoding);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(value), None) => {
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
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    let kind = kind.trim_matches(BLANK);
    kind.eq_ignore_ascii_case(expected) && are_good(parameters)
}

/// Whether these are parameters (RFC 9110 §5.6.6), of which none names another charset than UTF-8.
fn are_good(mut parameters: &str) -> bool {
    loop {
        parameters = parameters.trim_start_matches([' ', '\t', ';']);
        if parameters.is_empty() {
            return true;
        }
        let Some((name, rest)) = parameters.split_once('=') else {
            return false;
        };
        let Some((value, rest)) = value_of(rest) else {
            return false;
        };
        let is_charset = name.eq_ignore_ascii_case("charset");
        if !is_token(name) || is_charset && !UTF_8.iter().any(|utf| value.eq_ignore_ascii_case(utf))
        {
            return false;
        }
        parameters = rest.trim_start_matches(BLANK);
        if !(parameters.is_empty() || parameters.starts_with(';')) {
            return false;
        }
    }
}

/// The value, a token or a quoted string, and what follows it.
fn value_of(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = quoted.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        return Some((&quoted[..end], &quoted[end + 1..]));
    }
    let end = text.find([';', ' ', '\t']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    is_token(value).then_some((value, rest))
}

fn is_token(text: &str) -> bool {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(may_stand)
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
            "application/json;charset=utf8",
            "application/json; odata.metadata=minimal; charset=UTF-8",
            "application/json; profile=\"a; charset=latin1 \\\" b\"",
            "application/json; boundary=x",
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
            "application/json; a=\"b",
            "application/json; a=b c",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json; =b",
            "application/json, application/json",
            "text/plain; application/json",
        ] {
            assert!(!is(bad, "application/json"), "{bad}");
        }
    }
}
