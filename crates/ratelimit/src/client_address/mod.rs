//! Who is at the other end: the peer, or the client that a trusted proxy names.
//!
//! Anybody can send `X-Forwarded-For`. An application that believes it gives every request a caller
//! of the attacker's choice, and one that believes it nowhere counts all users of a proxy as one. So
//! it is believed hop by hop, from the right: each proxy appends whom it heard, and its word counts
//! only if it is a proxy of ours.
//!
//! - A peer that is no trusted proxy is the client, whatever it sends. What it sent is reported as
//!   [`Ignored`], for a log line that says what to set.
//! - An entry that can't be read ends the way: the last trusted hop is the client.
//! - `Forwarded` (RFC 7239) and `X-Forwarded-For` together are believed if they name the same client.
//!   Most proxies write one and pass the other on as the client sent it; which, can be said with
//!   [`TrustedProxies::believing`].

mod forwarded;
mod networks;
mod x_forwarded;

use std::{fmt, net::IpAddr};

use http::HeaderMap;

pub use networks::{InvalidNetwork, TrustedProxies};

/// How many hops are followed at most. No sane way is longer, and each costs time.
pub const MAX_HOPS: usize = 32;

/// How many bytes of a header line are looked at, at most.
const MAX_LINE: usize = 8192;

/// The address of a client, an IPv4-mapped IPv6 address as the IPv4 address it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address itself.
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The scheme by which the client spoke to the first trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("https") {
            Some(Self::Https)
        } else if text.eq_ignore_ascii_case("http") {
            Some(Self::Http)
        } else {
            None
        }
    }
}

/// Which header names the clients of trusted proxies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// Whichever is there; both, if they agree.
    #[default]
    Either,
    /// `Forwarded` only (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For` and `X-Forwarded-Proto` only.
    XForwarded,
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address.
    pub address: ClientAddress,
    /// The client's scheme, where a trusted proxy tells; else the connection's own counts.
    pub scheme: Option<Scheme>,
    /// Why a header was not believed, or not to its end.
    pub ignored: Option<Ignored>,
}

/// Why a forwarding header was not believed. Its text tells an administrator what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ignored {
    /// The peer sent one, and is no trusted proxy.
    #[error(
        "a forwarding header from a peer that is no trusted proxy was ignored: if the peer is your \
         proxy, add its network to the trusted proxies"
    )]
    UntrustedPeer,
    /// `Forwarded` and `X-Forwarded-For` name different clients. To charge the peer instead lends the
    /// client a budget besides its own: better refuse the request, or say which header counts with
    /// [`TrustedProxies::believing`].
    #[error(
        "`Forwarded` and `X-Forwarded-For` name different clients, both were ignored: let the proxy \
         remove the one that it does not write"
    )]
    Conflict,
    /// An entry can't be read, or hides the address (`unknown`, `_name`; RFC 7239 §6.2 and §6.3).
    #[error(
        "an entry of a forwarding header names no address: the last trusted proxy is the client"
    )]
    Unreadable,
    /// More than [`MAX_HOPS`] proxies in a row.
    #[error("a forwarding header has too many hops: the last trusted proxy is the client")]
    TooManyHops,
}

/// One way from the peer back to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    address: IpAddr,
    /// How many hops were followed.
    hops: usize,
    scheme: Option<Scheme>,
    ignored: Option<Ignored>,
}

impl Way {
    /// Follows `hops`, the nearest first, as far as trust and legibility go.
    fn follow(
        peer: IpAddr,
        proxies: &TrustedProxies,
        hops: impl Iterator<Item = Option<Hop>>,
    ) -> Self {
        let mut way = Self::peer(peer, None);
        for hop in hops {
            if !proxies.contains(way.address) {
                return way;
            }
            let Some(hop) = hop else {
                return Self {
                    ignored: Some(Ignored::Unreadable),
                    ..way
                };
            };
            if way.hops == MAX_HOPS {
                return Self {
                    ignored: Some(Ignored::TooManyHops),
                    ..way
                };
            }
            let hops = way.hops + 1;
            way = Self {
                address: hop.address,
                hops,
                scheme: hop.scheme,
                ignored: None,
            };
        }
        way
    }

    /// No way: the peer is the client.
    const fn peer(address: IpAddr, ignored: Option<Ignored>) -> Self {
        Self {
            address,
            hops: 0,
            scheme: None,
            ignored,
        }
    }
}

/// What a proxy says of whom it heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hop {
    address: IpAddr,
    scheme: Option<Scheme>,
}

impl TrustedProxies {
    /// Who sent a request with these headers over a connection from `peer`.
    ///
    /// The work is bounded: at most [`MAX_HOPS`] hops are followed, and lines over 8 KiB not read.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        let forwarded = headers.contains_key(forwarded::NAME);
        let x_forwarded = headers.contains_key(x_forwarded::FOR);
        let x_proto = headers.contains_key(x_forwarded::PROTO);
        if !(forwarded || x_forwarded || x_proto) {
            return client(Way::peer(peer, None));
        }
        if !self.contains(peer) {
            return client(Way::peer(peer, Some(Ignored::UntrustedPeer)));
        }
        let standard = || Way::follow(peer, self, forwarded::hops(headers));
        let customary = || x_forwarded::way(peer, self, headers);
        client(match self.by {
            ForwardedBy::Forwarded => standard(),
            ForwardedBy::XForwarded => customary(),
            ForwardedBy::Either if !forwarded => customary(),
            ForwardedBy::Either if !x_forwarded => standard(),
            ForwardedBy::Either => agreed(peer, standard(), customary()),
        })
    }
}

/// What two headers say together. The one that the proxy does not write is the client's own word.
fn agreed(peer: IpAddr, standard: Way, customary: Way) -> Way {
    if standard.address != customary.address {
        return Way::peer(peer, Some(Ignored::Conflict));
    }
    let scheme = match (standard.scheme, customary.scheme) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    };
    Way {
        scheme,
        ignored: standard.ignored.or(customary.ignored),
        ..standard
    }
}

fn client(way: Way) -> Client {
    Client {
        address: way.address.into(),
        scheme: way.scheme,
        ignored: way.ignored,
    }
}

#[cfg(test)]
mod tests;
