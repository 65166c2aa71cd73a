//! Setting a new password by a link.

use model::User;
use password::{Busy, Fault, HashError};
use secret::{PlainToken, Secret};
use storage::{Carried, PasswordChange, PasswordChanged, Purpose as _};

use super::{GoodReset, ResetPassword};
use crate::events::{Act, Reason};
use crate::identifier::{canonical, login_name};
use crate::mailing::{Announced, KeepingNotice, PasswordNotice};
use crate::{Accounts, DeviceToken};

/// Why the password is what it was.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link is unknown, was used, has expired, or the account has changed since.
    #[error("the link is not good any more")]
    InvalidLink,
    /// The new password breaks these rules. The link stays good.
    #[error("the password is not good enough")]
    Password(Vec<Fault>),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What a link sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPassword {
    /// The first password of an account whose owner was invited.
    First,
    /// One in place of another.
    Another,
    /// One in place of another, by which an account is kept that is scheduled for deletion.
    Keeping,
}

impl Accounts {
    /// What a link sets now; nothing when it is not good.
    pub async fn what_is_set_by(&self, link: &str) -> Result<Option<NewPassword>, storage::Error> {
        let found = self.reset_behind(link).await?;
        Ok(found.map(|found| {
            if found.user.closes_at.is_some() {
                NewPassword::Keeping
            } else if found.user.is_invited {
                NewPassword::First
            } else {
                NewPassword::Another
            }
        }))
    }

    /// Sets a new password by a link. Every session ends, no device is known any more but the one that asks, whose token
    /// this gives, and the guesses at the old password are forgotten. An account that is scheduled for deletion is kept.
    ///
    /// The account's own update spends the link: after an outage it is good, or the password is set.
    pub async fn reset_password(
        &self,
        link: &str,
        new: Secret<String>,
    ) -> Result<DeviceToken, ResetError> {
        let permit = self.admit_registration(link)?; // a stranger: nobody is signed in
        let Some(GoodReset { user, proven }) = self.reset_behind(link).await? else {
            self.report(Act::PasswordReset.refused(Reason::InvalidLink));
            return Err(ResetError::InvalidLink);
        };
        let identities = user.identities().map(str::to_owned).collect();
        let checking = permit.check(self.0.settings.policy, new.clone(), identities);
        if let Err(faults) = checking.await? {
            let refused = Act::PasswordReset.refused(Reason::UnacceptablePassword);
            self.report(refused.of(&user.id));
            return Err(ResetError::Password(faults));
        }
        let hash = permit.hash(new).await?;
        drop(permit);

        let generation = user.generation.next();
        let announced = self.announce_password(&user, generation).await?;
        let keeping = match user.closes_at {
            Some(_) => self.announce_keeping(&user).await?,
            None => Announced::to_nobody(),
        };
        let change = PasswordChange {
            user: user.id.clone(),
            at: user.generation,
            hash,
            keep: None,
            proven,
        };
        match self
            .0
            .storage
            .change_password(change, self.moment())
            .await?
        {
            PasswordChanged::Changed => {}
            PasswordChanged::Superseded => {
                let refused = Act::PasswordReset.refused(Reason::Superseded);
                self.report(refused.of(&user.id));
                return Err(ResetError::InvalidLink);
            }
        }
        self.report_kept(Act::PasswordReset.done().of(&user.id))
            .await;
        if user.closes_at.is_some() {
            self.report_kept(Act::Keeping.done().of(&user.id)).await;
            self.made::<KeepingNotice>(keeping).await;
        }
        self.made::<PasswordNotice>(announced).await;
        self.forget_guesses(&user).await;
        Ok(self.issue_device(&user.id, generation, None))
    }

    /// Whose password a link sets, and what that proves; nothing when it is good for nothing.
    async fn reset_behind(&self, link: &str) -> Result<Option<GoodReset>, storage::Error> {
        let Ok(token) = PlainToken::parse(ResetPassword::PREFIX, link) else {
            return Ok(None);
        };
        let found: Option<Carried<ResetPassword>> = self.tickets().look(&token).await?;
        let Some(reset) = found else {
            return Ok(None);
        };
        let found = crate::unreadable::readable(self.0.storage.user(&reset.user).await)?;
        Ok(found.and_then(|user| GoodReset::of(&reset, user)))
    }

    /// What was guessed at the old password counts no more. When that fails the owner waits.
    pub(crate) async fn forget_guesses(&self, user: &User) {
        let mut budgets = vec![self.budget_of_account(&user.id)];
        for identity in user.identities() {
            let name = login_name(identity);
            // The canonical form of an imported name may be that of another account, whose guesses are counted on.
            match self.is_meant_by_form(user, &name).await {
                Ok(true) => budgets.push(self.budget_of_identifier(canonical(&name))),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "guesses at an old password are still counted");
                }
            }
        }
        for budget in budgets {
            if let Err(error) = self.0.storage.clear_attempts(budget).await {
                tracing::warn!(%error, "guesses at an old password are still counted");
            }
        }
    }

    /// Has the owner told of a change of the password that is about to be made, once it is.
    pub(crate) async fn announce_password(
        &self,
        user: &User,
        generation: model::Generation,
    ) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let notice = PasswordNotice {
            user: user.id.clone(),
            generation,
            language: self.language(mailing),
        };
        self.announce(&notice, Some(&user.id)).await
    }
}
