//! Telling an owner what was done with the account.
//!
//! A notice is posted before the change that it tells of, and sent only once the change is there: so neither a crash in
//! between loses it, nor is anybody told of what did not happen. The change makes it due at once.

use std::time::Duration;

use mail::{ConfirmedName, Letter, MaskedAddress};
use model::{AddressNumber, EmailAddress, Generation, User, UserId};
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind, PutTicketError, Ticket, Undoable};

use super::{Mail, Mailing, Requester, address_of, done, later};
use crate::Accounts;
use crate::email::UndoAddress;
use crate::outbox::{Job, Outbox, Outcome, Posting, Running, Urgency};

/// A change is made by then, or it is not made: longer than any request may take.
const CHANGED_BY: Duration = Duration::from_mins(10);

/// How long it is tried to tell somebody.
pub(crate) const LIFETIME: Duration = Duration::from_hours(24);

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

impl Outbox<'_> {
    /// Posts a notice of a change that is about to be made. Each has a key of its own: one whose change was refused must
    /// not stand for one that is made later. It goes with the account of its `owner`, unless it is to outlive that. That an
    /// owner is told once is seen to where the mail is posted.
    pub(crate) async fn announce<J: Job>(
        &self,
        notice: &J,
        owner: Option<&UserId>,
    ) -> Result<Announced, storage::Error> {
        let mut key = [0; 16];
        self.rng.fill(&mut key);
        let mut posting = Posting::within(LIFETIME)
            .once_for(key)
            .not_before(self.clock.now().plus(CHANGED_BY));
        if let Some(owner) = owner {
            posting = posting.of(owner);
        }
        self.post(notice, posting).await?;
        Ok(Announced(Some(key)))
    }

    /// The change is made: its notice is due. When that can't be said now, it is sent some minutes later.
    pub(crate) async fn made<J: Job>(&self, announced: Announced) {
        let Some(key) = announced.0 else {
            return;
        };
        if let Err(error) = self.hasten::<J>(key).await {
            tracing::debug!(%error, "a notice is sent later");
        }
    }
}

impl Accounts {
    /// Posts a notice of a change that is about to be made.
    pub(crate) async fn announce<J: Job>(
        &self,
        notice: &J,
        owner: Option<&UserId>,
    ) -> Result<Announced, storage::Error> {
        self.outbox().announce(notice, owner).await
    }

    /// The change is made: its notice is due.
    pub(crate) async fn made<J: Job>(&self, announced: Announced) {
        self.outbox().made::<J>(announced).await;
    }
}

/// Whom a notice goes to.
pub(crate) struct Owner<'a> {
    pub(crate) id: &'a UserId,
    pub(crate) address: &'a EmailAddress,
    pub(crate) language: &'a str,
}

impl Accounts {
    /// Mails an owner what was done with the account, unless there were too many mails of this kind. Of several with one
    /// `reason` one goes out.
    pub(crate) async fn notify(
        &self,
        owner: Owner<'_>,
        mail: Mail,
        letter: Letter,
        reason: &str,
        at: &Running,
    ) -> Outcome {
        let Owner {
            id,
            address,
            language,
        } = owner;
        let asked_by = Requester::account(id, language);
        match self.may_mail(mail, address, &asked_by, None, at).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Never("too_many_mails"),
            Err(error) => return later(&error),
        }
        done(self.mail(address, language, letter, reason, LIFETIME).await)
    }
}

/// A notice that waits for its change, where there is one.
#[must_use = "the change is made, or the notice is of no use"]
pub(crate) struct Announced(Option<[u8; 16]>);

impl Announced {
    /// Nobody is told.
    pub(crate) const fn to_nobody() -> Self {
        Self(None)
    }
}

impl Job for PasswordNotice {
    const KIND: Kind = Kind("password_notice");
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
        let Some(to) = address_of(&user) else {
            return Outcome::Done;
        };
        let letter = Letter::PasswordChanged {
            name: ConfirmedName::of(&user),
            reset: mailing.page("/forgot"),
        };
        let reason = format!("password/{}/{}", self.user, self.generation.0);
        let owner = Owner {
            id: &self.user,
            address: &to,
            language: &self.language,
        };
        accounts
            .notify(owner, Mail::Password, letter, &reason, at)
            .await
    }
}

impl AddressNotice {
    /// Whether `user` has this address, or one that came after it.
    fn is_made(&self, user: &User) -> bool {
        let is_this = || address_of(user).is_some_and(|now| MaskedAddress::of(&now) == self.now);
        user.address_number > self.number || (user.address_number == self.number && is_this())
    }

    /// With a link that takes the change back, if there is still something to take back.
    async fn letter(&self, accounts: &Accounts, mailing: &Mailing) -> Result<Letter, Outcome> {
        let (storage, now) = (&accounts.0.storage, accounts.0.clock.now());
        let (name, new_address) = (self.name.clone(), self.now.clone());
        let can = storage.can_undo_address(&self.user, self.number, now).await;
        let left = |is_deleted| Letter::AddressLeft {
            name: name.clone(),
            new_address: new_address.clone(),
            is_deleted,
        };
        if !can.map_err(|error| later(&error))? {
            let user = storage.user(&self.user).await;
            return Ok(left(user.map_err(|error| later(&error))?.is_none()));
        }
        let undo = UndoAddress {
            user: self.user.clone(),
            change: self.number,
            back_to: self.before.clone(),
        };
        let lifetime = Undoable::LIFETIME;
        let (link, ticket) = Ticket::new(undo, Bound::to_nobody(), lifetime, &*accounts.0.rng);
        match accounts.tickets().put(ticket).await {
            Ok(()) => {}
            Err(PutTicketError::OwnerGone) => return Ok(left(true)),
            Err(error) => return Err(later(&error)),
        }
        Ok(Letter::AddressChanged {
            name,
            new_address,
            undo: mailing.link("/email/undo", &link),
            expires: now.plus(lifetime),
        })
    }
}

impl Job for AddressNotice {
    const KIND: Kind = Kind("address_notice");
    const URGENCY: Urgency = Urgency::Urgent;

    async fn run(self, accounts: &Accounts, _: &Running) -> Outcome {
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off");
        };
        match accounts.0.storage.user(&self.user).await {
            Ok(Some(user)) if !self.is_made(&user) => return Outcome::Done,
            // Whoever is gone may have been deleted by whoever has changed the address.
            Ok(Some(_) | None) => {}
            Err(error) => return later(&error),
        }
        let Ok(to) = EmailAddress::parse(&self.before) else {
            return Outcome::Never("unreadable_address");
        };
        let letter = match self.letter(accounts, mailing).await {
            Ok(letter) => letter,
            Err(not_made) => return not_made,
        };
        let reason = format!("address/{}/{}", self.user, self.number.0);
        let lifetime = Undoable::LIFETIME;
        let mailing = accounts.mail(&to, &self.language, letter, &reason, lifetime);
        done(mailing.await)
    }
}
