//! Asking for another address. It is in force when its owner has confirmed it.

use mail::Letter;
use model::{EmailAddress, UserId};
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind};

use super::{ChangeAddress, NotMade};
use crate::events::Act;
use crate::mailing::{CONFIRMATION, Mail, Requester};
use crate::outbox::{Job, Outcome, Running, Urgency};
use crate::{Accounts, Actor, MailOff, Refused};

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskForAddressError {
    /// This server sends no mail.
    #[error(transparent)]
    MailOff(#[from] MailOff),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Somebody wants this address for their account.
#[derive(Serialize, Deserialize)]
pub(crate) struct AskForAddress {
    user: UserId,
    bound: Bound,
    to: String,
    language: String,
}

impl Accounts {
    /// Has a link mailed to a new address, by which it takes the place of the present one. Needs a fresh token: by the
    /// address an account is recovered. Whether another account has it is looked up later, and told to nobody. `false` when
    /// it is the present one: nothing is mailed then.
    pub async fn ask_for_address(
        &self,
        actor: &Actor,
        to: &EmailAddress,
    ) -> Result<bool, AskForAddressError> {
        let mailing = self.mailing()?;
        self.require_fresh(actor)?;
        self.live_session(actor).await?;
        let user = self.0.storage.user(&actor.user).await;
        let user = user.map_err(Refused::from)?.ok_or(Refused::Revoked)?;
        if user.email.as_deref() == Some(to.as_str()) {
            return Ok(false);
        }
        let asked = AskForAddress {
            bound: Bound::to_address(&user),
            to: to.as_str().to_owned(),
            language: self.language(mailing),
            user: user.id,
        };
        let posting = self.unnoticed(CONFIRMATION).of(&actor.user);
        self.post(&asked, posting).await.map_err(Refused::from)?;
        self.report_kept(actor.event(Act::AddressRequest.done()))
            .await;
        Ok(true)
    }
}

impl Job for AskForAddress {
    const KIND: Kind = Kind("ask_for_address");
    const URGENCY: Urgency = Urgency::Ordinary;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let mailed = accounts.mail_new_address(&self, at).await;
        mailed.unwrap_or_else(NotMade::outcome)
    }
}

impl Accounts {
    async fn mail_new_address(
        &self,
        asked: &AskForAddress,
        at: &Running,
    ) -> Result<Outcome, NotMade> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Outcome::Later("mail_is_off"));
        };
        let Ok(to) = EmailAddress::parse(&asked.to) else {
            return Ok(Outcome::Never("unreadable_address"));
        };
        let user = self.0.storage.user(&asked.user).await?;
        let Some(user) = user.filter(|user| asked.bound.holds_for(user) && user.is_in_use()) else {
            return Ok(Outcome::Done);
        };
        let requester = Requester::account(&user.id, &asked.language);
        if !self.may_mail_new_address(&user, at).await?
            || !self
                .may_mail(Mail::NewAddress, &to, &requester, None, at)
                .await?
        {
            return Ok(Outcome::Done);
        }
        // Mail to another account goes to the address as it is stored there: what was typed may be another mailbox.
        let other = self.account_to_write_to(&to).await?;
        let other = other.filter(|(holder, _)| holder.id != user.id);
        let (to, letter) = if let Some((_, stored)) = other {
            (stored, Letter::AddressTaken {})
        } else {
            let purpose = ChangeAddress {
                user: user.id.clone(),
                to: to.as_str().to_owned(),
            };
            let carried = self
                .carried(mailing, purpose, asked.bound, CONFIRMATION, &to)
                .await?;
            let letter = Letter::ConfirmNewAddress {
                link: carried.link,
                code: carried.code,
                expires: self.0.clock.now().plus(CONFIRMATION),
            };
            (to, letter)
        };
        let reason = at.id.to_string();
        self.mail(&to, requester.language(), letter, &reason, CONFIRMATION)
            .await?;
        Ok(Outcome::Done)
    }
}
