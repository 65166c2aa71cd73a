//! The rules of an [`Authority`].

use std::sync::Arc;

use super::cache::Cache;
use super::{Authority, Inner, Rules};
use crate::claims::Reading;
use crate::key::{SigningKey, VerifyingKey};
#[cfg(feature = "revocation")]
use crate::revocation::RevocationSet;
use crate::{base64url, header};

/// Bytes of the longest token that is looked at.
const MAX_TOKEN_SIZE: usize = 8 * 1024;

/// Seconds for which an authentication counts as recent.
const FRESH_MAX_AGE: u64 = 600;

/// Tokens in the cache of verified ones.
const CACHE_ENTRIES: usize = 4096;

/// How a token stands in the `Authorization` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFormat {
    /// `Bearer`, then the token (RFC 6750 §2.1).
    #[default]
    Bearer,
    /// The token alone, as with Flask-JWT-Extended's `JWT_HEADER_TYPE = ""`.
    Bare,
}

/// Collects keys and rules; what is not said stays as each method says.
#[derive(Debug)]
#[must_use]
pub struct AuthorityBuilder {
    signing: Option<SigningKey>,
    verifying: Vec<VerifyingKey>,
    with_key_id: bool,
    issuer: Option<String>,
    audience: Vec<String>,
    reading: Reading,
    leeway: u64,
    clock_skew: u64,
    max_token_size: usize,
    require_session: bool,
    legacy_until: Option<u64>,
    header_format: HeaderFormat,
    fresh_max_age: u64,
    cache_entries: usize,
    #[cfg(feature = "revocation")]
    revocations: Option<Arc<RevocationSet>>,
}

impl AuthorityBuilder {
    pub(super) fn new(signing: Option<SigningKey>) -> Self {
        Self {
            verifying: signing.iter().map(SigningKey::verifying_key).collect(),
            signing,
            with_key_id: true,
            issuer: None,
            audience: Vec::new(),
            reading: Reading {
                identity_claim: "sub".to_owned(),
                any_subject: false,
                issuers: Vec::new(),
                audiences: Vec::new(),
            },
            leeway: 0,
            clock_skew: 0,
            max_token_size: MAX_TOKEN_SIZE,
            require_session: false,
            legacy_until: None,
            header_format: HeaderFormat::Bearer,
            fresh_max_age: FRESH_MAX_AGE,
            cache_entries: CACHE_ENTRIES,
            #[cfg(feature = "revocation")]
            revocations: None,
        }
    }

    /// Also accepts what `key` verifies: a previous key, while its tokens live. After a leak, don't.
    ///
    /// A token is accepted by the algorithm of a key, so this is also how a second algorithm comes
    /// to be accepted.
    pub fn also_accept(mut self, key: VerifyingKey) -> Self {
        self.verifying.push(key);
        self
    }

    /// Leaves `kid` out of the tokens that are issued, as Flask-JWT-Extended does. Default: it is
    /// there, so that a verifier with several keys knows which to try.
    pub fn without_key_id(mut self) -> Self {
        self.with_key_id = false;
        self
    }

