//! The addresses of accounts: proven, changed and taken back.
//!
//! Nodes of a version before change an address without a new number (`portcullis_address`); so what was mailed is
//! compared with the address itself as well.

use model::{AddressNumber, EmailAddress, User, UserId};
use mongodb::bson::{Bson, Document, doc};
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Error, FeedEntry, FeedRow, Moment,
    SaveUserError, Undoable,
};

use crate::Core;
use crate::document::{Fields, date, integer};
use crate::error::Failure;
use crate::users::TRIES;
use crate::users::change::{PROFILE, exchanged, held_address, untouched};
use crate::users::closings::CLOSES;
use crate::users::document::{Account, read, unchanged, unreadable};
use crate::users::factors;
use crate::users::keys::kind_before;
use crate::users::operator::OURS;
use crate::users::released::{Claim, Finished};

/// What became of one try at a change.
enum Tried {
    Made(User),
    /// Somebody else was faster: look again.
    Overtaken,
}

/// What a change writes, and what the feed is told of it.
struct Update {
    set: Document,
    unset: Document,
    entry: FeedEntry,
}

impl Core {
    pub(crate) async fn confirm_address(
        &self,
        proof: &AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(&proof.user).await? else {
                return Ok(None);
            };
            let user = &account.credentials.user;
            if !proof.holds_for(user) || user.email_verified || user.closes_at.is_some() {
                return Ok(None);
            }
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Changed(user.id.clone()),
                until: moment.feed_until,
            });
            let mut filter = as_read(&account);
            filter.insert(
                "email_verified",
                unchanged(&account.document, "email_verified"),
            );
            let update = doc! { "$set": {
                "email_verified": true,
                "portcullis_verified": &proof.email,
                "updated_at": date(moment.now),
                "portcullis_pending": pending.to_bson(),
            } };
            if let Some(document) = made(self.users.updated(filter, update).await)? {
                self.outbox().finish(&account.id, &pending).await?;
                return Ok(Some(read(self.users.name, document)?.credentials.user));
            }
        }
        Err(Error::Busy)
    }

    pub(crate) async fn change_address(
        &self,
        change: &AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(&change.user).await? else {
                return Ok(AddressChanged::Superseded);
            };
            let user = &account.credentials.user;
            if user.address_number != change.from
                || user.generation != change.at
                || user.closes_at.is_some()
            {
                return Ok(AddressChanged::Superseded);
            }
            let before = held_address(&account.document);
            let before = before.as_deref();
            let undoable = undoable_of(&account)?;
            let after = undoable.after(change, before, &self.reservations, moment.now);
            let Some(undoable) = after else {
                return Ok(AddressChanged::TooMany);
            };
            let number = change.from.next();
            let update = Update {
                set: new_address(&change.to, number, &undoable, moment),
                unset: without_clash(&account),
                entry: FeedEntry::Changed(user.id.clone()),
            };
            match self
                .exchange_address(&account, &change.to, update, moment)
                .await?
            {
                Tried::Made(user) => return Ok(AddressChanged::Changed(user)),
                Tried::Overtaken => {}
            }
        }
        Err(Error::Busy.into())
    }

    /// The changes of an account's address that may still be undone.
    pub(crate) async fn undoable(&self, id: &UserId) -> Result<Undoable, Error> {
        match self.account(id).await? {
            Some(account) => undoable_of(&account),
            None => Ok(Undoable::default()),
        }
    }

    pub(crate) async fn undo_address(
        &self,
        undo: &AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(&undo.user).await? else {
                return Ok(None);
            };
            let user = &account.credentials.user;
            let undoable = undoable_of(&account)?;
            let Some(left) = undoable.undone(undo.change, moment.now) else {
                return Ok(None);
            };
            let (number, minimum) = (user.address_number.next(), user.generation.next());
            let mut set = new_address(&undo.back_to, number, &left, moment);
            set.insert("password_hash", "");
            set.insert("hash_kind", Bson::Null);
            set.insert("generation", integer(minimum.0));
            let mut unset = without_clash(&account);
            unset.insert("portcullis_keep", "");
            let made_at = undoable.made_at(undo.change);
            if factors::since(&account)? >= made_at {
                unset.insert(factors::FACTOR, "");
            }
            if user.closes_at.is_some() {
                set.insert(OURS, false);
                unset.insert(CLOSES, "");
            }
            let entry = FeedEntry::Generation {
                user: user.id.clone(),
                minimum,
                keep: None,
            };
            let update = Update { set, unset, entry };
            match self
                .exchange_address(&account, &undo.back_to, update, moment)
                .await?
            {
                Tried::Made(user) => {
                    self.tally.changed(kind_before(&account.document), None);
                    return Ok(Some(user));
                }
                Tried::Overtaken => {}
            }
        }
        Err(Error::Busy.into())
    }

    /// One try: the new address is had first, by the unique index, and whether it is reserved for another is looked
    /// at then. Of an address that turns out to be, the way back leaves what an undo has voided as it is.
    async fn exchange_address(
        &self,
        account: &Account,
        to: &EmailAddress,
        update: Update,
        moment: Moment,
    ) -> Result<Tried, SaveUserError> {
        let id = &account.credentials.user.id;
        self.refuse_taken_email(&account.id, to.as_str(), &to.key())
            .await?;
        let Update {
            mut set,
            unset,
            entry,
        } = update;
        let mut pending = self.pending(FeedRow {
            entry,
            until: moment.feed_until,
        });
        let (taken, released) = exchanged(&account.document, &set);
        if !taken.is_empty() {
            let claim = Claim::new(&self.reservations, Some(id), &taken, moment.now);
            self.refuse_reserved(&claim).await?;
            self.release(id, &released, moment.now).await?;
            pending.claim = Some(claim.or_back_to(&account.document, PROFILE));
        }
        set.insert("portcullis_pending", pending.to_bson());
        let mut change = doc! { "$set": set };
        if !unset.is_empty() {
            change.insert("$unset", unset);
        }
        let updated = self.users.updated(as_read(account), change).await;
        let Some(document) = made(updated)? else {
            return Ok(Tried::Overtaken);
        };
        match self.outbox().finish(&account.id, &pending).await? {
            Finished::Reserved(field) => Err(SaveUserError::Taken(field)),
            Finished::Kept => Ok(Tried::Made(
                read(self.users.name, document)?.credentials.user,
            )),
        }
    }
}

