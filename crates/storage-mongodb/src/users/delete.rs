//! Deleting an account.
//!
//! The one update that deletes it marks it as `closing` and says what is to be told. From then on it
//! is gone for every reading, and nobody can sign in to it. Then the feed is told, then its sessions,
//! tickets, jobs and records go, then its chain of events is ended and what it says erased, then the document itself
//! goes, which frees its name: in that order, so that at no point the account is gone and its tokens could be forgotten. Wherever this stops, the mark is still there, and
//! whoever finds it goes on.

use model::{Generation, UserId};
use mongodb::bson::doc;
use storage::{Error, FeedEntry, FeedRow, Moment};

use crate::Core;
use crate::document::{Fields, date};
use crate::users::TRIES;
use crate::users::change::held;
use crate::users::closings::{closes_at, waits_as_read};
use crate::users::document::{is_closing, unchanged};
use crate::users::keys::kind_before;
use crate::users::pending::Pending;

/// Which account is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnlyIf {
    /// One that is there.
    There,
    /// One that has waited for it since this generation, and is due.
    DueAt(Generation),
}

impl OnlyIf {
    fn holds_for(self, fields: &Fields<'_>, moment: Moment) -> Result<bool, Error> {
        let at = match self {
            Self::There => return Ok(true),
            Self::DueAt(at) => at,
        };
        let generation = fields.optional_unsigned("generation")?.unwrap_or_default();
        let closes_at = closes_at(fields, Generation(generation))?;
        Ok(generation == at.0 && closes_at.is_some_and(|at| at <= moment.now))
    }
}

impl Core {
    /// Deletes the account. One that was half deleted is deleted now.
    pub(crate) async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        self.delete_if(id, OnlyIf::There, moment).await
    }

    pub(crate) async fn delete_if(
        &self,
        id: &UserId,
        only: OnlyIf,
        moment: Moment,
    ) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let Some(document) = self.account_document(id).await? else {
                return Ok(false);
            };
            let fields = Fields::of(self.users.name, &document);
            let raw = fields.required("_id")?.clone();
            if let Some(left) = Pending::read(&fields)? {
                self.outbox().finish(&raw, &left).await?;
                if is_closing(&document) {
                    return Ok(only == OnlyIf::There);
                }
                continue;
            }
            if !only.holds_for(&fields, moment)? {
                return Ok(false);
            }
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Closed(id.clone()),
                until: moment.feed_until,
            });
            // Reserved before it is let go of.
            self.release(id, &held(&document), moment.now).await?;
            let mut filter =
                doc! { "_id": raw.clone(), "portcullis_pending": { "$exists": false } };
            for field in ["username", "email"] {
                filter.insert(field, unchanged(&document, field));
            }
            if only != OnlyIf::There {
                waits_as_read(&document, &mut filter);
            }
            let update = doc! {
                "$set": { "portcullis_closing": date(moment.now), "portcullis_pending": pending.to_bson() },
                "$unset": { "hash_kind": "" },
            };
            if self.users.update(filter, update).await? {
                self.tally.changed(kind_before(&document), None);
                self.outbox().finish(&raw, &pending).await?;
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }
}
