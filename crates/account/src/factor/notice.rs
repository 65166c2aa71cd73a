//! Telling an owner what was done with the second factor: as in [`crate::mailing`]'s notices, before the change, and sent once it
//! is there. Only a confirmed address is told.

use mail::{ConfirmedName, Letter};
use model::{Generation, User, UserId};
use serde::{Deserialize, Serialize};
use storage::Kind;

use crate::Accounts;
use crate::mailing::{Announced, Mail, NOTICE_LIFETIME, Owner, address_of, later};
use crate::outbox::{Job, Outbox, Outcome, Posting, Running, Urgency};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FactorNews {
    /// An app was enrolled.
    Added,
    /// There is no second factor any more.
    Removed,
    /// Wrong codes came after the right password.
    Guessed,
    /// So many recovery codes are left.
    CodesLeft(u32),
}

/// Something happened to the second factor.
#[derive(Serialize, Deserialize)]
pub(crate) struct FactorNotice {
    user: UserId,
    news: FactorNews,
    /// The generation of the account in which it is so.
    generation: Generation,
    language: String,
}

impl Accounts {
    /// Has the owner told of a change that begins the next generation, once it is made.
    pub(super) async fn announce_factor(
        &self,
        user: &User,
        news: FactorNews,
    ) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let language = self.language(mailing);
        self.outbox().announce_factor(user, news, language).await
    }

    /// Has the owner told of what has happened in this generation, once a day for what `once` stands for.
    pub(super) async fn tell_of_factor(
        &self,
        user: &UserId,
        news: FactorNews,
        at: Generation,
        once: String,
    ) {
        let Ok(mailing) = self.mailing() else {
            return;
        };
        let notice = FactorNotice {
            user: user.clone(),
            news,
            generation: at,
            language: self.language(mailing),
        };
        let posting = Posting::within(NOTICE_LIFETIME).once_for(once).of(user);
        if let Err(error) = self.post(&notice, posting).await {
            tracing::warn!(%error, "an owner was not told of the second factor");
        }
    }
}

impl Outbox<'_> {
    /// Has the owner told in this language of a change that begins the next generation, once it is made.
    pub(crate) async fn announce_factor(
        &self,
        user: &User,
        news: FactorNews,
        language: String,
    ) -> Result<Announced, storage::Error> {
        let notice = FactorNotice {
            user: user.id.clone(),
            news,
            generation: user.generation.next(),
            language,
        };
        self.announce(&notice, Some(&user.id)).await
    }
}

impl Job for FactorNotice {
    const KIND: Kind = Kind("factor_notice");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        let user = match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if user.generation >= self.generation => user,
            Ok(Some(_) | None) => return Outcome::Done, // it was not changed, or is gone
            Err(error) => return later(&error),
        };
        let Some(to) = address_of(&user).filter(|_| user.email_verified) else {
            return Outcome::Done;
        };
        let name = ConfirmedName::of(&user);
        let reset = mailing.page("/forgot");
        let (mail, letter) = match self.news {
            FactorNews::Added => (Mail::FactorAdded, Letter::FactorAdded { name, reset }),
            FactorNews::Removed => (Mail::FactorRemoved, Letter::FactorRemoved { name, reset }),
            FactorNews::Guessed => (Mail::Notice, Letter::FactorGuessed { name, reset }),
            FactorNews::CodesLeft(left) => {
                let page = mailing.page("/account");
                (Mail::Notice, Letter::RecoveryCodesLow { name, left, page })
            }
        };
        let reason = at.id.to_string();
        let owner = Owner {
            id: &self.user,
            address: &to,
            language: &self.language,
        };
        accounts.notify(owner, mail, letter, &reason, at).await
    }
}
