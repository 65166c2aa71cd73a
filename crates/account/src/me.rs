//! Reading one's own account.

use std::sync::Arc;

use jwt::Claims;
use model::UserId;

use crate::{Accounts, KnownUser, Principal, Refused};

impl Accounts {
    /// The account of a verified token, when this process has it at hand. Nothing is waited for.
    pub fn me_at_hand(&self, claims: &Claims) -> Option<Arc<KnownUser>> {
        let user = self.0.live.users().get(&claims.sub, self.0.clock.now())?;
        // A newer generation is told by the feed; that another application has disabled it is not.
        let accepted = match claims.sid {
            Some(_) => user.is_in_use(),
            None => user.accepts_without_session(),
        };
        accepted.then_some(user)
    }

    /// The caller's account.
    pub async fn me(&self, caller: impl Into<Principal>) -> Result<Arc<KnownUser>, Refused> {
        let caller = caller.into();
        let user = self.read_through(caller.user()).await?;
        let accepted = |user: &Arc<KnownUser>| match caller {
            Principal::Session(_) => user.is_in_use(),
            Principal::Legacy(_) => user.accepts_without_session(),
        };
        user.filter(accepted).ok_or(Refused::Revoked)
    }

    /// The account with this id, at most five seconds old.
    async fn read_through(&self, id: &UserId) -> Result<Option<Arc<KnownUser>>, storage::Error> {
        let users = self.0.live.users();
        let now = self.0.clock.now();
        if let Some(user) = users.get(id.as_str(), now) {
            return Ok(Some(user));
        }
        let ticket = users.ticket(id.as_str());
        let user = match self.0.storage.user(id).await {
            Ok(user) => user.map(|user| Arc::new(KnownUser::new(user))),
            Err(error) => return self.last_known(id, error).map(Some),
        };
        if let Some(user) = &user {
            users.insert(ticket, Arc::clone(user), now);
        }
        Ok(user)
    }

    /// The account as it was when the store was last heard, while tokens are taken without it.
    fn last_known(
        &self,
        id: &UserId,
        error: storage::Error,
    ) -> Result<Arc<KnownUser>, storage::Error> {
        let live = &self.0.live;
        match error {
            storage::Error::Unavailable(_) | storage::Error::Busy => {}
            storage::Error::Full
            | storage::Error::Unreadable { .. }
            | storage::Error::UnreadableAccount { .. }
            | storage::Error::Backend(_) => return Err(error),
        }
        if live.revoked().is_stale() {
            return Err(error);
        }
        let known =
            live.users()
                .last_known(id.as_str(), self.0.clock.now(), live.staleness_bound());
        known.ok_or(error)
    }
}
