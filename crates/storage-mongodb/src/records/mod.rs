//! Records: one document each, which changes by compare-and-set.
//!
//! # One document, one change
//! What a change tells stands in `portcullis_pending` of the record itself, in the same update, until the feed has it,
//! as with accounts (`pending.rs`). Nobody is answered before. A deleted record is one that is marked as such, and
//! there for nobody, until the feed has heard of it.
//!
//! # Whose account it is
//! A record of an account is inserted first, with a `portcullis_pending` that says so, and then it is looked whether
//! the account is there. A deletion marks the account first and removes its records afterwards, so one of the two
//! finds it. After a crash in between the caretaker looks.

mod document;
mod orphans;
pub(crate) mod pending;

use std::sync::Arc;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use storage::records::{By, FIRST_VERSION, Listing, NewRecord, RecordChange, StoredRecord};
use storage::{Error, Keys, Kind, RecordId, RecordKey, Records, SaveRecordError, Tells};

use crate::document::{Fields, integer};
use crate::error::Failure;
use crate::records::document::{is_deleted, key_of, place, read, set_keys, starting_with};
use crate::records::pending::{Finished, Pending};
use crate::table::Query;
use crate::users::TRIES;
use crate::{Core, MongoStore};

pub(crate) use document::{KEY_1, KEY_2};
pub(crate) use orphans::Orphans;

#[async_trait]
impl Records for MongoStore {
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.insert_record(new, tells).await })
            .await
    }

    async fn record(&self, kind: Kind, by: By) -> Result<Option<StoredRecord>, Error> {
        self.running
            .read(async {
                let mut meant = match &by {
                    By::Id(id) => doc! { "_id": place(kind, id) },
                    By::First(key) => doc! { KEY_1: key_of(kind, key) },
                    By::Second(key) => doc! { KEY_2: key_of(kind, key) },
                };
                meant.extend(undeleted());
                let found = self.core.records.first(meant).await?;
                let name = self.core.records.name;
                found.map(|found| read(name, kind, &found)).transpose()
            })
            .await
    }

    async fn list_records(&self, listing: Listing) -> Result<Vec<StoredRecord>, Error> {
        self.running
            .read(async {
                let mut listed = starting_with(listing.kind, listing.after.as_ref());
                if let Some(owner) = &listing.owner {
                    listed.insert("owner", owner.as_str());
                }
                listed.extend(undeleted());
                let query = Query::new(listed).sort(doc! { "_id": 1 });
                let found = self.core.records.all(query.limit(listing.limit())).await?;
                let name = self.core.records.name;
                let records = found.iter().map(|found| read(name, listing.kind, found));
                records.collect()
            })
            .await
    }

    async fn change_record(
        &self,
        change: RecordChange,
        tells: Tells,
    ) -> Result<bool, SaveRecordError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.change_record(change, tells).await })
            .await
    }

    async fn delete_record(
        &self,
        kind: Kind,
        id: RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.delete_record(kind, &id, at, tells).await })
            .await
    }
}

