//! A browser does whatever a page tells it to: run a script that someone slipped into a comment,
//! show the login form inside another site's frame, send the password over plain http, tell the next
//! site where one came from. A handful of response headers take these powers away, but only from
//! responses that carry them: one error page without them is enough.
//!
//! - [`Policy`] is all of these headers. [`SecurityHeadersLayer`] puts them on **every** response;
//!   [`Policy::apply`] does so in a stack written by hand.
//! - [`Csp`] is a Content-Security-Policy made of types, in which `'unsafe-inline'` and its like can
//!   be had by a loud name only. Pages run what carries the response's [`Nonce`] and nothing else.
//! - [`HttpsRedirect`] sends plain http to the public https URL, and never anywhere else.
//!
//! ```
//! # #[cfg(feature = "layer")] {
//! use axum::{Router, response::Html, routing::get};
//! use headers::{CspNonce, HttpsRedirect, HttpsRedirectLayer, Policy, SecurityHeadersLayer};
//!
//! async fn page(nonce: CspNonce) -> Html<String> {
//!     Html(format!("<script nonce={}>document.title = 'It runs'</script>", nonce.as_str()))
//! }
//!
//! let redirect = HttpsRedirect::new("https://app.example").unwrap().exempt_paths(&["/livez"]);
//! let app: Router = Router::new()
//!     .route("/", get(page))
//!     .layer(HttpsRedirectLayer::new(redirect))
//!     .layer(SecurityHeadersLayer::new(Policy::default())); // last added, so outermost
//! # }
//! ```
//!
//! Whether a client spoke https is for the application to say, by a [`Scheme`] in the request's
//! extensions: only it knows which proxies to believe. HSTS is sent over https alone, and promises
//! https for all subdomains unless told otherwise ([`Hsts::without_subdomains`]).
//!
//! What it can't do: headers are requests to the browser. Other clients ignore them, and an
//! application must still escape what it prints.

mod csp;
#[cfg(feature = "layer")]
mod extract;
mod hsts;
#[cfg(feature = "layer")]
mod layer;
mod nonce;
mod permissions;
mod policy;
mod redirect;
mod scheme;
#[cfg(feature = "layer")]
mod service;

pub use csp::{Csp, Directive, HostSource, InsecureSource, InvalidHostSource, Source};
pub use hsts::Hsts;
pub use nonce::Nonce;
pub use permissions::{Feature, Permissions};
pub use policy::{Context, Policy, ReferrerPolicy, ResourcePolicy};
pub use redirect::{HttpsRedirect, HttpsRequired, InvalidPublicUrl, Verdict};
pub use scheme::Scheme;
#[cfg(feature = "layer")]
pub use {
    extract::{CspNonce, NonceRejection},
    layer::SecurityHeadersLayer,
    redirect::{HttpsRedirectFuture, HttpsRedirectLayer, HttpsRedirectService},
    service::{SecurityHeaders, SecurityHeadersFuture},
};
