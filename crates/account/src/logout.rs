//! Signing out.

use crate::{Accounts, Actor};

impl Accounts {
    /// Ends the session, and with it both of its tokens. When it answers, the end is durable and this
    /// process refuses them.
    ///
    /// # Errors
    /// When the store fails: the session is then not known to have ended.
    pub async fn logout(&self, actor: &Actor) -> Result<(), storage::Error> {
        self.0
            .storage
            .end_session(&actor.user, actor.session, self.moment())
            .await?;
        Ok(())
    }
}
