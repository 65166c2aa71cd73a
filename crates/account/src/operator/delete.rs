//! Deleting an account.

use model::UserId;
use storage::Error;

use super::{FindError, LANGUAGE, Operator};
use crate::events::Act;
use crate::mailing::{Announced, DeletionNotice};

impl Operator {
    /// Deletes the account with everything that belongs to it, also one that can't be read. Its name and its address stay
    /// reserved, and the owner is told by mail, as when its owner deletes it.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn delete(&self, named: &str) -> Result<UserId, FindError> {
        let id = self.find(named).await?;
        let moment = self.moment().await?;
        let announced = self.announce_deletion(&id).await?;
        if !self.storage.delete_user(&id, moment).await? {
            return Err(FindError::Unknown);
        }
        self.report(Act::Deletion.done().of(&id)).await;
        if let Some(outbox) = self.outbox() {
            outbox.made::<DeletionNotice>(announced).await;
        }
        Ok(id)
    }

    /// Has the owner told that the account was deleted, once it is. Of one that can't be read nobody knows whom to tell.
    async fn announce_deletion(&self, id: &UserId) -> Result<Announced, Error> {
        let Some(outbox) = self.outbox() else {
            return Ok(Announced::to_nobody());
        };
        match self.storage.user(id).await {
            Ok(Some(user)) => outbox.announce_deletion(&user, LANGUAGE.to_owned()).await,
            Ok(None) | Err(Error::UnreadableAccount { .. }) => Ok(Announced::to_nobody()),
            Err(error) => Err(error),
        }
    }
}
