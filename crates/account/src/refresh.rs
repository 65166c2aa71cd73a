//! Trading a refresh token for the next pair.

use jwt::IssueError;
use model::Origin;
use storage::{Rotated, Rotation};

use crate::{Accounts, Caller, Tokens};

/// Why there is no new pair.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The session has ended, just now if this token was used before.
    #[error("the session has ended")]
    Revoked,
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Accounts {
    /// Issues the next pair of the session and spends the token.
    ///
    /// Simultaneous uses, and a repetition within the grace, all get the same pair; any other second
    /// use ends the session ([`storage::rotation`]). A token that belongs to no session opens one, and
    /// can't be repeated.
    pub async fn refresh(
        &self,
        caller: impl Into<Caller>,
        origin: Origin,
    ) -> Result<Tokens, RefreshError> {
        let actor = match caller.into() {
            Caller::Session(actor) => actor,
            Caller::Legacy(token) => return self.open_for_legacy(token, origin).await,
        };
        let moment = self.moment();
        let rotation = Rotation {
            user: actor.user,
            session: actor.session,
            presented: actor.token,
            successor: self.new_pair(moment.now, None),
            grace: self.0.settings.refresh_grace,
            origin,
        };
        match self.0.storage.rotate(rotation, moment).await? {
            Rotated::Renewed(session) | Rotated::Repeated(session) => {
                Ok(self.sign(&session, moment.now)?)
            }
            Rotated::Replayed => {
                tracing::warn!(session = %actor.session, "a used refresh token came again: the session was ended");
                Err(RefreshError::Revoked)
            }
            Rotated::Refused => Err(RefreshError::Revoked),
        }
    }
}
