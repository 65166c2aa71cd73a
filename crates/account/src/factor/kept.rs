//! What somebody has proven by the password, kept for the next step of a sign-in.

use model::{Timestamp, UserId};
use secret::{HashedToken, PlainToken};
use serde::{Deserialize, Serialize};
use storage::{Allowance, AttemptKey, Purpose, PutTicketError, Ticket};

use crate::attempts::Settlement;
use crate::device::Nonce;
use crate::opening::Proven;
use crate::{Accounts, OpenSessionError};

/// What stands in a ticket between the password and what comes next.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) user: UserId,
    /// When the password was proven.
    pub(super) at: Timestamp,
    /// The budget of guesses at the password that is whole again once everything is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clears: Option<[u8; 32]>,
    /// The known device that the client is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<Nonce>,
    /// The hash of what the browser is known by that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<[u8; 32]>,
}

impl Accounts {
    /// What somebody has proven, for the next step. The guess at the password is no failure; earlier failures are counted on
    /// until everything is proven.
    pub(super) async fn keep_proven(&self, proven: Proven) -> Result<Kept, storage::Error> {
        let clears = proven.guess.clears();
        self.settle(proven.guess.given_back()).await?;
        Ok(Kept {
            user: proven.user.id,
            at: proven.authentication.at,
            clears: clears.map(|key| *key.as_bytes()),
            device: proven.device,
            browser: proven.browser.map(|browser| *browser.as_bytes()),
        })
    }

    /// Whether `act` may be tried once more with the ticket of a step.
    pub(super) async fn may_try_step(
        &self,
        act: &str,
        token: &PlainToken,
        tries: Allowance,
    ) -> Result<bool, storage::Error> {
        let hash = token.hashed();
        let whose = format!("{act}/{:02x?}", hash.as_bytes());
        self.may(&whose, tries).await
    }

    /// Keeps the ticket of a step.
    pub(super) async fn put_step<T: Purpose>(
        &self,
        ticket: Ticket<T>,
    ) -> Result<(), OpenSessionError> {
        match self.tickets().put(ticket).await {
            Ok(()) => Ok(()),
            Err(PutTicketError::OwnerGone) => Err(OpenSessionError::Gone),
            Err(PutTicketError::TooLarge(error)) => {
                Err(storage::Error::Backend(error.into()).into())
            }
            Err(PutTicketError::Storage(error)) => Err(error.into()),
        }
    }
}

impl Kept {
    /// Whether it was given to this browser, or to a client that has none.
    pub(super) fn is_of(&self, browser: Option<&HashedToken>) -> bool {
        match (self.browser, browser) {
            (None, None) => true,
            (Some(kept), Some(browser)) => HashedToken::from_bytes(kept) == *browser,
            _ => false,
        }
    }

    pub(super) fn settlement(&self) -> Settlement {
        self.clears.map_or(Settlement::Nothing, |key| {
            Settlement::ClearBudget(AttemptKey::new(key))
        })
    }
}
