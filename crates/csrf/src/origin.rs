//! Who sent the request, as far as the browser says: `Origin`, `Sec-Fetch-Site`, `Referer`.

use http::header::{ORIGIN, REFERER};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origin of the application's public URL, as browsers write it (RFC 6454 §6.2).
///
/// What a request names in `Host` plays no part: whoever sends the request chooses that, and a proxy
/// may rewrite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin(Box<str>);

/// The text is no public URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no http:// or https:// URL")]
pub struct InvalidPublicUrl(String);

/// Why a request isn't believed to come from one of the application's own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Neither `Origin` nor `Sec-Fetch-Site` vouches for it. A browser of before 2020, Safari before
    /// 16.4 under `Referrer-Policy: no-referrer`, or no browser.
    #[error("nothing vouches for the origin of the request")]
    NothingVouches,
    /// `Origin` names another origin: another scheme, host or port.
    #[error("the request comes from a page of another origin")]
    ForeignOrigin,
    /// `Sec-Fetch-Site` says that another site, or another host of this one, sent it.
    #[error("the browser says that another site sent the request")]
    ForeignSite,
    /// There is a `Referer`, and it is another origin's.
    #[error("the request was made on a page of another origin")]
    ForeignReferer,
    /// One of the headers is there twice: no browser does that.
    #[error("the request names its origin twice")]
    Repeated,
}

impl PublicOrigin {
    /// The origin of `public_url`; its path plays no part.
    ///
    /// # Errors
    /// [`InvalidPublicUrl`] unless it is an http or https URL.
    pub fn of(public_url: &str) -> Result<Self, InvalidPublicUrl> {
        match Url::parse(public_url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                Ok(Self(url.origin().ascii_serialization().into()))
            }
            Ok(_) | Err(_) => Err(InvalidPublicUrl(public_url.to_owned())),
        }
    }

    /// `scheme://host[:port]`, without the scheme's default port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the headers of a request vouch for it: that a page of this origin sent it.
    ///
    /// - `Origin`, if sent, is this origin byte for byte; or it is `null`, as under
    ///   `Referrer-Policy: no-referrer`, and `Sec-Fetch-Site` is `same-origin`.
    /// - `Sec-Fetch-Site`, if sent, is `same-origin` or `none` (the person at the browser did it).
    /// - One of the two is sent, and neither twice.
    /// - `Referer`, if sent, begins with this origin.
    ///
    /// # Errors
    /// [`OriginError`] names the rule that is broken.
    pub fn vouches_for(&self, headers: &HeaderMap) -> Result<(), OriginError> {
        let site = single(headers, &SEC_FETCH_SITE)?;
        let is_same_origin = match site {
            Some(b"same-origin") => true,
            None | Some(b"none") => false,
            Some(_) => return Err(OriginError::ForeignSite),
        };
        match single(headers, &ORIGIN)? {
            None if site.is_some() => {}
            Some(b"null") if is_same_origin => {}
            None | Some(b"null") => return Err(OriginError::NothingVouches),
            Some(origin) if origin == self.0.as_bytes() => {}
            Some(_) => return Err(OriginError::ForeignOrigin),
        }
        match single(headers, &REFERER)? {
            Some(referer) if !self.is_origin_of(referer) => Err(OriginError::ForeignReferer),
            None | Some(_) => Ok(()),
        }
    }

    /// Compares the text: a user name, a port spelt out or a dot at the end of the host, none of
    /// which browsers send, make it another's.
    fn is_origin_of(&self, url: &[u8]) -> bool {
        url.split_at_checked(self.0.len())
            .is_some_and(|(origin, rest)| {
                origin.eq_ignore_ascii_case(self.0.as_bytes())
                    && matches!(rest.first(), None | Some(b'/' | b'?' | b'#'))
            })
    }
}