    /// Puts `issuer` into the tokens that are issued (`iss`, RFC 7519 §4.1.1). Default: none.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Accepts only tokens whose `iss` is `issuer`, or one of those given in other calls
    /// (RFC 8725 §3.8). Default: `iss` is not looked at.
    pub fn accept_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.reading.issuers.push(issuer.into());
        self
    }

    /// Puts `audience` into the tokens that are issued (`aud`, RFC 7519 §4.1.3); several calls make
    /// a list. Default: none.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Accepts only tokens whose `aud` names `audience`, or one of those given in other calls
    /// (RFC 8725 §3.9). Default: `aud` is not looked at.
    pub fn accept_audience(mut self, audience: impl Into<String>) -> Self {
        self.reading.audiences.push(audience.into());
        self
    }

    /// Seconds by which `iat`, `nbf` and `exp` may be missed, for clocks that differ. Default: 0.
    pub const fn leeway(mut self, seconds: u64) -> Self {
        self.leeway = seconds;
        self
    }

    /// Seconds by which the clock of whoever issues tokens may be ahead, where several do: `iat` and `nbf`
    /// may be missed by so much, `exp` may not. The leeway counts where it is longer. Default: 0.
    pub const fn clock_skew(mut self, seconds: u64) -> Self {
        self.clock_skew = seconds;
        self
    }

    /// The longest token that is looked at, in bytes. Default: 8 KiB.
    pub const fn max_token_size(mut self, bytes: usize) -> Self {
        self.max_token_size = bytes;
        self
    }

    /// The claim that says who the token is about. Default: `sub`. A `sub` beside it must still be
    /// text.
    pub fn identity_claim(mut self, name: impl Into<String>) -> Self {
        self.reading.identity_claim = name.into();
        self
    }

    /// Accepts a subject that is not text, as with Flask-JWT-Extended's `JWT_VERIFY_SUB = False`:
    /// tokens of before `PyJWT` 2.10 often have a number. Default: refused (RFC 7519 §4.1.2).
    pub const fn accept_any_subject(mut self) -> Self {
        self.reading.any_subject = true;
        self
    }

    /// Refuses tokens without `sid`, save those that [`legacy_until`](Self::legacy_until) lets
    /// through. Default: they are accepted.
    pub const fn require_session(mut self) -> Self {
        self.require_session = true;
        self
    }

    /// Up to which time (Unix seconds, itself excluded) tokens of an application that knew no
    /// sessions are accepted, as Flask-JWT-Extended issues them: with none of `sid`, `gen` and `iss`
    /// (a token that lacks only some of them gains nothing), and with `jti` and `exp`, without which
    /// it could not be revoked. It is asked at each use, of remembered tokens too. Such a token is of
    /// generation 0. Default: `None`, never.
    pub const fn legacy_until(mut self, time: Option<u64>) -> Self {
        self.legacy_until = time;
        self
    }

    /// How a token stands in the `Authorization` header. Default: [`HeaderFormat::Bearer`].
    pub const fn header_format(mut self, format: HeaderFormat) -> Self {
        self.header_format = format;
        self
    }

    /// Seconds for which an authentication counts as recent: what a client is told whose token is
    /// not fresh (`max_age`, RFC 9470 §3). Default: 600. The token itself says how long it is fresh.
    pub const fn fresh_max_age(mut self, seconds: u64) -> Self {
        self.fresh_max_age = seconds;
        self
    }

    /// How many verified tokens are remembered, to spare their signature's check; rounded up to a
    /// power of two. Default: 4,096, at most some 10 MB. With 0 each is checked anew.
    pub const fn cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries;
        self
    }

    /// Refuses what `set` holds. Default: nothing is revoked.
    #[cfg(feature = "revocation")]
    pub fn revocations(mut self, set: Arc<RevocationSet>) -> Self {
        self.revocations = Some(set);
        self
    }

    /// The authority.
    #[must_use]
    pub fn build(self) -> Authority {
        let issued_header = self.signing.as_ref().map_or_else(String::new, |key| {
            let key_id = self.with_key_id.then(|| key.key_id());
            let mut segment = base64url::encode(header::write(key.algorithm(), key_id));
            segment.push('.');
            segment
        });
        Authority(Arc::new(Inner {
            signing: self.signing,
            issued_header,
            verifying: self.verifying,
            reading: self.reading,
            rules: Rules {
                issuer: self.issuer,
                audience: self.audience,
                leeway: self.leeway,
                clock_skew: self.clock_skew,
                max_token_size: self.max_token_size,
                require_session: self.require_session,
                legacy_until: self.legacy_until,
                header_format: self.header_format,
                fresh_max_age: self.fresh_max_age,
            },
            cache: Cache::new(self.cache_entries),
            #[cfg(feature = "revocation")]
            revocations: self.revocations,
        }))
    }
}
