//! `X-Forwarded-For` and `X-Forwarded-Proto`: no standard, but what most proxies write.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};

use super::{Hop, MAX_LINE, Scheme, TrustedProxies, Way};

pub(super) const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The way that the two headers describe.
pub(super) fn way(peer: IpAddr, proxies: &TrustedProxies, headers: &HeaderMap) -> Way {
    let hops = entries(headers, FOR).map(|entry| {
        let address = entry.and_then(address)?;
        Some(Hop {
            address,
            scheme: None,
        })
    });
    let way = Way::follow(peer, proxies, hops);
    if way.ignored.is_some() {
        return way;
    }
    // Each proxy appends to both lists, or the first writes the scheme once and the others keep it.
    // Either way nothing to the left of the client's own entry is looked at.
    let scheme = entries(headers, PROTO).take(way.hops.max(1)).last();
    Way {
        scheme: scheme.flatten().and_then(Scheme::read),
        ..way
    }
}

/// The entries of all lines of a header, from the right. `None` is a line that can't be read.
fn entries(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    let lines = headers.get_all(name).iter().rev();
    lines.flat_map(|line| {
        let text = line.to_str().ok().filter(|text| text.len() <= MAX_LINE);
        let unreadable = text.is_none().then_some(None);
        let entries = text.into_iter().flat_map(|text| text.rsplit(','));
        entries
            .map(|entry| Some(entry.trim_matches([' ', '\t'])))
            .chain(unreadable)
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .or_else(|| bracketed(text).map(IpAddr::V6))?;
    Some(address.to_canonical())
}

/// `[2001:db8::1]`
pub(super) fn bracketed(text: &str) -> Option<Ipv6Addr> {
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// `192.0.2.1`
pub(super) fn dotted(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok()
}
