//! Ending every session of an account.

use model::User;

use super::{FindError, Operator};
use crate::events::Act;

impl Operator {
    /// Ends every session of the account, and how many those were. Every token that was issued to it is refused, also by
    /// another application before this one and for a sign-in that is under way; its owner signs in again, on known devices as
    /// on new ones.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn end_sessions(&self, named: &str) -> Result<(User, usize), FindError> {
        let id = self.find(named).await?;
        let moment = self.moment().await?;
        let before = self.storage.sessions_of(&id, moment.now).await?;
        let revoked = self.storage.revoke_user(&id, moment).await?;
        let user = revoked.ok_or(FindError::Unknown)?;
        self.report(Act::SessionsEnd.done().of(&user.id)).await;
        Ok((user, before.len()))
    }
}
