//! Deleting one's own account.

use crate::events::Act;
use crate::{Accounts, Actor, Refused};

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// The account is someone else's; whether it exists isn't said.
    #[error("not one's own account")]
    Forbidden,
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Accounts {
    /// Deletes the account `id`, which must be the actor's own, with all its sessions. Needs a fresh
    /// token.
    pub async fn delete_account(&self, actor: &Actor, id: &str) -> Result<(), DeleteError> {
        if actor.user.as_str() != id {
            return Err(DeleteError::Forbidden);
        }
        self.require_fresh(actor)?;
        self.live_session(actor).await?;

        let deleted = self.0.storage.delete_user(&actor.user, self.moment()).await;
        if deleted.map_err(Refused::from)? {
            self.report(actor.event(Act::Deletion.done()));
            Ok(())
        } else {
            Err(Refused::Revoked.into())
        }
    }
}
