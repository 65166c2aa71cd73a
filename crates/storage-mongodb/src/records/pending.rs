//! What a change of a record has still to tell the feed, and what has to go with an account.
//!
//! It stands in the record's own document as `portcullis_pending: { op, new, entries }`. Finishing is the same for the
//! one who made the change, for another that comes upon it, and for the caretaker; two may do it at once, since the
//! feed may hear an entry twice, and only what carries the name of the change is cleared.

use model::UserId;
use mongodb::bson::{Bson, Document, doc};
use storage::{Error, FeedRow};

use crate::document::Fields;
use crate::documents::Documents;
use crate::feed::{from_fields, to_document};
use crate::records::document::{is_deleted, owner_of};
use crate::table::Query;
use crate::users::pending::Outbox;
use crate::users::{TRIES, has_owner};

/// Records whose changes are finished in one round.
const ROUND: u32 = 100;

/// What is to be done yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The name of the change.
    pub(crate) operation: String,
    /// What is to be told.
    pub(crate) rows: Vec<FeedRow>,
    /// Whether the record is new: then its owner must be there, or it goes.
    pub(crate) is_new: bool,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// It counts.
    Kept,
    /// It was taken back: there is no such account.
    OwnerGone,
}

impl Pending {
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Option<Self>, Error> {
        if fields.get("portcullis_pending").is_none() {
            return Ok(None);
        }
        let pending = fields.inner("portcullis_pending")?;
        let entries = pending.list("entries")?;
        Ok(Some(Self {
            operation: pending.text("op")?.to_owned(),
            rows: entries.iter().map(from_fields).collect::<Result<_, _>>()?,
            is_new: pending.flag("new")?,
        }))
    }

    pub(crate) fn to_bson(&self) -> Bson {
        let entries: Vec<_> = self.rows.iter().map(to_document).collect();
        Bson::Document(doc! { "op": &self.operation, "new": self.is_new, "entries": entries })
    }
}

impl<T: Documents> Outbox<'_, T> {
    /// Takes a new record back whose owner has gone; else tells the feed, then clears `pending` or, where the change
    /// is a deletion, removes the record.
    ///
    /// # Errors
    /// Only when it could not be judged or the feed could not be told: what comes after it the caretaker does.
    pub(crate) async fn finish_record(
        &self,
        record: &Document,
        pending: &Pending,
    ) -> Result<Finished, Error> {
        let fields = Fields::of(self.records.name(), record);
        let id = fields.required("_id")?;
        let ours = doc! { "_id": id, "portcullis_pending.op": &pending.operation };
        if pending.is_new {
            let owner = owner_of(&fields)?;
            if !has_owner(self.users, owner.as_ref()).await? {
                // Before a write that a majority has confirmed a primary that was deposed may be read, which knows
                // less of accounts.
                let judged = doc! { "$inc": { "portcullis_pending.judged": 1 } };
                self.records.update(ours.clone(), judged).await?;
                if !has_owner(self.users, owner.as_ref()).await? {
                    self.records.delete(ours).await?;
                    return Ok(Finished::OwnerGone);
                }
            }
        }
        if !pending.rows.is_empty() {
            self.appends.append(pending.rows.clone()).await?;
        }
        let tidied = if is_deleted(record) {
            self.records.delete(ours).await.map(drop)
        } else {
            let clear = doc! { "$unset": { "portcullis_pending": "" } };
            let cleared = self.records.update(ours, clear).await;
            cleared.map(drop).map_err(Error::from)
        };
        if let Err(error) = tidied {
            tracing::warn!(%error, "record change published, its pending entry not cleared yet");
        }
        Ok(Finished::Kept)
    }

    /// Finishes what interrupted changes of records have left, and says how many those were.
    pub(crate) async fn finish_orphaned_records(&self) -> Result<usize, Error> {
        let (mut finished, mut left, mut before) = (0, 0, None);
        loop {
            let query = Query::new(doc! { "portcullis_pending.op": { "$exists": true } });
            let query = query.sort(doc! { "_id": 1 }).skip(left).limit(ROUND);
            let found = self.records.all(query.only(doc! { "body": 0 })).await?;
            let first = found.first().and_then(|found| found.get("_id")).cloned();
            if first.is_some() && first == before {
                return Ok(finished); // what was told could not be cleared: the next round tries again
            }
            before = first;
            for document in &found {
                match self.finish_left(document).await {
                    Ok(()) => finished += 1,
                    // Others must not wait for those that can't be read.
                    Err(error @ Error::Unreadable { .. }) => {
                        tracing::error!(%error, "unreadable pending entry of a record");
                        left += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            if found.len() < ROUND as usize {
                return Ok(finished);
            }
        }
    }

    /// Finishes what a change has left, if it has left anything.
    async fn finish_left(&self, record: &Document) -> Result<(), Error> {
        match Pending::read(&Fields::of(self.records.name(), record))? {
            Some(pending) => self.finish_record(record, &pending).await.map(drop),
            None => Ok(()),
        }
    }

    /// Removes what goes with an account that is marked as closing. What its records have still to tell is told first.
    /// One of which that can't be read keeps neither the account nor the others: the sweeps come upon it again.
    pub(crate) async fn remove_belongings(&self, owner: &UserId) -> Result<(), Error> {
        let theirs = || doc! { "owner": owner.as_str() };
        self.tickets.delete_all(theirs()).await?;
        self.jobs.delete_all(theirs()).await?;
        for _ in 0..TRIES {
            let mut settled = theirs();
            settled.insert("portcullis_pending", doc! { "$exists": false });
            self.records.delete_all(settled).await?;
            let query = Query::new(theirs()).limit(ROUND).only(doc! { "body": 0 });
            let left = self.records.all(query).await?;
            if left.is_empty() {
                return Ok(());
            }
            let mut unreadable = 0;
            for document in &left {
                match self.finish_left(document).await {
                    Err(error @ Error::Unreadable { .. }) => {
                        tracing::error!(%error, "unreadable pending entry of a record");
                        unreadable += 1;
                    }
                    finished => finished?,
                }
            }
            if unreadable == left.len() {
                return Ok(());
            }
        }
        Err(Error::Busy)
    }
}
