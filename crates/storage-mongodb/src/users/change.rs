//! Changing an account.

use model::{User, UserId};
use mongodb::bson::{Bson, Document, doc};
use password::PasswordHash;
use storage::{
    Error, FeedEntry, FeedRow, Moment, PasswordChange, PasswordChanged, ProfileChange,
    SaveUserError, UniqueField,
};

use crate::Core;
use crate::document::{date, integer};
use crate::error::Failure;
use crate::users::TRIES;
use crate::users::closings::{CLOSES, waits_as_read};
use crate::users::document::{Account, address_in, kind_of, name_in, read, unchanged};
use crate::users::factors::marked;
use crate::users::find::{email_key, username_key};
use crate::users::keys::{self, kind_before};
use crate::users::operator::OURS;
use crate::users::pending::Pending;
use crate::users::released::{Claim, Finished};

impl Core {
    pub(crate) async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error> {
        let Some(account) = self.account(id).await? else {
            return Ok(false);
        };
        if account.credentials.hash != *from {
            return Ok(false);
        }
        let filter = doc! {
            "_id": account.id,
            // As it stands there: it may be bytes.
            "password_hash": unchanged(&account.document, "password_hash"),
            "portcullis_closing": { "$exists": false },
        };
        let update = doc! {
            "$set": { "password_hash": marked(&account.document, to), "hash_kind": kind_of(to) },
        };
        let upgraded = self.users.update(filter, update).await?;
        if upgraded {
            self.tally
                .changed(kind_before(&account.document), kind_of(to));
        }
        Ok(upgraded)
    }

    pub(crate) async fn change_password(
        &self,
        change: &PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(&change.user).await? else {
                return Ok(PasswordChanged::Superseded);
            };
            let user = &account.credentials.user;
            if !change.holds_for(user) {
                return Ok(PasswordChanged::Superseded);
            }
            let minimum = change.at.next();
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Generation {
                    user: change.user.clone(),
                    minimum,
                    keep: change.keep,
                },
                until: moment.feed_until,
            });
            let mut filter = untouched(&account);
            waits_as_read(&account.document, &mut filter);
            let mut set = doc! {
                "password_hash": marked(&account.document, &change.hash),
                "hash_kind": kind_of(&change.hash),
                "generation": integer(minimum.0),
                "portcullis_keep": change.keep.map(|keep| keep.to_string()),
                "updated_at": date(moment.now),
                "portcullis_pending": pending.to_bson(),
            };
            if let Some(proof) = &change.proven {
                set.insert("email_verified", true);
                set.insert("portcullis_verified", &proof.email);
                for field in ["email", "portcullis_address"] {
                    filter.insert(field, unchanged(&account.document, field));
                }
            }
            let mut unset = Document::new();
            if user.closes_at.is_some() {
                set.insert(OURS, false);
                unset.insert(CLOSES, "");
            }
            let mut update = doc! { "$set": set };
            if !unset.is_empty() {
                update.insert("$unset", unset);
            }
            if self.users.update(filter, update).await? {
                self.tally
                    .changed(kind_before(&account.document), kind_of(&change.hash));
                self.outbox().finish(&account.id, &pending).await?;
                return Ok(PasswordChanged::Changed);
            }
        }
        Err(Error::Busy)
    }

    pub(crate) async fn change_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        for _ in 0..TRIES {
            let account = self.settled(id).await?;
            let waits = |account: &Account| account.credentials.user.closes_at.is_some();
            let Some(account) = account.filter(|account| !waits(account)) else {
                return Ok(None);
            };
            let mut pending = self.pending(FeedRow {
                entry: FeedEntry::Changed(id.clone()),
                until: moment.feed_until,
            });
            let (mut set, mut unset) = self.new_profile(&account, change, moment).await?;
            let (taken, released) = exchanged(&account.document, &set);
            if !taken.is_empty() {
                let claim = Claim::new(&self.reservations, Some(id), &taken, moment.now);
                self.refuse_reserved(&claim).await?;
                self.release(id, &released, moment.now).await?;
                pending.claim = Some(claim.or_back_to(&account.document, PROFILE));
            }
            set.insert("portcullis_pending", pending.to_bson());
            let mut filter = untouched(&account);
            // What was compared must still be so.
            for field in ["username", "email", CLOSES] {
                filter.insert(field, unchanged(&account.document, field));
            }
            let mut update = doc! { "$set": set };
            if !unset.is_empty() {
                update.insert("$unset", std::mem::take(&mut unset));
            }
            match self.users.updated(filter, update).await {
                Ok(Some(document)) => {
                    let finished = self.outbox().finish(&account.id, &pending).await?;
                    if let Finished::Reserved(field) = finished {
                        return Err(SaveUserError::Taken(field));
                    }
                    let account = read(self.users.name, document)?;
                    return Ok(Some(account.credentials.user));
                }
                // Somebody else was faster: look again, at the names as well.
                Ok(None) | Err(Failure::Duplicate) => {}
                Err(Failure::Other(error)) => return Err(error.into()),
            }
        }
        Err(Error::Busy.into())
    }

    /// The fields to be set and to be unset. Both are checked before either is written: of two
    /// conflicts the name is named.
    async fn new_profile(
        &self,
        account: &Account,
        change: &ProfileChange,
        moment: Moment,
    ) -> Result<(Document, Document), SaveUserError> {
        let user = &account.credentials.user;
        let changed = change.applied_to(user, moment.now);
        let (mut set, mut unset) = (Document::new(), Document::new());
        // An imported account may keep a name or an address that clashes, without a key.
        if let Some(username) = &change.username
            && changed.username != user.username
        {
            let key = username.key();
            self.refuse_taken_name(&account.id, username.as_str(), key.as_str())
                .await?;
            set.insert("username", username.as_str());
            set.insert("username_key", key.as_str());
            set.insert("username_key_version", keys::version());
            unset.insert("key_clash.username", "");
        }
        if let Some(email) = &change.email
            && changed.email != user.email
        {
            let key = email.key();
            self.refuse_taken_email(&account.id, email.as_str(), &key)
                .await?;
            set.insert("email", email.as_str());
            set.insert("email_key", key);
            set.insert("email_verified", changed.email_verified);
            set.insert("portcullis_address", integer(changed.address_number.0));
            unset.insert("key_clash.email", "");
        }
        set.insert("updated_at", date(changed.updated_at));
        if !account.document.contains_key("key_clash") {
            unset.clear();
        }
        Ok((set, unset))
    }

    /// The account, after what another change left behind was finished.
    pub(crate) async fn settled(&self, id: &UserId) -> Result<Option<Account>, Error> {
        for _ in 0..TRIES {
            match self.account(id).await? {
                Some(Account {
                    id,
                    pending: Some(pending),
                    ..
                }) => self.outbox().finish(&id, &pending).await.map(drop)?,
                account => return Ok(account),
            }
        }
        Err(Error::Busy)
    }

    /// What is to be told of a change, under a name of its own.
    pub(crate) fn pending(&self, row: FeedRow) -> Pending {
        Pending {
            operation: self.next_name(),
            rows: vec![row],
            claim: None,
        }
    }
}

