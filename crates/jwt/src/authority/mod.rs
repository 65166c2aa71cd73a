//! Who issues tokens and decides which are good.

mod builder;
mod cache;
mod issue;
mod verify;

use std::fmt;
use std::sync::Arc;

pub use builder::{AuthorityBuilder, HeaderFormat};
pub use issue::IssueError;

use crate::claims::Reading;
#[cfg(feature = "asymmetric")]
use crate::key::JwkSet;
use crate::key::{SigningKey, VerifyingKey};
#[cfg(feature = "revocation")]
use crate::revocation::RevocationSet;
use cache::Cache;

/// Issues tokens and verifies them, by keys and rules that never change: other keys or rules are
/// another authority, with a cache of its own. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    signing: Option<SigningKey>,
    /// The start of every token that we issue: its header segment and the dot.
    issued_header: String,
    /// The signing key's verifying half first.
    verifying: Vec<VerifyingKey>,
    reading: Reading,
    rules: Rules,
    cache: Cache,
    #[cfg(feature = "revocation")]
    revocations: Option<Arc<RevocationSet>>,
}

/// What doesn't concern the reading of claims. Times are seconds, sizes bytes.
struct Rules {
    issuer: Option<String>,
    audience: Vec<String>,
    leeway: u64,
    clock_skew: u64,
    max_token_size: usize,
    require_session: bool,
    legacy_until: Option<u64>,
    header_format: HeaderFormat,
    fresh_max_age: u64,
}

impl Authority {
    /// An authority that issues with `key` and accepts what it issued.
    pub fn builder(key: SigningKey) -> AuthorityBuilder {
        AuthorityBuilder::new(Some(key))
    }

    /// An authority that issues nothing and accepts what `key` verifies: for a service that trusts
    /// tokens issued elsewhere.
    pub fn verifier(key: VerifyingKey) -> AuthorityBuilder {
        AuthorityBuilder::new(None).also_accept(key)
    }

    /// How a token stands in the `Authorization` header.
    pub fn header_format(&self) -> HeaderFormat {
        self.0.rules.header_format
    }

    /// Seconds for which an authentication counts as recent.
    pub fn fresh_max_age(&self) -> u64 {
        self.0.rules.fresh_max_age
    }

    /// The public keys, for `/.well-known/jwks.json`: empty when all keys are secrets.
    #[cfg(feature = "asymmetric")]
    pub fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self
                .0
                .verifying
                .iter()
                .filter_map(VerifyingKey::jwk)
                .collect(),
        }
    }

    /// The keys' identifiers, the one that signs first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.0.verifying.iter().map(VerifyingKey::key_id)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("verifying", &self.0.verifying)
            .field("reading", &self.0.reading)
            .finish_non_exhaustive()
    }
}
