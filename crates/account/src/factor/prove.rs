//! Proving oneself by the second factor.

use std::time::Duration;

use factors::{RecoveryCode, Step};
use model::{Method, UserId};
use secret::Secret;
use storage::SecondFactor;

use super::{FEW_RECOVERY_CODES, FactorKind, FactorNews, Unreadable};
use crate::Accounts;
use crate::attempts::GuessError;
use crate::events::{Act, Reason};

/// After so many wrong codes in a row the owner is told.
const GUESSES: u32 = 5;

/// What somebody presents besides the password, as it was typed.
#[derive(Clone, Debug)]
pub enum PresentedFactor {
    /// A one-time code of the authenticator app.
    Totp(Secret<String>),
    /// A recovery code.
    RecoveryCode(Secret<String>),
}

impl PresentedFactor {
    /// What somebody has typed where either is taken: six digits are a code of the app.
    pub fn typed(text: Secret<String>) -> Self {
        if factors::TypedCode::parse(text.expose()).is_some() {
            Self::Totp(text)
        } else {
            Self::RecoveryCode(text)
        }
    }

    /// Of which kind it is.
    const fn kind(&self) -> FactorKind {
        match self {
            Self::Totp(_) => FactorKind::Totp,
            Self::RecoveryCode(_) => FactorKind::RecoveryCode,
        }
    }
}

/// Why a second factor has proven nothing.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The code is wrong, or was good before.
    #[error("the code is wrong")]
    WrongCode(FactorKind),
    /// The account has no second factor.
    #[error("the account has no second factor")]
    None,
    /// Too many attempts have failed: nothing was compared.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// No key of this process opens it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<GuessError> for FactorError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => error.into(),
        }
    }
}

impl Accounts {
    /// Checks what somebody presents of an account's second factor, and spends it. Guesses count for the account, whatever
    /// they are made for: six digits are a million, and each challenge would give five tries otherwise.
    pub(crate) async fn prove_factor(
        &self,
        act: Act,
        user: &UserId,
        presented: &PresentedFactor,
    ) -> Result<Method, FactorError> {
        let found = self.0.storage.second_factor(user).await?;
        let factor = found.ok_or(FactorError::None)?;
        let budget = self.budget_of_factor(user);
        let guess = self.count_guess(budget, act, Some(user)).await?;
        let is_right = match presented {
            PresentedFactor::Totp(typed) => self.spend_totp(user, &factor, typed).await,
            PresentedFactor::RecoveryCode(typed) => self.spend_recovery(user, &factor, typed).await,
        };
        match is_right {
            Ok(true) => {
                self.clear_guesses(guess).await?;
                Ok(Method::OneTimeCode)
            }
            Ok(false) => {
                self.report(act.refused(Reason::WrongCode).of(user));
                self.tell_of_guesses(user, &factor).await;
                Err(FactorError::WrongCode(presented.kind()))
            }
            Err(error) => {
                self.give_back(guess).await;
                Err(error)
            }
        }
    }

    /// Tells the owner when five wrong codes came in a row: whoever fails here knows the password.
    async fn tell_of_guesses(&self, user: &UserId, factor: &SecondFactor) {
        let budget = self.budget_of_factor(user);
        match self.0.storage.attempts(budget).await {
            Ok(Some(budget)) if budget.consecutive >= GUESSES => {
                let once = format!("guessed/{user}");
                let news = FactorNews::Guessed;
                self.tell_of_factor(user, news, factor.enrolled, once).await;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "an owner may not be told of wrong codes"),
        }
    }

    async fn spend_totp(
        &self,
        user: &UserId,
        factor: &SecondFactor,
        typed: &Secret<String>,
    ) -> Result<bool, FactorError> {
        let secret = self.open_secret(user, &factor.sealed)?;
        let last = Some(Step(factor.last_step));
        match self.step_of(&secret, typed, last) {
            Some(Step(step)) => {
                let advancing = self.0.storage.advance_step(user, factor.enrolled, step);
                Ok(advancing.await?)
            }
            None => Ok(false),
        }
    }

    async fn spend_recovery(
        &self,
        user: &UserId,
        factor: &SecondFactor,
        typed: &Secret<String>,
    ) -> Result<bool, FactorError> {
        let Some(code) = RecoveryCode::parse(typed.expose()) else {
            return Ok(false);
        };
        let spending = self
            .0
            .storage
            .spend_recovery_code(user, factor.enrolled, code.hashed());
        let left = spending.await?;
        let Some(left) = left else {
            return Ok(false);
        };
        self.report(Act::RecoveryCode.done().of(user));
        if left <= FEW_RECOVERY_CODES {
            let once = format!("left/{user}/{}/{left}", factor.enrolled.0);
            let news = FactorNews::CodesLeft(left);
            self.tell_of_factor(user, news, factor.enrolled, once).await;
        }
        Ok(true)
    }
}
