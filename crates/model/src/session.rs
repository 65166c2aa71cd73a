//! Sessions, and the pairs of tokens that prove them.

use std::fmt;

use secret::HashedToken;
use serde::{Deserialize, Serialize};

use crate::{Authentication, Generation, SessionId, Timestamp, TokenId, UserId};

/// What is known of the client that opened or used a session.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// Its network address.
    pub address: String,
    /// Its `User-Agent`, cut to 256 bytes.
    pub agent: String,
}

/// A session: opened by a login, renewed by refreshing, ended by a logout, by age or by a change of
/// the password elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The generation of the account that its login read.
    pub generation: Generation,
    /// How its owner has proven who they are when it was opened.
    pub authentication: Authentication,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When a pair of tokens was last issued for it.
    pub last_used_at: Timestamp,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
    /// The client that last got a pair.
    pub client: ClientInfo,
    /// The pair last issued: its refresh token is the one to be used next.
    pub pair: TokenPair,
    /// The refresh token before it, which may be repeated until the pair is handed out, and within the
    /// grace after that.
    pub previous: Option<TokenId>,
    /// When [`Session::pair`] was handed out; until then, when it took the place of the one before it.
    pub rotated_at: Timestamp,
    /// The refresh token of the pair that is being handed out: as long as it is that of
    /// [`Session::pair`], no answer with it has begun to leave, as far as the store knows.
    pub handing: Option<TokenId>,
    /// The cookie that leads a browser here; absent for a session that the API opened.
    pub browser: Option<BrowserCookie>,
}

/// What is kept of the cookie that leads a browser to its session.
///
/// The pair of such a session is never handed out: its refresh token stands for when the session
/// ends if it isn't used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrowserCookie {
    /// The hash of its value.
    pub hash: HashedToken,
    /// How its owner has last proven who they are in this browser.
    pub authentication: Authentication,
}

/// The claims of one access token and one refresh token that were issued together: enough to sign
/// the same pair again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPair {
    /// `jti` of the access token.
    pub access: TokenId,
    /// `jti` of the refresh token.
    pub refresh: TokenId,
    /// `csrf` of the access token, which Flask-JWT-Extended puts into every token.
    pub access_csrf: String,
    /// `csrf` of the refresh token.
    pub refresh_csrf: String,
    /// `iat` and `nbf` of the refresh token, Unix seconds.
    pub issued_at: u64,
    /// `iat` and `nbf` of the access token, Unix seconds: later, where it was renewed without the other.
    pub access_issued_at: u64,
    /// `exp` of the access token, Unix seconds.
    pub access_expires: u64,
    /// `exp` of the refresh token, Unix seconds.
    pub refresh_expires: u64,
    /// Until when the access token counts as fresh (Unix seconds); absent when it never did.
    pub fresh_until: Option<u64>,
}

impl TokenPair {
    /// The same pair, ending no later than `end`.
    #[must_use]
    pub fn capped_at(self, end: Timestamp) -> Self {
        let end = end.as_seconds();
        Self {
            access_expires: self.access_expires.min(end),
            refresh_expires: self.refresh_expires.min(end),
            ..self
        }
    }
}

impl Session {
    /// Whether it has ended by age at `now`: its refresh token can't be used any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.as_seconds() >= self.pair.refresh_expires || now >= self.expires_at
    }

    /// Whether an answer with the present pair has begun to leave for its owner. A pair that nothing is
    /// known of counts as handed out.
    pub fn is_handed_out(&self) -> bool {
        self.handing.as_ref() != Some(&self.pair.refresh)
    }

    /// Whether the cookie with this hash leads here.
    pub fn has_cookie(&self, hash: HashedToken) -> bool {
        self.browser.is_some_and(|cookie| cookie.hash == hash)
    }
}

impl fmt::Debug for ClientInfo {
    /// Tells nothing of the person's whereabouts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientInfo")
    }
}
