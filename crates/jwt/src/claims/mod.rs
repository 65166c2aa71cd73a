//! What a token says: Flask-JWT-Extended's claims, and the session they belong to.

mod decode;
mod encode;
mod time;

use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use decode::{Reading, read};
pub(crate) use encode::encode;

/// The names that [`Claims`] has fields for: no claim of another kind may be called so.
const OURS: [&str; 15] = [
    "fresh",
    "iat",
    "jti",
    "type",
    "sub",
    "nbf",
    "csrf",
    "aud",
    "iss",
    "exp",
    "sid",
    "gen",
    "auth_time",
    "acr",
    "amr",
];

/// Access or refresh: the `type` claim. A token with another, or none, is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// For requests.
    Access,
    /// For getting a new pair, once.
    Refresh,
}

impl TokenKind {
    /// The value of the `type` claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// Whether the person has just proved who they are: the `fresh` claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fresh {
    /// No: the token was refreshed, or says nothing readable.
    #[default]
    No,
    /// As long as the token lives.
    Yes,
    /// Up to and including this second (Unix time).
    Until(u64),
}

impl Fresh {
    /// Whether the token is fresh at `now` (Unix seconds).
    pub const fn holds_at(self, now: u64) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::Until(last) => now <= last,
        }
    }
}

/// The claims of a token. Times are Unix seconds.
///
/// Beyond Flask-JWT-Extended's there are `sid` (the session), `gen` (the user's generation when the
/// session began), `iss` and `aud`, and how the person has proven who they are: `auth_time`, `acr` and
/// `amr` (RFC 9068 §2.2.1). A claim whose kind doesn't matter to the verdict and that has another kind
/// than here reads as absent.
///
/// Claims of your own are put in [by name](Self::with_claim), and read back from the
/// [verified token](crate::Verified::claim).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `type`.
    pub kind: TokenKind,
    /// `fresh`.
    pub fresh: Fresh,
    /// `sub`, or another identity claim when [one is set](crate::AuthorityBuilder::identity_claim).
    /// An identity that isn't text (possible only with such a setting) is its JSON text.
    pub sub: String,
    /// `jti` (RFC 7519 §4.1.7).
    pub jti: Option<String>,
    /// `iat`: when it was issued.
    pub iat: Option<u64>,
    /// `nbf`: from when on it is valid.
    pub nbf: Option<u64>,
    /// `exp`: the first second at which it is no longer valid. Without it, it is valid for ever.
    pub exp: Option<u64>,
    /// `csrf`: what a cookie's double submit repeats; in tokens sent in headers it has no meaning.
    pub csrf: Option<String>,
    /// `iss` (RFC 7519 §4.1.1). Empty at issue: the authority's own is put in.
    pub iss: Option<String>,
    /// `aud` (RFC 7519 §4.1.3). Empty at issue: the authority's own is put in.
    pub aud: Vec<String>,
    /// `sid`: the session.
    pub sid: Option<String>,
    /// `gen`: the user's generation; none counts as 0.
    pub generation: Option<u64>,
    /// `auth_time` (OpenID Connect Core §2): when the person last proved who they are.
    pub auth_time: Option<u64>,
    /// `acr` (OpenID Connect Core §2): how much they proved.
    pub acr: Option<String>,
    /// `amr` (RFC 8176): by what.
    pub amr: Vec<String>,
    /// What else is to be said, for [issuing](crate::Authority::issue) only.
    extra: Map<String, Value>,
}

impl Claims {
    /// An access token's claims: for `sub`, valid from `now` for `lifetime` seconds, not fresh.
    ///
    /// `jti` names the token for ever: draw it at random (a UUID of version 4).
    pub fn access(sub: impl Into<String>, jti: impl Into<String>, now: u64, lifetime: u64) -> Self {
        Self::new(TokenKind::Access, sub.into(), jti.into(), now, lifetime)
    }

    /// A refresh token's claims, as [`access`](Self::access).
    pub fn refresh(
        sub: impl Into<String>,
        jti: impl Into<String>,
        now: u64,
        lifetime: u64,
    ) -> Self {
        Self::new(TokenKind::Refresh, sub.into(), jti.into(), now, lifetime)
    }

    fn new(kind: TokenKind, sub: String, jti: String, now: u64, lifetime: u64) -> Self {
        Self {
            kind,
            fresh: Fresh::No,
            sub,
            jti: Some(jti),
            iat: Some(now),
            nbf: Some(now),
            exp: Some(now.saturating_add(lifetime)),
            csrf: None,
            iss: None,
            aud: Vec::new(),
            sid: None,
            generation: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            extra: Map::new(),
        }
    }

    /// Puts the token into a session of the user's current generation.
    #[must_use]
    pub fn with_session(mut self, sid: impl Into<String>, generation: u64) -> Self {
        self.sid = Some(sid.into());
        self.generation = Some(generation);
        self
    }

    /// Says how long the person counts as just authenticated.
    #[must_use]
    pub const fn with_fresh(mut self, fresh: Fresh) -> Self {
        self.fresh = fresh;
        self
    }

    /// Says when the person proved who they are (Unix seconds).
    #[must_use]
    pub const fn with_auth_time(mut self, auth_time: u64) -> Self {
        self.auth_time = Some(auth_time);
        self
    }

    /// Says how much they proved, and by what.
    #[must_use]
    pub fn with_authentication<M: Into<String>>(
        mut self,
        acr: impl Into<String>,
        amr: impl IntoIterator<Item = M>,
    ) -> Self {
        self.acr = Some(acr.into());
        self.amr = amr.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a claim of your own. Issuing refuses a name that has a meaning here.
    ///
    /// # Errors
    /// When `value` has no JSON form.
    pub fn with_claim(
        mut self,
        name: impl Into<String>,
        value: impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        self.extra.insert(name.into(), serde_json::to_value(value)?);
        Ok(self)
    }

    /// A claim of your own whose name has a meaning here, if there is one; `identity` has, too.
    pub(crate) fn misnamed(&self, identity: &str) -> Option<&str> {
        let mut names = self.extra.keys().map(String::as_str);
        names.find(|name| OURS.contains(name) || *name == identity)
    }

    /// Whether they are those of an application that knows no sessions, issuers and generations, and
    /// can be revoked all the same.
    pub(crate) const fn are_of_no_session(&self) -> bool {
        self.sid.is_none()
            && self.generation.is_none()
            && self.iss.is_none()
            && self.jti.is_some()
            && self.exp.is_some()
    }

    /// Adds the value that a cookie's double submit repeats.
    #[must_use]
    pub fn with_csrf(mut self, csrf: impl Into<String>) -> Self {
        self.csrf = Some(csrf.into());
        self
    }

    /// Sets the first second at which the token is no longer valid (Unix time).
    #[must_use]
    pub const fn with_expiry(mut self, exp: u64) -> Self {
        self.exp = Some(exp);
        self
    }
}
