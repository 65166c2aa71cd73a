//! Telling an owner what was done with the account.
//!
//! A notice is posted before the change that it tells of, and sent only once the change is there: so neither a crash in
//! between loses it, nor is anybody told of what did not happen. The change makes it due at once.

use std::time::Duration;

use mail::{ConfirmedName, Letter, MaskedAddress};
use model::{AddressNumber, EmailAddress, Generation, UserId};
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind, Ticket, Undoable};

use super::{Mail, Requester, address_of, later};
use crate::Accounts;
use crate::email::UndoAddress;
use crate::outbox::{Job, Outcome, Posting, Running};

/// A change is made by then, or it is not made: longer than any request may take.
const CHANGED_BY: Duration = Duration::from_mins(10);

/// How long it is tried to tell somebody.
const LIFETIME: Duration = Duration::from_hours(24);

/// The password was changed, or reset.
#[derive(Serialize, Deserialize)]
pub(crate) struct PasswordNotice {
    pub(crate) user: UserId,
    /// The generation that the change began.
    pub(crate) generation: Generation,
    pub(crate) language: String,
}

/// The address was changed.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddressNotice {
    pub(crate) user: UserId,
    /// The address before, which is told.
    pub(crate) before: String,
    /// The name, for whoever has that address: it was confirmed.
    pub(crate) name: Option<ConfirmedName>,
    pub(crate) now: MaskedAddress,
    /// The number of the new address.
    pub(crate) number: AddressNumber,
    pub(crate) language: String,
}

impl Accounts {
    /// Posts a notice of a change that is about to be made: the `number`-th of its kind to this account.
    pub(crate) async fn announce<J: Job>(
        &self,
        notice: &J,
        user: &UserId,
        number: u64,
    ) -> Result<(), storage::Error> {
        let posting = Posting::within(LIFETIME)
            .once_for(key(user, number))
            .of(user)
            .not_before(self.0.clock.now().plus(CHANGED_BY));
        self.post(notice, posting).await.map(drop)
    }

    /// The change is made: its notice is due. When that can't be said now, it is sent some minutes later.
    pub(crate) async fn made<J: Job>(&self, user: &UserId, number: u64) {
        if self.0.mailing.is_none() {
            return;
        }
        if let Err(error) = self.hasten::<J>(key(user, number)).await {
            tracing::debug!(%error, "a notice is sent later");
        }
    }
}

fn key(user: &UserId, number: u64) -> String {
    format!("{user}/{number}")
}

impl Job for PasswordNotice {
    const KIND: Kind = Kind("password_notice");

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        let user = match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if user.generation >= self.generation => user,
            Ok(Some(_) | None) => return Outcome::Done, // it was not changed, or is gone
            Err(error) => return later(&error),
        };
        let Some(to) = address_of(&user) else {
            return Outcome::Done;
        };
        let asked_by = Requester::account(&self.user, &self.language);
        match accounts.may_mail(Mail::Notice, &to, &asked_by, None).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Never("too_many_mails"),
            Err(error) => return later(&error),
        }
        let letter = Letter::PasswordChanged {
            name: ConfirmedName::of(&user),
            reset: mailing.page("/forgot"),
        };
        let reason = at.id.to_string();
        match accounts
            .mail(&to, &self.language, letter, &reason, LIFETIME)
            .await
        {
            Ok(()) => Outcome::Done,
            Err(error) => later(&error),
        }
    }
}

impl Job for AddressNotice {
    const KIND: Kind = Kind("address_notice");

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        let user = match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if user.address_number >= self.number => user,
            Ok(Some(_) | None) => return Outcome::Done,
            Err(error) => return later(&error),
        };
        let Ok(to) = EmailAddress::parse(&self.before) else {
            return Outcome::Never("unreadable_address");
        };
        let now = accounts.0.clock.now();
        let undo = UndoAddress {
            user: user.id,
            change: self.number,
            back_to: self.before,
        };
        let (link, ticket) = Ticket::new(
            undo,
            Bound::to_nobody(),
            Undoable::LIFETIME,
            &*accounts.0.rng,
        );
        if let Err(error) = accounts.tickets().put(ticket).await {
            return later(&error);
        }
        let letter = Letter::AddressChanged {
            name: self.name,
            new_address: self.now,
            undo: mailing.link("/email/undo", &link),
            expires: now.plus(Undoable::LIFETIME),
        };
        let reason = at.id.to_string();
        match accounts
            .mail(&to, &self.language, letter, &reason, Undoable::LIFETIME)
            .await
        {
            Ok(()) => Outcome::Done,
            Err(error) => later(&error),
        }
    }
}
