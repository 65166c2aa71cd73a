//! The tower layer and the axum extractors.
//!
//! The layer decides who is asking, once, and never refuses; each handler says by its extractors
//! whom it wants. So a route can't be reached unauthenticated by being forgotten in a list, and one
//! that wants nobody costs no more than a look at the header.
//!
//! | extractor | accepts |
//! |---|---|
//! | [`Access`] | an access token |
//! | [`FreshAccess`] | an access token of someone who has just authenticated (RFC 9470) |
//! | [`Refresh`] | a refresh token |
//! | [`AnyToken`] | either |
//! | [`EvenExpired`] | either, also when it has expired: for ending its session |
//! | `Option` of one of these | nothing, or what it accepts; a bad token is still refused |

mod authentication;
mod extract;
mod header;
mod layer;
mod rejection;
mod service;

pub use authentication::{Authentication, Outcome};
pub use extract::{Access, AnyToken, EvenExpired, FreshAccess, Refresh};
pub use layer::{AuthLayer, Clock};
pub use rejection::AuthRejection;
pub use service::Auth;
