//! Deleting one's own account: at once, or after a time in which its owner may come back.

use std::time::Duration;

use model::{AuthenticationContext, Timestamp, User};
use secret::Secret;
use storage::{Closing, Error};

use crate::events::Act;
use crate::mailing::{ClosingNotice, DeletionNotice};
use crate::{Accounts, Actor, DeviceToken, PresentedFactor, ProofError, Refused};

/// Accounts that are looked at in one step.
const BATCH: u32 = 100;

/// What has become of an account whose owner wants it deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// It is deleted then, unless its owner comes back.
    Due(Timestamp),
}

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
    /// Deletes the account `id`, which must be the actor's own, with all its sessions; or has it deleted later, where that is
    /// set: then its sessions end, and it can't be used unless its owner comes back. Needs a fresh token.
    pub async fn delete_account(&self, actor: &Actor, id: &str) -> Result<Deletion, DeleteError> {
        if actor.user.as_str() != id {
            return Err(DeleteError::Forbidden);
        }
        Ok(self.delete_own_account(actor).await?)
    }

    /// Deletes the account of whoever proves by the password that it is theirs. Guesses count as in
    /// [`Accounts::reauthenticate`], together with those.
    pub async fn delete_by_password(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
        factor: Option<PresentedFactor>,
    ) -> Result<Deletion, ProofError> {
        let (_, proven) = self.prove_again(actor, device, password, factor).await?;
        let actor = Actor {
            authentication: AuthenticationContext::just_proven(proven),
            ..actor.clone()
        };
        Ok(self.delete_own_account(&actor).await?)
    }

    /// How long an account waits to be deleted, and until when one does whose owner wants that now; nothing where none waits.
    pub fn deletion_wait(&self) -> Option<(Duration, Timestamp)> {
        let grace = self.0.settings.deletion_grace;
        (!grace.is_zero()).then(|| (grace, self.0.clock.now().plus(grace)))
    }

    async fn delete_own_account(&self, actor: &Actor) -> Result<Deletion, Refused> {
        self.require_fresh(actor)?;
        let (_, user) = self.live_account(actor).await?;
        let done = match self.deletion_wait() {
            None => self.delete_now(&user).await,
            Some((_, until)) => self.delete_later(&user, until).await,
        };
        let deletion = done?.ok_or(Refused::Revoked)?;
        let act = match deletion {
            Deletion::Done => Act::Deletion,
            Deletion::Due(_) => Act::Closing,
        };
        self.report_kept(actor.event(act.done())).await;
        Ok(deletion)
    }

    async fn delete_now(&self, user: &User) -> Result<Option<Deletion>, Error> {
        let announced = self.announce_deletion(user).await?;
        let deleted = self.0.storage.delete_user(&user.id, self.moment()).await?;
        if deleted {
            self.made::<DeletionNotice>(announced).await;
        }
        Ok(deleted.then_some(Deletion::Done))
    }

    async fn delete_later(&self, user: &User, until: Timestamp) -> Result<Option<Deletion>, Error> {
        let closing = Closing {
            user: user.id.clone(),
            at: user.generation,
            until,
        };
        let announced = self.announce_closing(user).await?;
        let closed = self.0.storage.close_user(closing, self.moment()).await?;
        if closed.is_some() {
            self.made::<ClosingNotice>(announced).await;
        }
        Ok(closed.map(|_| Deletion::Due(until)))
    }

    /// Deletes the accounts whose time is over. Every process does it: of several at once one deletes an account.
    ///
    /// What can't be deleted leaves the others to be deleted; the first fault is the answer.
    pub(crate) async fn delete_what_is_due(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let due = self.0.storage.due_users(now, BATCH).await?;
            let (mut gone, mut failed) = (0, Ok(()));
            for user in &due {
                match self.delete_when_due(user).await {
                    Ok(deleted) => gone += u32::from(deleted),
                    Err(error) => failed = failed.and(Err(error)),
                }
            }
            failed?;
            if gone < BATCH {
                return Ok(());
            }
        }
    }

    async fn delete_when_due(&self, user: &User) -> Result<bool, Error> {
        let announced = self.announce_deletion(user).await?;
        let deleting = self
            .0
            .storage
            .delete_due_user(&user.id, user.generation, self.moment());
        let deleted = deleting.await?;
        if deleted {
            self.report(Act::Deletion.done().of(&user.id));
            self.made::<DeletionNotice>(announced).await;
        }
        Ok(deleted)
    }
}