/// The value of a header that may be there once; an empty one counts as none.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, OriginError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(OriginError::Repeated);
    }
    Ok(first
        .map(HeaderValue::as_bytes)
        .filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(headers: &[(&'static str, &'static str)]) -> Result<(), OriginError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            map.append(HeaderName::from_static(name), value);
        }
        PublicOrigin::of("https://app.example/base")
            .unwrap()
            .vouches_for(&map)
    }

    const OURS: (&str, &str) = ("origin", "https://app.example");
    const NULL: (&str, &str) = ("origin", "null");
    const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

    #[test]
    fn a_request_of_an_own_page_is_vouched_for() {
        assert_eq!(verdict(&[OURS]), Ok(()));
        assert_eq!(verdict(&[SAME_ORIGIN]), Ok(()));
        assert_eq!(verdict(&[OURS, SAME_ORIGIN]), Ok(()));
        assert_eq!(verdict(&[OURS, ("sec-fetch-site", "none")]), Ok(()));
        assert_eq!(verdict(&[NULL, SAME_ORIGIN]), Ok(()));
        assert_eq!(
            verdict(&[OURS, ("referer", "https://app.example/a")]),
            Ok(())
        );
        assert_eq!(verdict(&[OURS, ("referer", "")]), Ok(()));
        assert_eq!(verdict(&[SAME_ORIGIN, ("host", "internal:8080")]), Ok(()));
    }

    #[test]
    fn without_a_word_of_the_browser_it_is_refused() {
        for headers in [
            &[] as &[_],
            &[NULL],
            &[("origin", "")],
            &[("sec-fetch-site", "")],
            &[NULL, ("sec-fetch-site", "none")],
            &[("referer", "https://app.example/a")],
            &[("host", "app.example")],
        ] {
            assert_eq!(
                verdict(headers),
                Err(OriginError::NothingVouches),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn another_origin_is_refused_whatever_host_and_fetch_site_say() {
        for origin in [
            "http://app.example",
            "https://app.example:8443",
            "https://app.example:443",
            "https://app.example.",
            "https://app.example/",
            "https://APP.example",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://app.example@evil.example",
            "https://app.example, https://evil.example",
            "é",
        ] {
            let expected = Err(OriginError::ForeignOrigin);
            assert_eq!(
                verdict(&[("origin", origin), SAME_ORIGIN]),
                expected,
                "{origin}"
            );
            assert_eq!(
                verdict(&[("origin", origin), ("host", "evil.example")]),
                expected
            );
        }
    }

    #[test]
    fn another_site_is_refused_whatever_the_origin_says() {
        for site in [
            "cross-site",
            "same-site",
            "SAME-ORIGIN",
            "same-origin, none",
            "x",
        ] {
            let headers = [OURS, ("sec-fetch-site", site)];
            assert_eq!(verdict(&headers), Err(OriginError::ForeignSite), "{site}");
        }
    }

    #[test]
    fn what_is_said_twice_is_refused() {
        assert_eq!(verdict(&[OURS, OURS]), Err(OriginError::Repeated));
        assert_eq!(
            verdict(&[SAME_ORIGIN, SAME_ORIGIN]),
            Err(OriginError::Repeated)
        );
        let referer = ("referer", "https://app.example/");
        assert_eq!(
            verdict(&[OURS, referer, referer]),
            Err(OriginError::Repeated)
        );
    }

    #[test]
    fn another_referer_is_refused() {
        for referer in [
            "http://app.example/",
            "https://app.example:443/",
            "https://app.example.evil.example/",
            "https://app.example@evil.example/",
            "https://user@app.example/",
            "https://app.example:abc/",
            "https://[::1/",
            "null",
            "/page",
            "::::",
            "é",
        ] {
            let headers = [OURS, ("referer", referer)];
            assert_eq!(
                verdict(&headers),
                Err(OriginError::ForeignReferer),
                "{referer}"
            );
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (url, origin) in [
            ("https://app.example:443/x?y#z", "https://app.example"),
            ("https://APP.example:8443", "https://app.example:8443"),
            ("http://[::1]:80/", "http://[::1]"),
            (
                "https://u:p@bücher.example",
                "https://xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(PublicOrigin::of(url).unwrap().as_str(), origin);
        }
        for bad in ["", "app.example", "ftp://app.example", "null"] {
            assert!(PublicOrigin::of(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_other_origin_passes(
            origin in prop::collection::vec(0x20_u8..=0xff, 0..40),
            referer in prop::collection::vec(0x20_u8..=0xff, 0..40),
        ) {
            let public = PublicOrigin::of("https://app.example").unwrap();
            let mut headers = HeaderMap::new();
            for (name, bytes) in [(ORIGIN, &origin), (REFERER, &referer)] {
                if let Ok(value) = HeaderValue::from_bytes(bytes) {
                    headers.insert(name, value);
                }
            }
            prop_assert!(public.vouches_for(&headers).is_err());
        }
    }
}
