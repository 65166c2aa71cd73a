//! Asking for the mail once more that confirms an address.

use mail::Letter;
use model::EmailAddress;
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind};

use super::{ConfirmAddress, NotMade, SignUpBrowser};
use crate::mailing::{CONFIRMATION, Mail, Requester};
use crate::outbox::{Job, Outcome, Running, Urgency};
use crate::reset::AskForResetError;
use crate::{Accounts, DeviceToken};

/// Somebody wants the address confirmed, of whoever has it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ResendConfirmation {
    address: String,
    requester: Requester,
    /// The hash of what the browser keeps that signed up, if a browser asks that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<[u8; 32]>,
}

impl Accounts {
    /// Has a link mailed by which the address of its account is confirmed, if it has one and is not confirmed; or by which
    /// a sign-up is, for the `browser` that has signed up with this address. Whether that is so is looked up later.
    pub async fn ask_for_confirmation(
        &self,
        address: &EmailAddress,
        device: Option<&DeviceToken>,
        browser: Option<&SignUpBrowser>,
    ) -> Result<(), AskForResetError> {
        let requester = self.requester(self.mailing()?, device);
        let resend = ResendConfirmation {
            address: address.as_str().to_owned(),
            requester,
            browser: browser.map(SignUpBrowser::hashed),
        };
        self.post(&resend, self.unnoticed(CONFIRMATION)).await?;
        Ok(())
    }
}

impl Job for ResendConfirmation {
    const KIND: Kind = Kind("resend_confirmation");
    const URGENCY: Urgency = Urgency::Ordinary;

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
            return self.mail_sign_up_again(asked, &typed, at).await;
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

    /// Mails a sign-up once more, for the browser that signed up. Anybody else signs up again.
    async fn mail_sign_up_again(
        &self,
        asked: &ResendConfirmation,
        address: &EmailAddress,
        at: &Running,
    ) -> Result<Outcome, NotMade> {
        let (Some(browser), Ok(mailing)) = (asked.browser, self.mailing()) else {
            return Ok(Outcome::Done);
        };
        let Some(pending) = self.mailable_again(browser).await? else {
            return Ok(Outcome::Done);
        };
        let is_theirs = EmailAddress::parse(&pending.address).is_ok_and(|of| of == *address);
        let requester = &asked.requester;
        if !is_theirs
            || !self
                .may_mail(Mail::SignUp, address, requester, None, at)
                .await?
        {
            return Ok(Outcome::Done);
        }
        let letter = self.letter_to_confirm(mailing, pending, address).await?;
        let reason = at.id.to_string();
        self.mail(address, requester.language(), letter, &reason, CONFIRMATION)
            .await?;
        Ok(Outcome::Done)
    }
}
