//! The password once more, from somebody who is signed in.

use std::time::Duration;

use model::{Authentication, Credentials, Session};
use password::{Busy, Permit, Strength};
use secret::Secret;

use crate::attempts::GuessError;
use crate::events::{Act, Reason};
use crate::{Accounts, Actor, DeviceToken, FactorError, Refused};

/// Why a password has proven nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The password is wrong, or someone changed it in between.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Too many attempts have failed: nothing was checked.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The password was right, and the account has a second factor, which is needed, too.
    #[error("the second factor is needed")]
    FactorRequired,
    /// The second factor proved nothing.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Whose password it is.
pub(crate) struct Proof {
    pub(crate) session: Session,
    pub(crate) found: Credentials,
    pub(crate) strength: Strength,
    /// What is proven by it.
    pub(crate) authentication: Authentication,
}

impl From<GuessError> for ProofError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => Refused::from(error).into(),
        }
    }
}

impl Accounts {
    /// Checks that `password` is that of the actor's account, who needs that for `act`.
    ///
    /// Whoever holds a stolen access token could guess here: attempts count as at sign-in, for the
    /// account, or for `device` when the account is known on it.
    pub(crate) async fn prove_password(
        &self,
        permit: &Permit,
        act: Act,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: &Secret<String>,
    ) -> Result<Proof, ProofError> {
        let session = self.live_session(actor).await?;
        let found = self.0.storage.credentials(&actor.user).await;
        let found = found.map_err(Refused::from)?.ok_or(Refused::Revoked)?;
        let budget = self.budget_of_actor(actor, device).await;
        let budget = budget.map_err(Refused::from)?;
        let guess = self.count_guess(budget, act, Some(&actor.user)).await?;
        let verified = self.verify(permit, password, found.hash.clone(), Some(&found.user.id));
        let verified = match verified.await {
            Ok(verified) => verified,
            Err(not_compared) => {
                self.give_back(guess).await;
                return Err(not_compared.into());
            }
        };
        let Some(strength) = verified.strength else {
            self.report(actor.event(act.refused(Reason::WrongPassword)));
            return Err(ProofError::InvalidCredentials);
        };
        self.clear_guesses(guess).await.map_err(Refused::from)?;
        Ok(Proof {
            session,
            found,
            strength,
            authentication: Authentication::by_password(self.0.clock.now()),
        })
    }
}
