//! Who is at the other end, for limits, logs and sessions alike.

use std::net::IpAddr;

use http::HeaderMap;
use model::Timestamp;
use ratelimit::{Client, Ignored, Principal, TrustedProxies};

use crate::seldom::Seldom;

/// Tells clients from the proxies in front of them.
#[derive(Debug)]
pub(crate) struct Clients {
    proxies: TrustedProxies,
    /// When the log was last told of a header that was not believed.
    told: Seldom,
}

/// The network by which a stranger's requests count together: an IPv4 address, or an IPv6 /64. A back end that is a
/// trusted proxy and asks in its own name, without a forwarding header, speaks for many, and has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) Option<IpAddr>);

impl Clients {
    pub(crate) fn new(proxies: TrustedProxies) -> Self {
        Self {
            proxies,
            told: Seldom::default(),
        }
    }

    /// Whether `peer` is a proxy whose word counts.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.proxies.contains(peer)
    }

    /// The network of `client`. A header that was ignored may be a stranger's, and lends nobody a proxy's standing.
    pub(crate) fn network(&self, client: &Client) -> Network {
        let address = client.address.ip();
        let is_back_end = client.ignored.is_none() && self.trusts(address);
        Network((!is_back_end).then(|| Principal::counted(address)))
    }

    /// Whether there are such proxies.
    pub(crate) const fn has_proxies(&self) -> bool {
        !self.proxies.is_empty()
    }

    /// The client that sent a request with `headers` over a connection from `peer`.
    pub(crate) fn of(&self, peer: IpAddr, headers: &HeaderMap, now: Timestamp) -> Client {
        let client = self.proxies.client(peer, headers);
        if let Some(why) = client.ignored
            && self.told.due(now.as_millis()).is_some()
        {
            tell(why, peer);
        }
        client
    }
}

fn tell(why: Ignored, peer: IpAddr) {
    let peer = peer.to_canonical();
    let setting = match why {
        Ignored::Conflict => "PORTCULLIS_FORWARDED_HEADER",
        Ignored::UntrustedPeer | Ignored::Unreadable | Ignored::TooManyHops => {
            "PORTCULLIS_TRUSTED_PROXIES"
        }
    };
    tracing::warn!(%peer, setting, "{why} (logged once a minute)");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The network of what came from `peer`, with the headers of a proxy, where `10.0.0.0/8` and `fd00::/8` are
    /// trusted.
    fn network(peer: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let clients = Clients::new("10.0.0.0/8, fd00::/8".parse().unwrap());
        let headers = headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        let headers: HeaderMap = headers.collect();
        let now = Timestamp::from_seconds(0);
        let client = clients.of(peer.parse().unwrap(), &headers, now);
        clients
            .network(&client)
            .0
            .map(|network| network.to_string())
    }

    #[test]
    fn a_stranger_counts_as_an_ipv4_address_or_an_ipv6_64() {
        assert_eq!(network("192.0.2.1", &[]).unwrap(), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1", &[]).unwrap(), "192.0.2.1");
        let one = network("2001:db8::1:2:3:4", &[]);
        assert_eq!(one.as_deref(), Some("2001:db8::"));
        assert_eq!(network("2001:db8::ffff", &[]), one);
        assert_ne!(network("2001:db8:0:1::1", &[]), one);
    }

    #[test]
    fn whom_a_proxy_names_counts_and_not_the_proxy() {
        let forwarded = [("x-forwarded-for", "2001:db8::9")];
        let named = network("10.0.0.1", &forwarded);
        assert_eq!(named.as_deref(), Some("2001:db8::"));
    }

    #[test]
    fn a_trusted_back_end_that_asks_in_its_own_name_speaks_for_many() {
        assert_eq!(network("10.0.0.1", &[]), None);
        assert_eq!(network("fd00::1", &[]), None);
        assert_eq!(
            network("10.0.0.1", &[("x-forwarded-for", "10.0.0.2")]),
            None
        );
    }

    #[test]
    fn a_header_that_is_not_believed_makes_nobody_a_back_end() {
        let contradicting = [
            ("forwarded", "for=192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2"),
        ];
        let unreadable = [("x-forwarded-for", "unknown")];
        for headers in [&contradicting[..], &unreadable[..]] {
            assert_eq!(network("10.0.0.1", headers).as_deref(), Some("10.0.0.1"));
        }
    }
}
