//! The address of an account: confirming it, changing it, and taking a change back.

mod change;
mod confirm;
mod pending;
mod resend;
mod sign_up;
mod undo;

use std::time::Duration;

use model::{EmailAddress, UserId};
use secret::{PlainToken, Secret, TokenPrefix};
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind, Purpose, PutTicketError, Ticket};

use crate::Accounts;
use crate::mailing::{Code, Mailing};
use crate::outbox::Outcome;

pub(crate) use change::AskForAddress;
pub use change::AskForAddressError;
pub use confirm::{Confirm, ConfirmError, ConfirmWith, Confirmable, Confirmer, Confirming};
pub(crate) use pending::PendingSignUp;
pub use pending::SignUpBrowser;
pub(crate) use resend::ResendConfirmation;
pub(crate) use sign_up::AskForAccount;
pub(crate) use undo::UndoAddress;
pub use undo::UndoAddressError;

/// The address that an account has is its owner's.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ConfirmAddress {
    user: UserId,
    address: String,
}

/// An account gets this address.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ChangeAddress {
    user: UserId,
    to: String,
}

impl Purpose for ConfirmAddress {
    const KIND: Kind = Kind("confirm_address");
    const PREFIX: TokenPrefix = TokenPrefix("pcc_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

impl Purpose for ChangeAddress {
    const KIND: Kind = Kind("change_address");
    const PREFIX: TokenPrefix = TokenPrefix("pce_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

/// What a mail carries that confirms something: a link, and digits that do the same.
pub(crate) struct Carried {
    pub(crate) link: Secret<String>,
    pub(crate) code: Secret<String>,
}

/// Why nothing was made to be mailed.
pub(crate) enum NotMade {
    /// It is of no use any more, or never will be.
    Ended(Outcome),
    Storage(storage::Error),
}

impl From<storage::Error> for NotMade {
    fn from(error: storage::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<PutTicketError> for NotMade {
    fn from(error: PutTicketError) -> Self {
        match error {
            PutTicketError::OwnerGone => Self::Ended(Outcome::Done),
            PutTicketError::TooLarge(_) => Self::Ended(Outcome::Never("too_large")),
            PutTicketError::Storage(error) => Self::Storage(error),
        }
    }
}

impl NotMade {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Ended(outcome) => outcome,
            Self::Storage(error) => crate::mailing::later(&error),
        }
    }
}

impl Accounts {
    /// Keeps what `purpose` is good for under a link and under a code, both of them to be mailed to `address`.
    pub(crate) async fn carried<T: Purpose + Clone>(
        &self,
        mailing: &Mailing,
        purpose: T,
        bound: Bound,
        lifetime: Duration,
        address: &EmailAddress,
    ) -> Result<Carried, NotMade> {
        let code = Code::random(&*self.0.rng);
        let by_code = self.link_of_code::<T>(address, &code);
        let (token, ticket) = Ticket::new(purpose.clone(), bound, lifetime, &*self.0.rng);
        self.tickets().put(ticket).await?;
        let ticket = Ticket::under(by_code, purpose, bound, lifetime);
        self.tickets().put(ticket).await?;
        Ok(Carried {
            link: mailing.link("/confirm", &token),
            code: code.text(),
        })
    }
}

/// A token that somebody has sent, if it is of this kind.
fn token<T: Purpose>(text: &str) -> Option<PlainToken> {
    PlainToken::parse(T::PREFIX, text).ok()
}
