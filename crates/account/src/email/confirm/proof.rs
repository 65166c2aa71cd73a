//! Who may confirm: a link alone proves that somebody reads the mail of an address, not that the account is theirs. Whoever
//! pressed the button in a mail that they did not expect would lend their address to the account of a stranger.

use model::UserId;
use password::PasswordHash;
use secret::Secret;

use super::super::{PendingSignUp, SignUpBrowser};
use super::{ConfirmError, ConfirmWith, Confirmer};
use crate::events::{Act, Reason};
use crate::unreadable::readable;
use crate::{Accounts, Refused};

impl Accounts {
    /// Whether `confirmer` is signed in to the account.
    pub(super) async fn is_of_account(
        &self,
        confirmer: &Confirmer,
        user: &UserId,
    ) -> Result<bool, storage::Error> {
        let Some(actor) = confirmer.actor.as_ref().filter(|actor| actor.user == *user) else {
            return Ok(false);
        };
        match self.live_session(actor).await {
            Ok(_) => Ok(true),
            Err(Refused::Storage(error)) => Err(error),
            Err(Refused::Revoked | Refused::NotFresh) => Ok(false),
        }
    }

    /// Refuses whoever is neither signed in to the account nor knows its password.
    pub(super) async fn prove_account(
        &self,
        act: Act,
        user: &UserId,
        with: ConfirmWith,
    ) -> Result<(), ConfirmError> {
        if self.is_of_account(&with.confirmer, user).await? {
            return Ok(());
        }
        let password = with.password.ok_or(ConfirmError::PasswordNeeded)?;
        let found = readable(self.0.storage.credentials(user).await)?;
        let found = found.ok_or(ConfirmError::InvalidLink)?;
        let guessed = Guessed {
            budget: format!("confirm/{user}"),
            account: Some(user),
            hash: found.hash,
        };
        self.prove_for_confirmation(act, guessed, &password).await
    }

    /// Refuses whoever neither has the browser that signed up nor knows the password that was chosen then.
    pub(super) async fn prove_sign_up(
        &self,
        act: Act,
        sign_up: &PendingSignUp,
        browser: Option<&SignUpBrowser>,
        password: Option<&Secret<String>>,
    ) -> Result<(), ConfirmError> {
        if sign_up.is_of(browser) {
            return Ok(());
        }
        let password = password.ok_or(ConfirmError::PasswordNeeded)?;
        let guessed = Guessed {
            budget: format!("sign-up/{}", sign_up.id),
            account: None,
            hash: PasswordHash::from_stored(sign_up.hash.clone()),
        };
        self.prove_for_confirmation(act, guessed, password).await
    }

    /// Checks the password. Whoever holds the link could guess: tries count as at sign-in, in a budget that nobody
    /// without a link can use up.
    async fn prove_for_confirmation(
        &self,
        act: Act,
        guessed: Guessed<'_>,
        password: &Secret<String>,
    ) -> Result<(), ConfirmError> {
        let permit = self.admit_registration(&guessed.budget)?;
        let budget = self.budget_of_mail(&guessed.budget);
        let guess = self.count_guess(budget, act, guessed.account).await?;
        let verifying = self.verify(&permit, password, guessed.hash, guessed.account);
        let verified = match verifying.await {
            Ok(verified) => verified,
            Err(not_compared) => {
                self.give_back(guess).await;
                return Err(not_compared.into());
            }
        };
        if verified.strength.is_none() {
            let wrong = act.refused(Reason::WrongPassword);
            self.report(wrong.of_any(guessed.account));
            return Err(ConfirmError::WrongPassword);
        }
        self.clear_guesses(guess).await?;
        Ok(())
    }
}

/// A password that is guessed at.
struct Guessed<'a> {
    /// Where the guesses count.
    budget: String,
    account: Option<&'a UserId>,
    hash: PasswordHash,
}
