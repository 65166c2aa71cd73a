//! JSON Web Tokens (RFC 7519) that stop working the moment they are revoked.
//!
//! **The threat.** A token is a signed text that whoever holds it can use, anywhere, until it
//! expires. So a stolen one outlives the logout, the changed password and the deleted account; and
//! since the token itself says how it is to be checked, a careless verifier can be talked into
//! checking it in the attacker's way: with no algorithm, with the public key as a secret, with a key
//! the token brings along (RFC 8725 §2).
//!
//! **The rule.** How a token is checked is decided here, by keys that are each bound to one
//! algorithm; the token only chooses among them. Everything that a token claims is checked on every
//! use, and so is whether it, its session, or everything its user had, has been revoked meanwhile:
//! in memory, in less than the time that a lock on a contended map takes.
//!
//! **The caveat.** Whoever has an HMAC secret can issue any token: share a public key instead
//! (feature `asymmetric`) with those who only verify. And the [revocation set](revocation) knows
//! what it is told: with several nodes, each must hear the others, or
//! [refuse](revocation::Staleness) when it can't.
//!
//! ```
//! use jwt::{Algorithm, Authority, Claims, SigningKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::hmac(Algorithm::HS256, b"at least thirty-two random bytes")?;
//! let authority = Authority::builder(key).issuer("https://notes.example").build();
//!
//! let now = 1_700_000_000;
//! let claims = Claims::access("alice", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6", now, 900);
//! let token = authority.issue(&claims)?;
//!
//! let verified = authority.verify(token.expose(), now + 899)?;
//! assert_eq!(verified.subject(), "alice");
//! assert!(authority.verify(token.expose(), now + 900).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! Tokens are those of Flask-JWT-Extended 4.7, byte for byte but for the claims added (`sid`, `gen`, `auth_time`,
//! where they say more `acr` and `amr`, and yours):
//! an application that has the key reads ours, and we read its.
//!
//! # Features
//! - `layer`: the tower layer and the axum extractors.
//! - `revocation`: the set of what is revoked.
//! - `asymmetric`: `EdDSA`, ES256 and RS256, by aws-lc.
//!
//! All are on by default. Time and random names are always arguments.

mod algorithm;
#[cfg(feature = "layer")]
mod auth;
mod authority;
mod base64url;
mod claims;
mod error;
mod header;
mod json;
mod key;
#[cfg(feature = "revocation")]
pub mod revocation;
mod token;
mod verified;

pub use algorithm::Algorithm;
#[cfg(feature = "layer")]
pub use auth::{
    Access, AnyToken, Auth, AuthLayer, AuthRejection, Authentication, Clock, EvenExpired,
    FreshAccess, Outcome, Refresh,
};
pub use authority::{Authority, AuthorityBuilder, HeaderFormat, IssueError};
pub use claims::{Claims, Fresh, TokenKind};
pub use error::{Fault, TokenError};
#[cfg(feature = "asymmetric")]
pub use key::{GeneratedKey, Jwk, JwkSet};
pub use key::{KeyError, SigningKey, VerifyingKey};
pub use token::Token;
pub use verified::Verified;
