//! Who is at the other end, for limits, logs and sessions alike.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use model::Timestamp;
use ratelimit::{Client, Ignored, TrustedProxies};

/// A header that was not believed is told of once in this time: else a client could fill the log.
const TOLD_EVERY_MILLIS: i64 = 60_000;

/// Tells clients from the proxies in front of them.
#[derive(Debug)]
pub(crate) struct Clients {
    proxies: TrustedProxies,
    /// When the log was last told of a header that was not believed.
    told: AtomicI64,
}

impl Clients {
    pub(crate) const fn new(proxies: TrustedProxies) -> Self {
        Self {
            proxies,
            told: AtomicI64::new(i64::MIN),
        }
    }

    /// The client that sent a request with `headers` over a connection from `peer`.
    pub(crate) fn of(&self, peer: IpAddr, headers: &HeaderMap, now: Timestamp) -> Client {
        let client = self.proxies.client(peer, headers);
        if let Some(why) = client.ignored
            && self.is_due(now)
        {
            tell(why, peer);
        }
        client
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let (now, told) = (now.as_millis(), self.told.load(Ordering::Relaxed));
        let due = now.saturating_sub(told) >= TOLD_EVERY_MILLIS || now < told;
        // Of several at once, one tells.
        due && self
            .told
            .compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_not_believed_is_told_of_once_a_minute() {
        let clients = Clients::new(TrustedProxies::default());
        let due = |seconds: i64| clients.is_due(Timestamp::from_seconds(1_800_000_000 + seconds));
        let told: Vec<_> = [0, 1, 59, 60, 61, 119, 120].map(due).into();
        assert_eq!(told, [true, false, false, true, false, false, true]);
        assert!(due(-3600), "the clock was set back");
    }
}