/// A filter for this account, as it was read.
fn as_read(account: &Account) -> Document {
    let mut filter = untouched(account);
    for field in [
        "email",
        "generation",
        "portcullis_address",
        "portcullis_undoable",
        OURS,
        CLOSES,
    ] {
        filter.insert(field, unchanged(&account.document, field));
    }
    filter
}

fn new_address(
    to: &EmailAddress,
    number: AddressNumber,
    undoable: &Undoable,
    moment: Moment,
) -> Document {
    doc! {
        "email": to.as_str(),
        "email_key": to.key(),
        "email_verified": true,
        "portcullis_verified": to.as_str(),
        "portcullis_address": integer(number.0),
        "portcullis_undoable": undoable.to_text(),
        "updated_at": date(moment.now),
    }
}

/// An imported account whose address had no key has one now.
fn without_clash(account: &Account) -> Document {
    if account.document.contains_key("key_clash") {
        doc! { "key_clash.email": "" }
    } else {
        Document::new()
    }
}

fn undoable_of(account: &Account) -> Result<Undoable, Error> {
    let fields = Fields::of("users", &account.document);
    let text = fields.optional_text("portcullis_undoable");
    let undoable = text.and_then(|text| {
        let text = text.unwrap_or_default();
        Undoable::parse(text).ok_or_else(|| fields.unreadable("portcullis_undoable"))
    });
    undoable.map_err(|error| unreadable(&account.document, error))
}

/// What was written; nothing where somebody else was faster.
fn made(updated: Result<Option<Document>, Failure>) -> Result<Option<Document>, Error> {
    match updated {
        Ok(made) => Ok(made),
        Err(Failure::Duplicate) => Ok(None),
        Err(Failure::Other(error)) => Err(error),
    }
}
