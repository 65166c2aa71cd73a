//! Telling an owner that the account will be deleted, that it stays after all, and that it was deleted: as in
//! [`super::notice`].
//!
//! The first two go with the account. The last is sent when the account is gone, so it goes with none, and
//! holds the address itself.

use mail::{ConfirmedName, Letter};
use model::{EmailAddress, Generation, User, UserId};
use serde::{Deserialize, Serialize};
use storage::Kind;

use super::notice::{Announced, LIFETIME, Owner};
use super::{Mail, address_of, done, later};
use crate::Accounts;
use crate::outbox::{Job, Outbox, Outcome, Running, Urgency};

/// The account will be deleted.
#[derive(Serialize, Deserialize)]
pub(crate) struct ClosingNotice {
    user: UserId,
    /// The generation that the closing began.
    generation: Generation,
    language: String,
}

/// The account stays, which was to be deleted.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeepingNotice {
    user: UserId,
    /// The generation in which it waited.
    generation: Generation,
    language: String,
}

/// The account was deleted.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeletionNotice {
    user: UserId,
    to: String,
    name: Option<ConfirmedName>,
    language: String,
}

impl Accounts {
    /// Has the owner told that the account will be deleted, once that is decided. Only a confirmed address is told: another
    /// may be anybody's.
    pub(crate) async fn announce_closing(&self, user: &User) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let notice = ClosingNotice {
            user: user.id.clone(),
            generation: user.generation.next(),
            language: self.language(mailing),
        };
        self.announce(&notice, Some(&user.id)).await
    }

    /// Has the owner told that the account stays, once it does: whoever knows the password, or reads the mail, may have
    /// kept it.
    pub(crate) async fn announce_keeping(&self, user: &User) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let notice = KeepingNotice {
            user: user.id.clone(),
            generation: user.generation,
            language: self.language(mailing),
        };
        self.announce(&notice, Some(&user.id)).await
    }

    /// Has the owner told that the account was deleted, once it is.
    pub(crate) async fn announce_deletion(&self, user: &User) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let language = self.language(mailing);
        self.outbox().announce_deletion(user, language).await
    }
}

impl Outbox<'_> {
    /// Has the owner told in this language that the account was deleted, once it is. Only a confirmed address is told:
    /// another may be anybody's.
    pub(crate) async fn announce_deletion(
        &self,
        user: &User,
        language: String,
    ) -> Result<Announced, storage::Error> {
        let Some(to) = address_of(user).filter(|_| user.email_verified) else {
            return Ok(Announced::to_nobody());
        };
        let notice = DeletionNotice {
            user: user.id.clone(),
            to: to.as_str().to_owned(),
            name: ConfirmedName::of(user),
            language,
        };
        self.announce(&notice, None).await
    }
}

impl Job for ClosingNotice {
    const KIND: Kind = Kind("closing_notice");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        let user = match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if user.generation >= self.generation => user,
            Ok(Some(_) | None) => return Outcome::Done, // it was not decided, or it is gone
            Err(error) => return later(&error),
        };
        let (Some(until), Some(to)) = (user.closes_at, address_of(&user)) else {
            return Outcome::Done; // its owner came back
        };
        if !user.email_verified {
            return Outcome::Done;
        }
        let letter = Letter::DeletionScheduled {
            name: ConfirmedName::of(&user),
            until,
            link: mailing.page("/login").into(),
        };
        let reason = format!("closing/{}/{}", self.user, self.generation.0);
        let owner = Owner {
            id: &self.user,
            address: &to,
            language: &self.language,
        };
        accounts
            .notify(owner, Mail::Closing, letter, &reason, at)
            .await
    }
}

impl Job for KeepingNotice {
    const KIND: Kind = Kind("keeping_notice");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        let user = match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if user.is_in_use() && user.email_verified => user,
            Ok(Some(_) | None) => return Outcome::Done, // it does not stay, or it can't be said whose address it is
            Err(error) => return later(&error),
        };
        let Some(to) = address_of(&user) else {
            return Outcome::Done;
        };
        let letter = Letter::Kept {
            name: ConfirmedName::of(&user),
            reset: mailing.page("/forgot"),
        };
        let reason = format!("keeping/{}/{}", self.user, self.generation.0);
        let owner = Owner {
            id: &self.user,
            address: &to,
            language: &self.language,
        };
        accounts
            .notify(owner, Mail::Keeping, letter, &reason, at)
            .await
    }
}

impl Job for DeletionNotice {
    const KIND: Kind = Kind("deletion_notice");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, _: &Running) -> Outcome {
        if accounts.mailing().is_err() {
            return Outcome::Later("mail_is_off");
        }
        match accounts.0.storage.user(&self.user).await {
            Ok(None) => {}
            Ok(Some(_)) => return Outcome::Done, // it was not deleted
            Err(error) => return later(&error),
        }
        let Ok(to) = EmailAddress::parse(&self.to) else {
            return Outcome::Never("unreadable_address");
        };
        let letter = Letter::Deleted { name: self.name };
        let reason = format!("deletion/{}", self.user);
        let mailing = accounts.mail(&to, &self.language, letter, &reason, LIFETIME);
        done(mailing.await)
    }
}