/// What a change of the profile may write.
pub(super) const PROFILE: &[&str] = &[
    "username",
    "username_key",
    "username_key_version",
    "email",
    "email_key",
    "email_verified",
    "portcullis_verified",
    "portcullis_address",
    "portcullis_undoable",
    "key_clash",
    "updated_at",
];

/// Keys, and what they are keys of.
pub(super) type Keys<T> = Vec<(UniqueField, T)>;

/// The keys that `set` gives an account, and those that it lets go of by that.
pub(super) fn exchanged<'a>(
    document: &Document,
    set: &'a Document,
) -> (Keys<&'a str>, Keys<String>) {
    let (mut taken, mut released) = (Vec::new(), Vec::new());
    for (field, name, before) in [
        (UniqueField::Username, "username_key", held_name(document)),
        (UniqueField::Email, "email_key", held_address(document)),
    ] {
        if let Ok(key) = set.get_str(name)
            && before.as_deref() != Some(key)
        {
            taken.push((field, key));
            released.extend(before.map(|before| (field, before)));
        }
    }
    (taken, released)
}

/// The keys of what an account is signed in to by.
pub(super) fn held(document: &Document) -> Keys<String> {
    let name = held_name(document).map(|key| (UniqueField::Username, key));
    let address = held_address(document).map(|key| (UniqueField::Email, key));
    name.into_iter().chain(address).collect()
}

fn held_name(document: &Document) -> Option<String> {
    name_in(document).as_deref().and_then(username_key)
}

pub(super) fn held_address(document: &Document) -> Option<String> {
    address_in(document).and_then(email_key)
}

/// A filter for this account, unless someone has begun another change.
pub(super) fn untouched(account: &Account) -> Document {
    let absent = || Bson::Document(doc! { "$exists": false });
    doc! { "_id": account.id.clone(), "portcullis_pending": absent(), "portcullis_closing": absent() }
}
