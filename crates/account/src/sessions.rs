//! Listing and ending one's own sessions.

use model::{Session, SessionId};

use crate::events::Act;
use crate::{Accounts, Actor, Refused};

/// A session, as its owner sees it.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// The actor has no such session.
    #[error("no such session")]
    NotFound,
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Accounts {
    /// The actor's sessions that go on, the one used last first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<ListedSession>, Refused> {
        self.live_session(actor).await?;
        let user = self
            .0
            .storage
            .user(&actor.user)
            .await?
            .ok_or(Refused::Revoked)?;
        let sessions = self
            .0
            .storage
            .sessions_of(&actor.user, self.0.clock.now())
            .await?;
        Ok(sessions
            .into_iter()
            .filter(|session| user.accepts(session.id, session.generation))
            .map(|session| ListedSession {
                current: session.id == actor.session,
                session,
            })
            .collect())
    }

    /// Ends one session of the actor. To end another than one's own needs a fresh token: else a thief
    /// could lock the owner out.
    pub async fn end_session(&self, actor: &Actor, id: &str) -> Result<(), EndSessionError> {
        let id = SessionId::parse(id).map_err(|_| EndSessionError::NotFound)?;
        if id != actor.session {
            self.require_fresh(actor)?;
        }
        self.live_session(actor).await?;

        let theirs = self.0.storage.session(id).await.map_err(Refused::from)?;
        if theirs.is_none_or(|session| session.user != actor.user) {
            return Err(EndSessionError::NotFound);
        }
        let ended = self
            .0
            .storage
            .end_session(&actor.user, id, self.moment())
            .await;
        if ended.map_err(Refused::from)? {
            self.report_kept(Act::SessionEnd.done().of(&actor.user).in_session(id))
                .await;
            Ok(())
        } else {
            Err(EndSessionError::NotFound)
        }
    }

    /// Ends every session of the actor but the one that asks, and says how many. No device is remembered any more. Needs a
    /// fresh token.
    ///
    /// Devices are forgotten first: a session that one opens meanwhile either ends with the others, or finds afterwards that
    /// its device is forgotten (`opening.rs`).
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<u64, Refused> {
        self.require_fresh(actor)?;
        self.live_session(actor).await?;
        self.forget_devices(&actor.user).await?;
        let ended = self
            .0
            .storage
            .end_other_sessions(&actor.user, actor.session, self.moment())
            .await?;
        self.report_kept(actor.event(Act::OtherSessionsEnd.done()))
            .await;
        Ok(ended)
    }
}
