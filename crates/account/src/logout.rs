//! Signing out.

use crate::events::Act;
use crate::{Accounts, Principal};

impl Accounts {
    /// Ends the session, and with it both of its tokens; of a token that belongs to no session the token
    /// alone. When it answers, the end is durable and this process refuses them.
    ///
    /// # Errors
    /// When the store fails: the session is then not known to have ended.
    pub async fn logout(&self, caller: impl Into<Principal>) -> Result<(), storage::Error> {
        let actor = match caller.into() {
            Principal::Session(actor) => actor,
            Principal::Legacy(token) => return self.end_legacy(token).await,
        };
        let ended = self
            .0
            .storage
            .end_session(&actor.user, actor.session, self.moment())
            .await?;
        if ended {
            self.report_kept(actor.event(Act::SignOut.done())).await;
        }
        Ok(())
    }
}
