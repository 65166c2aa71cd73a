//! Trading a refresh token for the next pair.

use jwt::IssueError;
use model::{ClientInfo, Session, SessionId, TokenId};
use storage::{Rotated, Rotation};

use crate::events::{Act, Reason};
use crate::unreadable::is_unreadable;
use crate::{Accounts, Principal, Tokens};

/// Why there is no new pair.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The session has ended, just now if this token was used before; or its account can't be read.
    #[error("the session has ended")]
    Revoked,
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(storage::Error),
}

impl From<storage::Error> for RefreshError {
    fn from(error: storage::Error) -> Self {
        if is_unreadable(&error) {
            Self::Revoked
        } else {
            Self::Storage(error)
        }
    }
}

/// The next pair of a session.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The pair.
    pub tokens: Tokens,
    /// What to note when the first byte of the answer with it leaves ([`Accounts::note_handed_out`]);
    /// nothing where that was noted before.
    pub handing: Option<Handing>,
}

/// A pair that nobody has yet, as far as the store knows. Until that is noted, the token that it was
/// got for can be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handing {
    session: SessionId,
    refresh: TokenId,
}

impl Handing {
    fn of(session: &Session) -> Option<Self> {
        (!session.is_handed_out()).then(|| Self {
            session: session.id,
            refresh: session.pair.refresh.clone(),
        })
    }
}

impl Accounts {
    /// Issues the next pair of the session and spends the token.
    ///
    /// Simultaneous uses, and a repetition until the pair is handed out and within the grace after
    /// that, all get the same pair; any other second use ends the session ([`storage::rotation`]). A
    /// token that belongs to no session opens one, and can't be repeated.
    pub async fn refresh(
        &self,
        caller: impl Into<Principal>,
        client: ClientInfo,
    ) -> Result<Refreshed, RefreshError> {
        let actor = match caller.into() {
            Principal::Session(actor) => actor,
            Principal::Legacy(token) => {
                let tokens = self.open_for_legacy(token, client).await?;
                let handing = None;
                return Ok(Refreshed { tokens, handing });
            }
        };
        let moment = self.moment();
        let rotation = Rotation {
            user: actor.user.clone(),
            session: actor.session,
            presented: actor.token.clone(),
            successor: self.new_pair(moment.now, None),
            grace: self.0.settings.refresh_grace,
            client,
        };
        match self.0.storage.rotate(rotation, moment).await? {
            Rotated::Renewed(session) | Rotated::Repeated(session) => Ok(Refreshed {
                tokens: self.sign(&session, moment.now)?,
                handing: Handing::of(&session),
            }),
            Rotated::Replayed => {
                self.report(actor.event(Act::Refresh.refused(Reason::Replayed)));
                Err(RefreshError::Revoked)
            }
            Rotated::Refused => Err(RefreshError::Revoked),
        }
    }

    /// Notes that an answer with this pair has begun to leave: from now on the token before it can be
    /// repeated for the grace, and no longer.
    ///
    /// # Errors
    /// When the store fails. Lost for good, a replay of that token is found one rotation later.
    pub async fn note_handed_out(&self, handing: Handing) -> Result<(), storage::Error> {
        let Handing { session, refresh } = handing;
        let (storage, now) = (&self.0.storage, self.0.clock.now());
        storage.note_handed_out(session, refresh, now).await?;
        Ok(())
    }
}
