//! Who may ask as often as they like may guess passwords, read a whole table row by row, or keep every
//! core busy. A limit per caller ends that, if it holds: if a rotated `X-Forwarded-For` or the
//! addresses of one IPv6 /64 are not a thousand callers, if unknown paths count, if a million callers
//! don't take the memory, and if a broken store isn't taken for permission.
//!
//! - [`Limits`] says what is limited how: a [`Limit`] of one or more [`Quotas`] (Flask-Limiter's limit
//!   strings, `200 per day; 20 per hour`) for each route, shared by several, or everywhere.
//! - `RateLimitLayer` checks every request of an axum application; [`Limits::check`] does it by hand.
//! - [`Strategy`] is how hits are counted: fixed window, moving window, sliding window counter, each
//!   with the results of the Python library.
//! - [`MemoryStore`] counts exactly and in bounded memory; another [`Store`] can last and be shared.
//! - `TrustedProxies` tells who the client is; use it for logs and sessions, too.
//!
//! ```
//! # #[cfg(feature = "layer")] {
//! use std::{net::SocketAddr, sync::Arc, time::SystemTime};
//!
//! use axum::{Router, extract::{ConnectInfo, MatchedPath}, routing::get};
//! use ratelimit::{ByAddress, KeyHasher, Limits, MemoryStore, RateLimitLayer};
//!
//! # fn app() -> Result<Router, Box<dyn std::error::Error>> {
//! let limits = Limits::new(MemoryStore::default(), KeyHasher::random())
//!     .with_default("200 per day; 20 per hour".parse()?)
//!     .with_route("/login", ["5 per minute".parse()?])
//!     .with_exemption("/livez");
//! let identify = ByAddress {
//!     proxies: "10.0.0.0/8".parse()?,
//!     peer: |request| request.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()),
//!     route: |request| request.get::<MatchedPath>().map(MatchedPath::as_str),
//! };
//! # #[allow(clippy::disallowed_methods)]
//! let layer = RateLimitLayer::new(Arc::new(limits), identify, || SystemTime::now().into());
//!
//! let app: Router = Router::new().route("/", get(async || "Hello.")).layer(layer);
//! # Ok(app)
//! # }
//! # app().unwrap();
//! # }
//! ```
//!
//! What it can't do: a limit per address stops neither many addresses that guess at one account (count
//! per account, too) nor a flood that fills the network. A fixed window admits twice its amount around
//! its end. Counters in memory are per process: two processes admit twice as much.

#[cfg(feature = "client-address")]
mod client_address;
mod key;
#[cfg(feature = "layer")]
mod layer;
mod limits;
mod quota;
mod store;
mod strategy;
mod timestamp;

#[cfg(feature = "client-address")]
pub use client_address::{
    Client, ClientAddress, ForwardedBy, Ignored, InvalidNetwork, MAX_HOPS, Scheme, TrustedProxies,
};
pub use key::{Key, KeyHasher, Principal};
#[cfg(feature = "layer")]
pub use layer::{
    ByAddress, Headers, Identify, RateLimit, RateLimitLayer, RateLimited, ResponseFuture,
    StoreUnavailable,
};
pub use limits::{Applied, Begun, Call, Decision, Limit, Limits};
pub use quota::{Fault, Quota, QuotaError, Quotas, Unit};
pub use store::{
    Backlog, Capacity, Entry, Hit, Mark, MemoryStore, SharedStore, Store, Unavailable, Worth,
};
pub use strategy::{State, Strategy, UnknownStrategy, Usage};
pub use timestamp::Timestamp;