impl Core {
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
        let id = place(new.kind, &new.id);
        let pending = Pending {
            operation: self.next_name(),
            rows: tells.into_rows(),
            is_new: true,
        };
        let mut document = doc! {
            "_id": &id,
            "kind": new.kind.0,
            "version": integer(FIRST_VERSION),
            "body": new.body.as_str(),
        };
        if let Some(owner) = &new.owner {
            document.insert("owner", owner.as_str());
        }
        set_keys(&mut document, new.kind, new.keys);
        if new.owner.is_some() || !pending.rows.is_empty() {
            document.insert("portcullis_pending", pending.to_bson());
        }
        for _ in 0..TRIES {
            match self.records.insert(document.clone()).await {
                Ok(()) if document.contains_key("portcullis_pending") => {
                    let outbox = self.outbox();
                    let finished = outbox.finish_record(&document, &pending).await?;
                    return match finished {
                        Finished::Kept => Ok(()),
                        Finished::OwnerGone => Err(SaveRecordError::OwnerGone),
                    };
                }
                Ok(()) => return Ok(()),
                Err(Failure::Duplicate) => self.refuse_taken(&id, new.kind, new.keys, true).await?,
                Err(Failure::Other(error)) => return Err(error.into()),
            }
        }
        Err(Error::Busy.into())
    }

    async fn change_record(
        &self,
        change: RecordChange,
        tells: Tells,
    ) -> Result<bool, SaveRecordError> {
        let id = place(change.kind, &change.id);
        let pending = Pending {
            operation: self.next_name(),
            rows: tells.into_rows(),
            is_new: false,
        };
        let mut set = doc! {
            "version": integer(change.at + 1),
            "body": change.body.as_str(),
        };
        set_keys(&mut set, change.kind, change.keys);
        if !pending.rows.is_empty() {
            set.insert("portcullis_pending", pending.to_bson());
        }
        let mut update = doc! { "$set": set };
        let lost = lost_keys(change.keys);
        if !lost.is_empty() {
            update.insert("$unset", lost);
        }
        for _ in 0..TRIES {
            if self.settled_record(&id, Some(change.at)).await?.is_none() {
                return Ok(false);
            }
            let unchanged = untouched(&id, change.at);
            match self.records.updated(unchanged, update.clone()).await {
                Ok(Some(_)) if pending.rows.is_empty() => return Ok(true),
                Ok(Some(document)) => {
                    self.outbox().finish_record(&document, &pending).await?;
                    return Ok(true);
                }
                Ok(None) => {} // somebody else was faster: look again
                Err(Failure::Duplicate) => {
                    self.refuse_taken(&id, change.kind, change.keys, false)
                        .await?;
                }
                Err(Failure::Other(error)) => return Err(error.into()),
            }
        }
        Err(Error::Busy.into())
    }

    async fn delete_record(
        &self,
        kind: Kind,
        id: &RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error> {
        let id = place(kind, id);
        let pending = Pending {
            operation: self.next_name(),
            rows: tells.into_rows(),
            is_new: false,
        };
        for _ in 0..TRIES {
            let Some(version) = self.settled_record(&id, at).await? else {
                return Ok(false);
            };
            let unchanged = untouched(&id, version);
            if pending.rows.is_empty() {
                if self.records.delete(unchanged).await? {
                    return Ok(true);
                }
                continue;
            }
            let mark = doc! { "$set": {
                "deleted": true, "portcullis_pending": pending.to_bson(),
            } };
            if let Some(document) = self.records.updated(unchanged, mark).await? {
                self.outbox().finish_record(&document, &pending).await?;
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }

    /// The version that a record has, if it is the one that is asked for, after what an interrupted change left behind
    /// was finished.
    async fn settled_record(&self, id: &str, at: Option<u64>) -> Result<Option<u64>, Error> {
        for _ in 0..TRIES {
            let Some(found) = self.records.first(doc! { "_id": id }).await? else {
                return Ok(None);
            };
            let fields = Fields::of(self.records.name, &found);
            let version = fields.unsigned("version")?;
            if at.is_some_and(|at| at != version) {
                return Ok(None);
            }
            match Pending::read(&fields)? {
                Some(left) => self.outbox().finish_record(&found, &left).await.map(drop)?,
                None if is_deleted(&found) => return Ok(None),
                None => return Ok(Some(version)),
            }
        }
        Err(Error::Busy)
    }

    /// Refuses what another record has, the id only of a new one. Where a record that is deleted has it, that is
    /// finished, and it is free.
    async fn refuse_taken(
        &self,
        id: &str,
        kind: Kind,
        keys: Keys,
        is_new: bool,
    ) -> Result<(), SaveRecordError> {
        let mut taken = Vec::new();
        if is_new {
            taken.push((RecordKey::Id, doc! { "_id": id }));
        }
        for (key, field, value) in [
            (RecordKey::First, KEY_1, keys.first),
            (RecordKey::Second, KEY_2, keys.second),
        ] {
            if let Some(value) = value {
                let of_another = doc! { field: key_of(kind, &value), "_id": { "$ne": id } };
                taken.push((key, of_another));
            }
        }
        for (key, filter) in taken {
            let Some(found) = self.records.first(filter).await? else {
                continue;
            };
            if !is_deleted(&found) {
                return Err(SaveRecordError::Taken(key));
            }
            let fields = Fields::of(self.records.name, &found);
            if let Some(left) = Pending::read(&fields)? {
                self.outbox().finish_record(&found, &left).await?;
            }
        }
        Ok(())
    }
}

/// A filter's part for records that are there.
fn undeleted() -> Document {
    doc! { "deleted": { "$exists": false } }
}

/// A filter for this version, unless another change has begun.
fn untouched(id: &str, version: u64) -> Document {
    let mut filter = doc! {
        "_id": id, "version": integer(version), "portcullis_pending": { "$exists": false },
    };
    filter.extend(undeleted());
    filter
}

/// The keys that a record does not have any more, to be unset.
fn lost_keys(keys: Keys) -> Document {
    let mut lost = Document::new();
    for (field, key) in [(KEY_1, keys.first), (KEY_2, keys.second)] {
        if key.is_none() {
            lost.insert(field, "");
        }
    }
    lost
}
