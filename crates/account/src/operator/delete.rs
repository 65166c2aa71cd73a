//! Deleting an account.

use model::UserId;

use super::{FindError, Operator, report};
use crate::events::Act;

impl Operator {
    /// Deletes the account with everything that belongs to it, also one that can't be read. Its name and its address stay
    /// reserved, as when its owner deletes it.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn delete(&self, named: &str) -> Result<UserId, FindError> {
        let id = self.find(named).await?;
        let moment = self.moment().await?;
        if !self.storage.delete_user(&id, moment).await? {
            return Err(FindError::Unknown);
        }
        report(Act::Deletion.done().of(&id));
        Ok(id)
    }
}
