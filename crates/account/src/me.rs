//! Reading one's own account.

use std::sync::Arc;

use model::{User, UserId};

use crate::{Accounts, Actor, Refused};

impl Accounts {
    /// The actor's account, when this process has it at hand. Nothing is waited for.
    pub fn me_at_hand(&self, actor: &str) -> Option<Arc<User>> {
        self.0.live.users().get(actor, self.0.clock.now())
    }

    /// The actor's account.
    pub async fn me(&self, actor: &Actor) -> Result<Arc<User>, Refused> {
        self.read_through(&actor.user)
            .await?
            .ok_or(Refused::Revoked)
    }

    /// The account with this id, at most five seconds old.
    async fn read_through(&self, id: &UserId) -> Result<Option<Arc<User>>, storage::Error> {
        let users = self.0.live.users();
        let now = self.0.clock.now();
        if let Some(user) = users.get(id.as_str(), now) {
            return Ok(Some(user));
        }
        let ticket = users.ticket(id.as_str());
        let user = self.0.storage.user(id).await?.map(Arc::new);
        if let Some(user) = &user {
            users.insert(ticket, Arc::clone(user), now);
        }
        Ok(user)
    }
}
