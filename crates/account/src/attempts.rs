//! Slowing down those who guess passwords, by the rule of [`storage::attempts`].
//!
//! Whose guess it is, is told by a keyed hash:
//! - at sign-in, of what was typed, in its canonical form, whether an account has it or not. Not of the
//!   account: a name and an address that shared a budget would be known to belong together;
//! - where a signed-in person gives the password once more, of the account, whichever session asks. A
//!   hash of its own kind: nobody can use it up at sign-in, nor the other way round;
//! - on a device that its owner has signed in on before ([`crate::device`]), of the device: a stranger who
//!   has used up a budget shuts no owner out.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::UserId;
use secret::Secret;
use sha2::Sha256;
use storage::attempts::LONGEST_WAIT;
use storage::{AttemptKey, Refusal, Reservation, Reserved};

use crate::Accounts;
use crate::device::Nonce;
use crate::events::{Act, Reason};

/// A guess that was counted before the password is checked.
#[must_use = "a right password clears the budget, one that was not checked is given back"]
pub(crate) struct Guess {
    key: AttemptKey,
    reservation: Reservation,
}

/// What becomes of a guess whose password was right. It is settled while the session is opened, so that a
/// store can do both in one commit.
#[must_use = "a right password is not a failure"]
pub(crate) enum Settlement {
    /// Its budget is whole again.
    Clear(Guess),
    /// It was meant for another budget: it alone is given back.
    GiveBack(Guess),
    /// The same of a guess that an earlier step has settled.
    ClearBudget(AttemptKey),
    /// Nothing was counted.
    Nothing,
}

impl Settlement {
    /// Which budget is whole again by it.
    pub(crate) const fn clears(&self) -> Option<AttemptKey> {
        match self {
            Self::Clear(guess) => Some(guess.key),
            Self::ClearBudget(key) => Some(*key),
            Self::GiveBack(_) | Self::Nothing => None,
        }
    }

    /// The same of a password that was right, but did not lead to a session: nothing is whole by that.
    pub(crate) fn given_back(self) -> Self {
        match self {
            Self::Clear(guess) | Self::GiveBack(guess) => Self::GiveBack(guess),
            Self::ClearBudget(_) | Self::Nothing => Self::Nothing,
        }
    }
}

/// Why a guess is not checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuessError {
    /// Too many went before it.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Accounts {
    /// Counts a guess as a failure, or refuses it and `act` with it, of `account` where it is known. A
    /// locked budget says what one does that must wait the longest: that it is locked is not told.
    pub(crate) async fn count_guess(
        &self,
        key: AttemptKey,
        act: Act,
        account: Option<&UserId>,
    ) -> Result<Guess, GuessError> {
        let now = self.0.clock.now();
        let retry_after = match self.0.storage.reserve_attempt(key, now).await? {
            Reserved::Granted(reservation) => return Ok(Guess { key, reservation }),
            Reserved::Refused(Refusal::Wait(wait)) => wait,
            Reserved::Refused(Refusal::Locked) => LONGEST_WAIT,
        };
        self.report(act.refused(Reason::TooManyAttempts).of_any(account));
        Err(GuessError::TooManyAttempts { retry_after })
    }

    /// Takes a guess back whose password was not checked. When that fails it counts as a failure.
    pub(crate) async fn give_back(&self, guess: Guess) {
        let Guess { key, reservation } = guess;
        if let Err(error) = self.0.storage.give_back_attempt(key, reservation).await {
            tracing::warn!(%error, "an unchecked attempt could not be refunded");
        }
    }

    /// The password was right: its budget, and no other, is whole again.
    pub(crate) async fn clear_guesses(&self, guess: Guess) -> Result<(), storage::Error> {
        self.0.storage.clear_attempts(guess.key).await
    }

    /// Ends the counting of a guess whose password was right.
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<(), storage::Error> {
        match settlement {
            Settlement::Clear(guess) => self.clear_guesses(guess).await,
            Settlement::GiveBack(guess) => {
                self.give_back(guess).await;
                Ok(())
            }
            Settlement::ClearBudget(key) => self.0.storage.clear_attempts(key).await,
            Settlement::Nothing => Ok(()),
        }
    }

    /// The budget of an identifier, in its canonical form.
    pub(crate) fn budget_of_identifier(&self, canonical: &str) -> AttemptKey {
        budget_of_identifier(&self.0.settings.attempt_key, canonical)
    }

    /// The budget of a signed-in person who gives the password once more.
    pub(crate) fn budget_of_account(&self, user: &UserId) -> AttemptKey {
        budget_of_account(&self.0.settings.attempt_key, user)
    }

    /// The budget of an account's second factor, whatever it is asked for.
    pub(crate) fn budget_of_factor(&self, user: &UserId) -> AttemptKey {
        budget_of_factor(&self.0.settings.attempt_key, user)
    }

    /// The budget of a known device.
    pub(crate) fn budget_of_device(&self, nonce: &Nonce) -> AttemptKey {
        budget(&self.0.settings.attempt_key, b"device", nonce)
    }

    /// The budget of mails, or of tries at what they carry.
    pub(crate) fn budget_of_mail(&self, whose: &str) -> AttemptKey {
        budget(&self.0.settings.attempt_key, b"mail", whose.as_bytes())
    }
}

/// The budget of an identifier, in its canonical form.
pub(crate) fn budget_of_identifier(key: &Secret<[u8; 32]>, canonical: &str) -> AttemptKey {
    budget(key, b"identifier", canonical.as_bytes())
}

/// The budget of an account's second factor, whatever it is asked for.
pub(crate) fn budget_of_factor(key: &Secret<[u8; 32]>, user: &UserId) -> AttemptKey {
    budget(key, b"factor", user.as_str().as_bytes())
}

/// The budget of a signed-in person who gives the password once more.
pub(crate) fn budget_of_account(key: &Secret<[u8; 32]>, user: &UserId) -> AttemptKey {
    budget(key, b"account", user.as_str().as_bytes())
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn budget(key: &Secret<[u8; 32]>, kind: &[u8], whose: &[u8]) -> AttemptKey {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    mac.update(kind);
    mac.update(&[0]);
    mac.update(whose);
    AttemptKey::new(mac.finalize().into_bytes().into())
}
