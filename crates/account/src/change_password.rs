//! Changing one's own password.

use std::time::Duration;

use password::{Busy, Fault, HashError};
use secret::Secret;
use storage::{PasswordChange, PasswordChanged};

use crate::attempts::GuessError;
use crate::{Accounts, Actor, DeviceToken, Refused};

/// Why the password is what it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong, or someone changed it in between.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The new password breaks these rules.
    #[error("the password is not good enough")]
    Password(Vec<Fault>),
    /// Too many attempts have failed: nothing was checked.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<GuessError> for ChangePasswordError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => Refused::from(error).into(),
        }
    }
}

impl Accounts {
    /// Replaces the password. Every other session ends; the one that asked lives on. No device is known
    /// any more, until it signs in again.
    ///
    /// Attempts at the current password count as in [`Accounts::reauthenticate`], together with those.
    pub async fn change_password(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(), ChangePasswordError> {
        let place = self.0.hasher.admit()?;
        self.live_session(actor).await?;
        let found = self
            .0
            .storage
            .credentials(&actor.user)
            .await
            .map_err(Refused::from)?;
        let found = found.ok_or(Refused::Revoked)?;
        let budget = self.budget_of_actor(actor, device).await;
        let guess = self.count_guess(budget.map_err(Refused::from)?).await?;
        if self.verify(&place, &current, found.hash).await.is_none() {
            return Err(ChangePasswordError::InvalidCredentials);
        }
        self.clear_guesses(guess).await.map_err(Refused::from)?;

        let user = &found.user;
        let identities = vec![user.username.clone(), user.email.clone()];
        place
            .check(self.0.settings.policy, new.clone(), identities)
            .await
            .map_err(ChangePasswordError::Password)?;
        let hash = place.hash(new).await?;
        drop(place);

        let change = PasswordChange {
            user: actor.user.clone(),
            at: user.generation,
            hash,
            keep: Some(actor.session),
        };
        match self
            .0
            .storage
            .change_password(change, self.moment())
            .await
            .map_err(Refused::from)?
        {
            PasswordChanged::Changed => Ok(()),
            PasswordChanged::Superseded => Err(ChangePasswordError::InvalidCredentials),
        }
    }

    /// What is wrong with a new password that is refused for other faults of the request: so that all of
    /// them can be told at once.
    ///
    /// # Errors
    /// As in [`change_password`](Self::change_password); never [`ChangePasswordError::Password`].
    pub async fn judge_new_password(
        &self,
        actor: &Actor,
        new: Secret<String>,
    ) -> Result<Vec<Fault>, ChangePasswordError> {
        let place = self.0.hasher.admit()?;
        self.live_session(actor).await?;
        let user = self.0.storage.user(&actor.user).await;
        let user = user.map_err(Refused::from)?.ok_or(Refused::Revoked)?;
        let identities = vec![user.username, user.email];
        let checking = place.check(self.0.settings.policy, new, identities);
        Ok(checking.await.err().unwrap_or_default())
    }
}
