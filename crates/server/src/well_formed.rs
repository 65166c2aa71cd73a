//! What HTTP demands of a request that its parser lets through.

use http::header::HOST;
use http::{Request, Version};
use problem::Rejection;
use ratelimit::{Client, Ignored};

/// Says what is wrong with a request that no one can be sure to understand as its sender does.
///
/// - HTTP/1.1 needs one `Host` (RFC 9112 §3.2): of several, or of none, each server on the way may make
///   something else. HTTP/1.0 knows none, and HTTP/2 has `:authority`.
/// - Two forwarding headers that name different clients: one of them is the client's own word, and
///   which one can't be told. To charge either, or the proxy, would give the client a budget besides
///   its own.
pub(crate) fn fault<B>(request: &Request<B>, client: &Client) -> Option<Rejection> {
    if request.version() == Version::HTTP_11 {
        let mut hosts = request.headers().get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if host.as_bytes().iter().copied().all(may_stand_in_host) => {}
            (Some(_), None) => return Some(malformed("The Host header names no host.")),
            (_, _) => return Some(malformed("The request needs one Host header.")),
        }
    }
    (client.ignored == Some(Ignored::Conflict))
        .then(|| malformed("Forwarded and X-Forwarded-For name different clients."))
}

const fn malformed(message: &'static str) -> Rejection {
    Rejection::MalformedRequest(message)
}

/// The characters of a host and a port (RFC 3986 §3.2.2 and §3.2.3), no user among them.
const fn may_stand_in_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'-'
                | b':'
                | b'['
                | b']'
                | b'_'
                | b'~'
                | b'%'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn is_faulty(version: Version, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let client = Client {
            address: IpAddr::from(Ipv4Addr::LOCALHOST).into(),
            scheme: None,
            ignored: None,
        };
        fault(&request.body(()).unwrap(), &client).is_some()
    }

    #[test]
    fn http_1_1_needs_one_host() {
        for host in ["x", "accounts.example.org:8080", "[::1]:80", ""] {
            assert!(!is_faulty(Version::HTTP_11, &[host]), "{host}");
        }
        for hosts in [
            &[][..],
            &["x", "x"],
            &["x", "y"],
            &["a b"],
            &["a/b"],
            &["a@b"],
            &["a\u{e9}"],
        ] {
            assert!(is_faulty(Version::HTTP_11, hosts), "{hosts:?}");
        }
    }

    #[test]
    fn no_other_version_does() {
        for version in [Version::HTTP_10, Version::HTTP_2] {
            assert!(!is_faulty(version, &[]));
        }
    }
}
