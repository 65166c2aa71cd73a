//! Who is at the other end, for limits, logs and sessions alike.

use std::net::IpAddr;

use http::HeaderMap;
use model::Timestamp;
use ratelimit::{Client, Ignored, TrustedProxies};

use crate::seldom::Seldom;

/// Tells clients from the proxies in front of them.
#[derive(Debug)]
pub(crate) struct Clients {
    proxies: TrustedProxies,
    /// When the log was last told of a header that was not believed.
    told: Seldom,
}

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
    tracing::warn!(%peer, setting, "{why} (told once a minute)");
}
