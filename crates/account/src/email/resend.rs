//! Asking for the mail once more that confirms an address.

use mail::Letter;
use model::EmailAddress;
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind};

use super::{ConfirmAddress, NotMade};
use crate::mailing::{CONFIRMATION, Mail, Requester};
use crate::outbox::{Job, Outcome, Running};
use crate::reset::AskForResetError;
use crate::{Accounts, DeviceToken};

/// Somebody wants the address confirmed, of whoever has it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ResendConfirmation {
    address: String,
    requester: Requester,
}

impl Accounts {
    /// Has a link mailed by which the address of its account is confirmed, if it has one and is not confirmed. Whether
    /// that is so is looked up later.
    pub async fn ask_for_confirmation(
        &self,
        address: &EmailAddress,
        device: Option<&DeviceToken>,
    ) -> Result<(), AskForResetError> {
        let requester = self.requester(self.mailing()?, device);
        let resend = ResendConfirmation {
            address: address.as_str().to_owned(),
            requester,
        };
        self.post(&resend, self.unnoticed(CONFIRMATION)).await?;
        Ok(())
    }
}

impl Job for ResendConfirmation {
    const KIND: Kind = Kind("resend_confirmation");

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let mailed = accounts.mail_confirmation(&self, at).await;
        mailed.unwrap_or_else(NotMade::outcome)
    }
}

impl Accounts {
    async fn mail_confirmation(
        &self,
        asked: &ResendConfirmation,
        at: &Running,
    ) -> Result<Outcome, NotMade> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Outcome::Later("mail_is_off"));
        };
        let Ok(typed) = EmailAddress::parse(&asked.address) else {
            return Ok(Outcome::Never("unreadable_address"));
        };
        let Some((user, to)) = self.account_to_write_to(&typed).await? else {
            return Ok(Outcome::Done);
        };
        if user.email_verified || !user.is_in_use() {
            return Ok(Outcome::Done);
        }
        let requester = &asked.requester;
        let may = self.may_mail(Mail::Confirmation, &to, requester, Some(&user), at);
        if !may.await? {
            return Ok(Outcome::Done);
        }
        let purpose = ConfirmAddress {
            user: user.id.clone(),
            address: user.email.clone().unwrap_or_default(),
        };
        let bound = Bound::to_address(&user);
        let carried = self
            .carried(mailing, purpose, bound, CONFIRMATION, &to)
            .await?;
        let letter = Letter::ConfirmAddress {
            link: carried.link,
            code: carried.code,
            expires: self.0.clock.now().plus(CONFIRMATION),
        };
        let reason = at.id.to_string();
        self.mail(&to, requester.language(), letter, &reason, CONFIRMATION)
            .await?;
        Ok(Outcome::Done)
    }
}
