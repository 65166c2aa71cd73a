//! Asking for a link to a new password.

use mail::Letter;
use model::EmailAddress;
use serde::{Deserialize, Serialize};
use storage::{Kind, PutTicketError, Ticket};

use super::{ResetPassword, may_be_mailed};
use crate::mailing::{Mail, RESET, Requester, later};
use crate::outbox::{Job, Outcome, Running, Urgency};
use crate::{Accounts, DeviceToken};

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskForResetError {
    /// This server sends no mail.
    #[error(transparent)]
    MailOff(#[from] crate::MailOff),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Somebody has forgotten the password of the account with this address, or wants to know whether there is one.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForgotPassword {
    address: String,
    requester: Requester,
    /// Whether it is the way back in after a change of the address was undone.
    #[serde(default)]
    is_way_in: bool,
}

impl Accounts {
    /// Has a link mailed by which a new password is set, if there is an account with this address. Whether there is one
    /// is looked up later.
    pub async fn ask_for_reset(
        &self,
        address: &EmailAddress,
        device: Option<&DeviceToken>,
    ) -> Result<(), AskForResetError> {
        let requester = self.requester(self.mailing()?, device);
        self.post_reset(address, requester, false).await?;
        Ok(())
    }

    /// Has a link mailed by which a new password is set.
    pub(crate) async fn post_reset(
        &self,
        address: &EmailAddress,
        requester: Requester,
        is_way_in: bool,
    ) -> Result<(), storage::Error> {
        let forgot = ForgotPassword {
            address: address.as_str().to_owned(),
            requester,
            is_way_in,
        };
        self.post(&forgot, self.unnoticed(RESET)).await?;
        Ok(())
    }
}

impl Job for ForgotPassword {
    const KIND: Kind = Kind("forgot_password");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        match accounts.mail_reset(&self, at).await {
            Ok(outcome) => outcome,
            Err(error) => later(&error),
        }
    }
}

impl Accounts {
    async fn mail_reset(
        &self,
        forgot: &ForgotPassword,
        at: &Running,
    ) -> Result<Outcome, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Outcome::Later("mail_is_off"));
        };
        let Ok(typed) = EmailAddress::parse(&forgot.address) else {
            return Ok(Outcome::Never("unreadable_address"));
        };
        let Some((user, to)) = self.account_to_write_to(&typed).await? else {
            return Ok(Outcome::Done);
        };
        let requester = &forgot.requester;
        let mail = if forgot.is_way_in {
            Mail::WayIn
        } else {
            Mail::Reset
        };
        let may = self.may_mail(mail, &to, requester, Some(&user), at);
        let may = may.await?;
        if user.disabled || !may || !may_be_mailed(&user) {
            return Ok(Outcome::Done);
        }
        let (purpose, bound) = ResetPassword::mailed(&user);
        let (token, ticket) = Ticket::new(purpose, bound, RESET, &*self.0.rng);
        match self.tickets().put(ticket).await {
            Ok(()) => {}
            Err(PutTicketError::OwnerGone) => return Ok(Outcome::Done),
            Err(PutTicketError::TooLarge(_)) => return Ok(Outcome::Never("too_large")),
            Err(PutTicketError::Storage(error)) => return Err(error),
        }
        let (link, expires) = (
            mailing.link("/reset", &token),
            self.0.clock.now().plus(RESET),
        );
        let letter = if forgot.is_way_in {
            Letter::WayBackIn { link, expires }
        } else {
            Letter::ResetPassword {
                link,
                expires,
                deletion_due: user.closes_at,
            }
        };
        let reason = at.id.to_string();
        self.mail(&to, requester.language(), letter, &reason, RESET)
            .await?;
        Ok(Outcome::Done)
    }
}
