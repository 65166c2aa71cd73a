//! Proving once more who one is.

use std::time::Duration;

use jwt::IssueError;
use model::Session;
use password::Busy;
use secret::Secret;

use crate::attempts::GuessError;
use crate::{Accounts, Actor, DeviceToken, FreshAccess, Refused};

/// Why there is no fresh token.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// The password is wrong.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Too many attempts have failed: nothing was checked.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<GuessError> for ReauthenticateError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => Refused::from(error).into(),
        }
    }
}

impl Accounts {
    /// Issues a fresh access token of the same session.
    ///
    /// Whoever holds a stolen access token could guess here: attempts count as at sign-in, for the
    /// account, or for `device` when the account is known on it.
    pub async fn reauthenticate(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
    ) -> Result<FreshAccess, ReauthenticateError> {
        let session = self.prove_again(actor, device, password).await?;
        Ok(self.fresh_access(&session, self.0.clock.now())?)
    }

    /// The actor's session, when `password` is the account's.
    pub(crate) async fn prove_again(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
    ) -> Result<Session, ReauthenticateError> {
        let place = self.0.hasher.admit()?;
        let session = self.live_session(actor).await?;
        let found = self
            .0
            .storage
            .credentials(&actor.user)
            .await
            .map_err(Refused::from)?;
        let found = found.ok_or(Refused::Revoked)?;
        let budget = self.budget_of_actor(actor, device).await;
        let guess = self.count_guess(budget.map_err(Refused::from)?).await?;
        let Some(strength) = self.verify(&place, &password, found.hash.clone()).await else {
            return Err(ReauthenticateError::InvalidCredentials);
        };
        self.clear_guesses(guess).await.map_err(Refused::from)?;
        self.upgrade_if_outdated(&place, &found, strength, password)
            .await
            .map_err(Refused::from)?;
        Ok(session)
    }
}
