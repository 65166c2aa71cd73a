//! Sessions that tokens carry, and making these.

use std::fmt;
use std::time::Duration;

use jwt::{Claims, Fresh, IssueError, Token};
use model::{
    Authentication, AuthenticationContext, ClientInfo, Session, SessionId, Timestamp, TokenId,
    TokenPair, User,
};

use crate::authentication;
use crate::carrier::{Carrier, Given, Holder};
use crate::settings::MAX_SESSIONS;
use crate::{Accounts, Actor, DeviceToken, ReauthenticateError, Refused, RememberedDevice};

/// A pair of tokens, as it goes to its owner.
#[derive(Clone)]
pub struct Tokens {
    /// Proves the session for a few minutes.
    pub access: Token,
    /// Gets the next pair, once.
    pub refresh: Token,
    /// How long the access token lives from now.
    pub expires_in: Duration,
    /// How long the refresh token lives from now.
    pub refresh_expires_in: Duration,
    /// The session.
    pub session: SessionId,
    /// Proves at the next sign-in that this device is known. A sign-in gives it; a refresh doesn't: a
    /// stolen refresh token would otherwise make one device after the other.
    pub device: Option<DeviceToken>,
    /// Until when a sign-in takes no second factor, which the server requires; nothing where the account has one, or none is
    /// required. A sign-in says it.
    pub enrol_by: Option<Timestamp>,
    /// Stands for the second factor at the next sign-ins on this device, where its owner wanted that.
    pub remembered: Option<RememberedDevice>,
}

/// A fresh access token of a session that goes on.
#[derive(Clone)]
pub struct FreshAccess {
    /// The token.
    pub access: Token,
    /// How long it lives from now.
    pub expires_in: Duration,
}

/// A pair of tokens is to carry the session.
#[derive(Clone, Copy, Debug)]
pub struct Bearer;

impl Carrier for Bearer {
    type Opened = Tokens;

    fn carry(
        &self,
        accounts: &Accounts,
        session: &mut Session,
        given: Given,
    ) -> Result<Tokens, IssueError> {
        let mut tokens = accounts.sign(session, session.created_at)?;
        tokens.device = Some(given.device);
        tokens.enrol_by = given.enrol_by;
        tokens.remembered = given.remembered;
        Ok(tokens)
    }

    fn replaces(&self) -> Option<&Actor> {
        None // whoever has them has them beside others
    }
}

impl Holder for Actor {
    type Fresh = FreshAccess;
    type Renewed = ();

    fn actor(&self) -> &Actor {
        self
    }

    async fn freshen(
        &self,
        accounts: &Accounts,
        session: &Session,
        proven: Authentication,
    ) -> Result<FreshAccess, ReauthenticateError> {
        Ok(accounts.fresh_access(session, proven, accounts.0.clock.now())?)
    }

    async fn renew(&self, _: &Accounts, _: Authentication) -> Result<(), Refused> {
        Ok(()) // tokens run out, and a copied refresh token is found out at its second use
    }
}

impl Accounts {
    /// A session that begins now, to be kept.
    pub(crate) fn new_session(
        &self,
        user: &User,
        context: AuthenticationContext,
        client: ClientInfo,
        now: Timestamp,
    ) -> Session {
        let expires_at = now.plus(self.0.settings.session_max_age);
        let pair = self
            .new_pair(now, context.fresh_until)
            .capped_at(expires_at);
        Session {
            id: SessionId::new(now, &*self.0.rng),
            user: user.id.clone(),
            generation: user.generation,
            authentication: context.authentication,
            created_at: now,
            last_used_at: now,
            expires_at,
            client,
            pair,
            previous: None,
            rotated_at: now,
            handing: None,
            browser: None,
        }
    }

    /// Keeps a session that begins; beyond so many of one user the oldest end.
    pub(crate) async fn keep_session(&self, session: Session) -> Result<(), storage::Error> {
        self.0
            .storage
            .open_session(session, MAX_SESSIONS, self.moment())
            .await
    }

    /// The claims of a new pair.
    pub(crate) fn new_pair(&self, now: Timestamp, fresh_until: Option<Timestamp>) -> TokenPair {
        let rng = &*self.0.rng;
        TokenPair {
            access: TokenId::new(rng),
            refresh: TokenId::new(rng),
            access_csrf: TokenId::new(rng).to_string(),
            refresh_csrf: TokenId::new(rng).to_string(),
            issued_at: now.as_seconds(),
            access_issued_at: now.as_seconds(),
            access_expires: now.plus(self.access_lifetime()).as_seconds(),
            refresh_expires: now.plus(self.0.settings.refresh_lifetime).as_seconds(),
            fresh_until: fresh_until.map(Timestamp::as_seconds),
        }
    }

    /// Signs the pair that `session` holds: the same claims each time it is asked.
    pub(crate) fn sign(&self, session: &Session, now: Timestamp) -> Result<Tokens, IssueError> {
        let pair = &session.pair;
        let user = session.user.as_str();
        let access = Claims::access(user, pair.access.as_str(), pair.access_issued_at, 0)
            .with_expiry(pair.access_expires)
            .with_fresh(pair.fresh_until.map_or(Fresh::No, Fresh::Until))
            .with_csrf(pair.access_csrf.as_str())
            .with_session(session.id.to_string(), session.generation.0);
        let access = authentication::said(access, session.authentication);
        let refresh = Claims::refresh(user, pair.refresh.as_str(), pair.issued_at, 0)
            .with_expiry(pair.refresh_expires)
            .with_csrf(pair.refresh_csrf.as_str())
            .with_session(session.id.to_string(), session.generation.0);
        Ok(Tokens {
            access: self.0.authority.issue(&access)?,
            refresh: self.0.authority.issue(&refresh)?,
            expires_in: left(pair.access_expires, now),
            refresh_expires_in: left(pair.refresh_expires, now),
            session: session.id,
            device: None,
            enrol_by: None,
            remembered: None,
        })
    }

    /// One more access token for `session`, for what its owner has `proven` just now.
    fn fresh_access(
        &self,
        session: &Session,
        proven: Authentication,
        now: Timestamp,
    ) -> Result<FreshAccess, IssueError> {
        let pair = self
            .new_pair(now, Some(proven.fresh_until()))
            .capped_at(session.expires_at);
        let once_more = Session {
            pair,
            authentication: proven,
            ..session.clone()
        };
        let Tokens {
            access, expires_in, ..
        } = self.sign(&once_more, now)?;
        Ok(FreshAccess { access, expires_in })
    }
}

fn left(expires: u64, now: Timestamp) -> Duration {
    Duration::from_secs(expires.saturating_sub(now.as_seconds()))
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FreshAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshAccess")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}
