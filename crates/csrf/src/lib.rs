//! Any site can make a visitor's browser send a request to another site, and the browser attaches
//! that site's cookies: a form on `evil.example` can move money, change an address, or sign the
//! visitor in to the attacker's account.
//!
//! The rule: a request that changes something and rides on a cookie is served only if two
//! independent defences agree.
//!
//! 1. **The origin check.** The browser itself says, in `Origin` or `Sec-Fetch-Site`, that a page of
//!    the application's [`PublicOrigin`] sent it. Where neither header says anything, it is refused.
//!    tower-http's `CsrfLayer` then decides once more.
//! 2. **The form token.** [`FormTokens`] signs a token for the session, good for an hour; it is sent
//!    back in a form field or a header.
//!
//! Requests with a bearer token and nothing else need neither: no other site can attach it.
//!
//! ```
//! # #[cfg(feature = "layer")] {
//! use std::sync::Arc;
//!
//! use axum::{Router, response::Html, routing::get};
//! use csrf::{CsrfLayer, CsrfToken, FormTokens, PublicOrigin, RenderError, SessionCookie};
//!
//! async fn form(csrf: CsrfToken) -> Result<Html<String>, RenderError> {
//!     Ok(Html(format!("<form method=post>{}<button>Pay</button></form>", csrf.hidden_input()?)))
//! }
//!
//! let layer = CsrfLayer::new(
//!     FormTokens::new(b"a secret of at least 32 random bytes").unwrap(),
//!     PublicOrigin::of("https://shop.example").unwrap(),
//!     SessionCookie::named("__Host-session"),
//!     Arc::new(|| 1_700_000_000), // seconds since 1970: the system's clock
//! );
//! let app: Router = Router::new()
//!     .route("/pay", get(form).post(async || "paid"))
//!     .layer(layer);
//! # }
//! ```
//!
//! What it can't do: protect from a script that runs in the application's own pages, which can read
//! a token as well as anyone; protect a `GET` that changes something; tell another application on
//! the same origin from this one. It sets no limit on the time a body takes to arrive.

#[cfg(feature = "layer")]
mod body;
#[cfg(feature = "layer")]
mod credential;
#[cfg(feature = "layer")]
mod extract;
#[cfg(feature = "layer")]
mod form;
#[cfg(feature = "layer")]
mod form_check;
#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "layer")]
mod origin;
#[cfg(feature = "layer")]
mod rejection;
#[cfg(feature = "layer")]
mod service;
mod session;
mod token;

pub use session::SessionBinding;
pub use token::{FormTokens, Mask, SecretTooShort, TokenError};
#[cfg(feature = "layer")]
pub use {
    credential::{Credential, Credentials, SessionCookie},
    extract::{CsrfLayerMissing, CsrfToken, RenderError},
    layer::{Clock, CsrfLayer},
    origin::{InvalidPublicUrl, OriginError, PublicOrigin},
    rejection::CsrfRejection,
    service::{CsrfFuture, CsrfProtection},
};
