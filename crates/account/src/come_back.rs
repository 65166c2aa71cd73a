//! Coming back to an account that waits to be deleted.

use model::User;

use crate::carrier::Carrier;
use crate::events::{Act, Reason};
use crate::mailing::KeepingNotice;
use crate::opening::Proven;
use crate::{Accounts, LoginAttempt, LoginError};

impl Accounts {
    /// Signs a person in who wants to keep an account that waits to be deleted. All that a sign-in asks for is asked for
    /// first; that they come here says that they want it. Of any other account it is a sign-in.
    pub async fn come_back<C: Carrier>(
        &self,
        attempt: LoginAttempt,
        carrier: &C,
    ) -> Result<C::Opened, LoginError> {
        let proven = self.prove_for_login(attempt).await?;
        let proven = self.or_challenge(proven).await?;
        let proven = self.keep_account(proven).await?;
        Ok(self.open_session(proven, carrier).await?)
    }

    /// Keeps an account that waits to be deleted, for somebody who has proven everything.
    pub(crate) async fn keep_account(&self, mut proven: Proven) -> Result<Proven, LoginError> {
        if proven.user.closes_at.is_some() && proven.is_enough() {
            match self.reopen(&proven.user).await {
                Ok(Some(user)) => {
                    proven.user = user;
                    proven = self.refuse_unconfirmed(proven).await?;
                }
                // It was deleted, or disabled, in between.
                Ok(None) => {
                    self.settle(proven.guess.given_back()).await?;
                    return Err(LoginError::InvalidCredentials);
                }
                Err(error) => {
                    self.settle(proven.guess.given_back()).await?;
                    return Err(error.into());
                }
            }
        }
        Ok(proven)
    }

    /// Keeps the account; nothing when it has been deleted, or disabled.
    async fn reopen(&self, user: &User) -> Result<Option<User>, storage::Error> {
        let announced = self.announce_keeping(user).await?;
        let (id, at) = (&user.id, user.generation);
        let reopened = self.0.storage.reopen_user(id, at, self.moment()).await?;
        if reopened.is_some() {
            self.report_kept(Act::Keeping.done().of(id)).await;
            self.made::<KeepingNotice>(announced).await;
        }
        Ok(reopened)
    }

    /// Refuses whoever has kept an account whose address must be confirmed first.
    async fn refuse_unconfirmed(&self, proven: Proven) -> Result<Proven, LoginError> {
        if !self.must_confirm_first(&proven.user) {
            return Ok(proven);
        }
        let refused = Act::SignIn.refused(Reason::EmailUnverified);
        self.report(refused.of(&proven.user.id));
        self.settle(proven.guess.given_back()).await?; // the password was right
        Err(LoginError::EmailUnverified)
    }

    /// Refuses whoever has proven everything, and has not said that they want to keep an account that waits to be deleted.
    pub(crate) async fn refuse_closing(&self, proven: Proven) -> Result<Proven, LoginError> {
        let Some(due_at) = proven.user.closes_at.filter(|_| proven.is_enough()) else {
            return Ok(proven);
        };
        let refused = Act::SignIn.refused(Reason::DeletionScheduled);
        self.report(refused.of(&proven.user.id));
        self.settle(proven.guess.given_back()).await?; // the password was right
        Err(LoginError::DeletionScheduled { due_at })
    }
}
