//! Tokens of the application before this one, which knew no sessions.
//!
//! Such a token reads its account, signs out, and opens a session, once. What changes an account takes
//! an [`Actor`], which there is none of without a session. The feed forgets a change of the password
//! when our own tokens of before it have expired, and these may live longer: so each use asks the
//! account itself.

use jwt::Verified;
use model::{
    Authentication, AuthenticationContext, ClientInfo, Generation, SessionId, Timestamp, TokenId,
    User, UserId,
};
use storage::SpentToken;

use crate::authentication;
use crate::events::Act;
use crate::settings::MAX_SESSIONS;
use crate::{Accounts, Actor, RefreshError, Tokens};

/// Whoever sent a verified token.
#[derive(Clone, Debug)]
pub enum Principal {
    /// The token belongs to a session.
    Session(Actor),
    /// It belongs to none.
    Legacy(LegacyToken),
}

/// A verified token that belongs to no session.
#[derive(Clone, Debug)]
pub struct LegacyToken {
    /// The account: its `sub`.
    pub user: UserId,
    /// Its `jti`.
    pub id: TokenId,
    /// Its `iat`: that application issued it for a password then.
    pub issued: Timestamp,
    /// Its `exp`.
    pub expires: Timestamp,
}

impl From<Actor> for Principal {
    fn from(actor: Actor) -> Self {
        Self::Session(actor)
    }
}

impl From<&Actor> for Principal {
    fn from(actor: &Actor) -> Self {
        Self::Session(actor.clone())
    }
}

impl Principal {
    /// Whom a verified token speaks for; nobody where its ids can't be ours, so that it is as unknown as a
    /// session that has ended.
    ///
    /// The authority has refused tokens without a session, but those of the application before this one, as
    /// long as these are good.
    pub fn of(token: &Verified) -> Option<Self> {
        let claims = &token.claims;
        let user = UserId::parse(claims.sub.as_str()).ok()?;
        let id = TokenId::from_stored(claims.jti.as_deref().unwrap_or_default());
        let Some(session) = claims.sid.as_deref() else {
            let time =
                |seconds| Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
            return Some(Self::Legacy(LegacyToken {
                user,
                id,
                issued: time(claims.iat.unwrap_or_default()),
                expires: time(claims.exp?),
            }));
        };
        Some(Self::Session(Actor {
            user,
            session: SessionId::parse(session).ok()?,
            token: id,
            generation: Generation(claims.generation.unwrap_or_default()),
            authentication: authentication::read(claims),
        }))
    }

    /// The account.
    pub(crate) const fn user(&self) -> &UserId {
        match self {
            Self::Session(actor) => &actor.user,
            Self::Legacy(token) => &token.user,
        }
    }
}

impl Accounts {
    /// Opens a session for a refresh token that belongs to none, and spends the token. The session isn't
    /// fresh: nobody has proven anything.
    pub(crate) async fn open_for_legacy(
        &self,
        token: LegacyToken,
        client: ClientInfo,
    ) -> Result<Tokens, RefreshError> {
        let moment = self.moment();
        let user = self.0.storage.user(&token.user).await?;
        let user = user
            .filter(User::accepts_without_session)
            .ok_or(RefreshError::Revoked)?;
        let authentication = Authentication::by_password(token.issued);
        if !self.demands(&user, !user.second_factor).await?.are_met() {
            return Err(RefreshError::Revoked); // its owner signs in, and is told what is missing
        }
        let context = AuthenticationContext::carried_on(authentication);
        let session = self.new_session(&user, context, client, moment.now);
        let tokens = self.sign(&session, moment.now)?;
        let traded = session.id;

        let (storage, spent) = (&self.0.storage, self.spent(token));
        if storage
            .open_session_once(spent, session, MAX_SESSIONS, moment)
            .await?
        {
            let done = Act::LegacyTokenTrade.done();
            self.report(done.of(&user.id).in_session(traded));
            Ok(tokens)
        } else {
            Err(RefreshError::Revoked)
        }
    }

    /// Refuses the token from now on. When it answers, that is durable and this process refuses it.
    pub(crate) async fn end_legacy(&self, token: LegacyToken) -> Result<(), storage::Error> {
        let user = token.user.clone();
        self.0.storage.spend_token(self.spent(token)).await?;
        self.report_kept(Act::SignOut.done().of(&user)).await;
        Ok(())
    }

    fn spent(&self, token: LegacyToken) -> SpentToken {
        SpentToken {
            id: token.id,
            until: token.expires.plus(self.0.settings.expiry_margin()),
        }
    }
}
