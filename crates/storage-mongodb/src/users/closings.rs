//! Accounts that wait to be deleted.
//!
//! Nodes of the version before know nothing of it, and would let such an account sign in, or serve it. So it is disabled by
//! the field that they know, and what says that it waits, until when, stands beside that, with the generation that it
//! began. It counts only while both are so: whoever enables the account takes it back by that, and whoever disables it,
//! or ends its sessions, has begun another generation, and it is disabled and nothing else. This version takes the field
//! away, too; what another one leaves goes when it would be due.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, Timestamp, User, UserId};
use mongodb::bson::{Bson, Document, doc};
use storage::{Closing, Closings, Error, FeedEntry, FeedRow, Moment};

use crate::document::{Fields, date, integer};
use crate::table::Query;
use crate::users::TRIES;
use crate::users::change::untouched;
use crate::users::delete::OnlyIf;
use crate::users::document::{Account, is_closing, read, unchanged};
use crate::users::operator::OURS;
use crate::{Core, MongoStore};

/// That an account waits: when it is deleted, and the generation that this began.
pub(crate) const CLOSES: &str = "portcullis_closes";

/// What says whether an account waits.
const SAYS_SO: [&str; 3] = [CLOSES, OURS, "generation"];

/// When an account of this generation is deleted, if it waits for that.
///
/// # Errors
/// When it can't be said: it decides who gets in.
pub(crate) fn closes_at(
    fields: &Fields<'_>,
    generation: Generation,
) -> Result<Option<Timestamp>, Error> {
    let closes = match fields.get(CLOSES) {
        None => return Ok(None),
        Some(Bson::Document(closes)) => Fields::of(CLOSES, closes),
        Some(_) => return Err(fields.unreadable(CLOSES)),
    };
    let unreadable = |_| fields.unreadable(CLOSES);
    let at = closes.time("at").map_err(unreadable)?;
    let began = closes.unsigned("generation").map_err(unreadable)?;
    let is_off = fields.get(OURS) == Some(&Bson::Boolean(true));
    Ok((is_off && began == generation.0).then_some(at))
}

/// Conditions that it is still said of an account whether it waits as it was read.
pub(crate) fn waits_as_read(document: &Document, filter: &mut Document) {
    for field in SAYS_SO {
        filter.insert(field, unchanged(document, field));
    }
}

#[async_trait]
impl Closings for MongoStore {
    async fn close_user(&self, closing: Closing, moment: Moment) -> Result<Option<User>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.close_user(&closing, moment).await })
            .await
    }

    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.reopen_user(&id, at, moment).await })
            .await
    }

    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.due_users(now, limit).await })
            .await
    }

    async fn delete_due_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<bool, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.delete_if(&id, OnlyIf::DueAt(at), moment).await })
            .await
    }
}

impl Core {
    async fn close_user(&self, closing: &Closing, moment: Moment) -> Result<Option<User>, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(&closing.user).await? else {
                return Ok(None);
            };
            let user = &account.credentials.user;
            if user.generation != closing.at || !user.is_in_use() {
                return Ok(None);
            }
            let minimum = closing.at.next();
            let set = doc! {
                "generation": integer(minimum.0),
                "portcullis_keep": Option::<String>::None,
                OURS: true,
                CLOSES: { "at": date(closing.until), "generation": integer(minimum.0) },
            };
            let entry = FeedEntry::Generation {
                user: user.id.clone(),
                minimum,
                keep: None,
            };
            let update = doc! { "$set": set };
            if let Some(user) = self.change_closing(&account, update, entry, moment).await? {
                return Ok(Some(user));
            }
        }
        Err(Error::Busy)
    }

    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(id).await? else {
                return Ok(None);
            };
            let user = &account.credentials.user;
            if user.generation != at || user.disabled {
                return Ok(None);
            }
            if user.closes_at.is_none() {
                return Ok(Some(account.credentials.user));
            }
            let update = doc! { "$set": { OURS: false }, "$unset": { CLOSES: "" } };
            let entry = FeedEntry::Changed(id.clone());
            if let Some(user) = self.change_closing(&account, update, entry, moment).await? {
                return Ok(Some(user));
            }
        }
        Err(Error::Busy)
    }

    /// One try at a change of an account as it was read; nothing when somebody else was faster.
    async fn change_closing(
        &self,
        account: &Account,
        mut update: Document,
        entry: FeedEntry,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let pending = self.pending(FeedRow {
            entry,
            until: moment.feed_until,
        });
        let mut filter = untouched(account);
        waits_as_read(&account.document, &mut filter);
        if let Ok(set) = update.get_document_mut("$set") {
            set.insert("updated_at", date(moment.now));
            set.insert("portcullis_pending", pending.to_bson());
        }
        let updated = self.users.updated(filter, update).await;
        let Some(document) = updated.map_err(Error::from)? else {
            return Ok(None);
        };
        self.outbox().finish(&account.id, &pending).await?;
        Ok(Some(read(self.users.name, document)?.credentials.user))
    }

    /// Those that can be read. What no longer counts is taken away.
    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        let at = format!("{CLOSES}.at");
        let query = Query::new(doc! { &at: { "$lte": date(now) } });
        let query = query.sort(doc! { &at: 1 }).limit(limit);
        let mut due = Vec::new();
        for document in self.users.all(query).await? {
            if is_closing(&document) {
                continue; // a caretaker finishes it
            }
            let Ok(account) = read(self.users.name, document) else {
                continue;
            };
            let user = account.credentials.user;
            if user.closes_at.is_some() {
                due.push(user);
                continue;
            }
            let mut filter = doc! { "_id": account.id };
            waits_as_read(&account.document, &mut filter);
            let update = doc! { "$unset": { CLOSES: "" } };
            self.users.update(filter, update).await?;
        }
        Ok(due)
    }
}
