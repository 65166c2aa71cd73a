//! Who wants a page and who a problem.

use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};

use crate::route::API;

/// Whether a failure at `path` is to be shown as a page: to a browser, which names `text/html` and
/// puts no JSON before it (RFC 9110 §12.5.1). Where programs ask it never is, whatever they accept.
pub(crate) fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    if path.starts_with(API) {
        return false;
    }
    let (mut page, mut json) = (0, 0);
    for (media_type, quality) in headers.get_all(ACCEPT).iter().flat_map(ranges) {
        if media_type.eq_ignore_ascii_case("text/html") {
            page = page.max(quality);
        } else if media_type.eq_ignore_ascii_case("application/json")
            || media_type.eq_ignore_ascii_case("application/problem+json")
        {
            json = json.max(quality);
        }
    }
    page > 0 && page >= json
}

/// The media ranges of an `Accept` header, each with its weight in thousandths. What can't be read
/// weighs nothing.
fn ranges(header: &HeaderValue) -> impl Iterator<Item = (&str, u16)> {
    let text = header.to_str().unwrap_or_default();
    text.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        (media_type, quality.map_or(1000, thousandths))
    })
}

fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match whole {
        "1" => 1000,
        "0" if fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{fraction:0<3}").parse().unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(path: &str, accept: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        wants_page(path, &headers)
    }

    #[test]
    fn a_browser_gets_a_page() {
        for accept in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "application/json;q=0.9, text/html",
            "application/json;q=0.5, text/html;q=0.55",
        ] {
            assert!(wanted("/login", &[accept]), "{accept}");
        }
        assert!(wanted("/", &["application/xml", "text/html;q=0.1"]));
    }

    #[test]
    fn everyone_else_gets_a_problem() {
        for accept in [
            "*/*",
            "text/*",
            "application/json",
            "application/json, text/html;q=0.9",
            "application/problem+json, text/html;q=0.999",
            "text/html;q=0",
            "text/html;q=0.000",
            "text/html;q=nonsense",
            "text/htmlx",
            "",
        ] {
            assert!(!wanted("/login", &[accept]), "{accept}");
        }
        assert!(!wanted("/login", &[]));
    }

    #[test]
    fn the_api_has_no_pages() {
        assert!(!wanted("/api/v1/me", &["text/html"]));
        assert!(!wanted("/api/", &["text/html"]));
        assert!(wanted("/apiary", &["text/html"]));
    }
}
