//! Disabling an account.

use model::User;

use super::{FindError, Operator};
use crate::events::Act;

impl Operator {
    /// Disables the account: nobody can sign in to it, and every token and session of it is refused, on every server within
    /// a second. Enabling it brings none of them back.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn disable(&self, named: &str) -> Result<User, FindError> {
        let id = self.find(named).await?;
        let moment = self.moment().await?;
        let disabled = self.storage.disable_user(&id, moment).await?;
        let user = disabled.ok_or(FindError::Unknown)?;
        self.report(Act::Disabling.done().of(&user.id)).await;
        Ok(user)
    }
}
