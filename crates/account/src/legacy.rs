//! Tokens of the application before this one, which knew no sessions.
//!
//! Such a token reads its account, signs out, and opens a session, once. What changes an account takes
//! an [`Actor`], which there is none of without a session. The feed forgets a change of the password
//! when our own tokens of before it have expired, and these may live longer: so each use asks the
//! account itself.

use model::{Origin, Timestamp, TokenId, User, UserId};
use storage::SpentToken;

use crate::events::Act;
use crate::settings::MAX_SESSIONS;
use crate::{Accounts, Actor, RefreshError, Tokens};

/// Whoever sent a verified token.
#[derive(Clone, Debug)]
pub enum Caller {
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
    /// Its `exp`.
    pub expires: Timestamp,
}

impl From<Actor> for Caller {
    fn from(actor: Actor) -> Self {
        Self::Session(actor)
    }
}

impl From<&Actor> for Caller {
    fn from(actor: &Actor) -> Self {
        Self::Session(actor.clone())
    }
}

impl Caller {
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
        origin: Origin,
    ) -> Result<Tokens, RefreshError> {
        let moment = self.moment();
        let user = self.0.storage.user(&token.user).await?;
        let user = user
            .filter(User::accepts_without_session)
            .ok_or(RefreshError::Revoked)?;
        let mut session = self.new_session(&user, origin, moment.now);
        session.pair.fresh_until = None;
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
        self.report(Act::SignOut.done().of(&user));
        Ok(())
    }

    fn spent(&self, token: LegacyToken) -> SpentToken {
        SpentToken {
            id: token.id,
            until: token.expires.plus(self.0.settings.expiry_margin()),
        }
    }
}
