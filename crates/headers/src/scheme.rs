//! Whether the client spoke https, as far as that can be known.

use http::HeaderMap;

/// The scheme that the client used, decided by the application and put into the request's
/// extensions for the layers of this crate.
///
/// Only the application knows which peers are its proxies, so only it can decide whom to believe:
/// whoever believes `X-Forwarded-Proto` from anyone lets anyone skip the redirect to https.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme that a **trusted proxy** reports in `X-Forwarded-Proto`; without that header the
    /// connection's own.
    ///
    /// The last value counts, which the proxy nearest to us wrote. Anything but `https`, letter by
    /// letter, is http: in doubt a request is redirected once too often.
    ///
    /// Call this only when the peer is a proxy of yours; for any other peer `connection` is the
    /// answer.
    #[must_use]
    pub fn forwarded(headers: &HeaderMap, connection: Self) -> Self {
        let Some(last) = headers.get_all("x-forwarded-proto").iter().next_back() else {
            return connection;
        };
        let nearest = last.as_bytes().rsplit(|&byte| byte == b',').next();
        match nearest.map(<[u8]>::trim_ascii) {
            Some(b"https") => Self::Https,
            _ => Self::Http,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn forwarded(values: &[&'static str], connection: Scheme) -> Scheme {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-proto", HeaderValue::from_static(value));
        }
        Scheme::forwarded(&headers, connection)
    }

    #[test]
    fn without_the_header_the_connection_counts() {
        assert_eq!(forwarded(&[], Scheme::Http), Scheme::Http);
        assert_eq!(forwarded(&[], Scheme::Https), Scheme::Https);
    }

    #[test]
    fn the_nearest_proxy_counts() {
        assert_eq!(forwarded(&["https"], Scheme::Http), Scheme::Https);
        assert_eq!(forwarded(&["http"], Scheme::Https), Scheme::Http);
        assert_eq!(forwarded(&["https,http"], Scheme::Http), Scheme::Http);
        assert_eq!(forwarded(&["http, https"], Scheme::Http), Scheme::Https);
        assert_eq!(forwarded(&["https", "http"], Scheme::Http), Scheme::Http);
    }

    #[test]
    fn anything_else_is_http() {
        for odd in ["", "HTTPS", "httpss", "https;", "wss", "https,", "on"] {
            assert_eq!(forwarded(&[odd], Scheme::Https), Scheme::Http, "{odd}");
        }
    }
}
