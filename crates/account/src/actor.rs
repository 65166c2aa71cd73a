//! Who asks: the account and session behind a verified token.

use model::{AuthenticationContext, Generation, Session, SessionId, TokenId, User, UserId};

use crate::Accounts;
use crate::events::Event;
use crate::unreadable::is_unreadable;

/// The account and the session that a verified token speaks for.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account: the token's `sub`.
    pub user: UserId,
    /// The session: the token's `sid`.
    pub session: SessionId,
    /// The token: its `jti`.
    pub token: TokenId,
    /// The account's generation when the session was opened: the token's `gen`.
    pub generation: Generation,
    /// What the token says of how its owner has proven who they are.
    pub authentication: AuthenticationContext,
}

/// Why an actor may not act.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The session has ended, or the account is gone or can't be read: the token is worth nothing.
    #[error("the session has ended")]
    Revoked,
    /// The act needs a token that was issued for a password a short while ago (RFC 9470).
    #[error("a fresh token is needed")]
    NotFresh,
    /// The store failed.
    #[error(transparent)]
    Storage(storage::Error),
}

impl From<storage::Error> for Refused {
    fn from(error: storage::Error) -> Self {
        if is_unreadable(&error) {
            Self::Revoked
        } else {
            Self::Storage(error)
        }
    }
}

impl Actor {
    /// What happened to the actor, of its account and in its session.
    pub(crate) const fn event<'a>(&'a self, event: Event<'a>) -> Event<'a> {
        event.of(&self.user).in_session(self.session)
    }
}

impl Accounts {
    /// Refuses an actor who has not proven a short while ago who they are.
    pub(crate) fn require_fresh(&self, actor: &Actor) -> Result<(), Refused> {
        if actor.authentication.is_fresh(self.0.clock.now()) {
            Ok(())
        } else {
            Err(Refused::NotFresh)
        }
    }

    /// The actor's session, when the store still has it and its account accepts it.
    ///
    /// Everything that changes an account asks this: whoever holds a shared signing key can make a
    /// token, but not the row of a session.
    pub(crate) async fn live_session(&self, actor: &Actor) -> Result<Session, Refused> {
        let (session, _) = self.live_account(actor).await?;
        Ok(session)
    }

    /// The same, with its account as it was read.
    pub(crate) async fn live_account(&self, actor: &Actor) -> Result<(Session, User), Refused> {
        let session = self
            .0
            .storage
            .session(actor.session)
            .await?
            .ok_or(Refused::Revoked)?;
        let user = self
            .0
            .storage
            .user(&actor.user)
            .await?
            .ok_or(Refused::Revoked)?;
        let good = session.user == user.id
            && !session.is_over(self.0.clock.now())
            && user.accepts(session.id, session.generation);
        if good {
            Ok((session, user))
        } else {
            Err(Refused::Revoked)
        }
    }
}
