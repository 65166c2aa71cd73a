//! Whom the layer charges for a request, and for which route.

use std::net::IpAddr;

use http::{Extensions, request::Parts};

use crate::{Principal, TrustedProxies};

/// Says whom a request is charged to.
pub trait Identify: Clone + Send + Sync + 'static {
    /// Who asks. [`Principal::Unknown`] if nobody can tell: all of these share one budget.
    fn caller<'a>(&self, request: &'a Parts) -> Principal<'a>;

    /// The route as a template, such as axum's `MatchedPath`; `None` when none matches.
    fn route<'a>(&self, request: &'a Parts) -> Option<&'a str>;

    /// How many times the cost of each limit this request costs.
    fn cost(&self, request: &Parts) -> u32 {
        let _ = request;
        1
    }
}

/// Charges the client's address.
///
/// ```
/// # use std::net::SocketAddr;
/// use axum::extract::{ConnectInfo, MatchedPath};
/// use ratelimit::{ByAddress, TrustedProxies};
///
/// let identify = ByAddress {
///     proxies: "10.0.0.0/8".parse::<TrustedProxies>()?,
///     peer: |request| request.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()),
///     route: |request| request.get::<MatchedPath>().map(MatchedPath::as_str),
/// };
/// # Ok::<(), ratelimit::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByAddress {
    /// Whose forwarding headers are believed.
    pub proxies: TrustedProxies,
    /// The address of the connection's other end, from the request's extensions.
    pub peer: fn(&Extensions) -> Option<IpAddr>,
    /// The route as a template, from the request's extensions.
    pub route: fn(&Extensions) -> Option<&str>,
}

impl Identify for ByAddress {
    fn caller<'a>(&self, request: &'a Parts) -> Principal<'a> {
        let peer = (self.peer)(&request.extensions);
        peer.map_or(Principal::Unknown, |peer| {
            Principal::Address(self.proxies.client(peer, &request.headers).address.ip())
        })
    }

    fn route<'a>(&self, request: &'a Parts) -> Option<&'a str> {
        (self.route)(&request.extensions)
    }
}
