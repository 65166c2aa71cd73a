//! Deleting an account.
//!
//! The one update that deletes it marks it as `closing` and says what is to be told. From then on it
//! is gone for every reading, and nobody can sign in to it. Then the feed is told, then its sessions,
//! tickets, jobs and records go, then the document itself, which frees its name: in that order, so that at no point the account
//! is gone and its tokens could be forgotten. Wherever this stops, the mark is still there, and
//! whoever finds it goes on.

use model::UserId;
use mongodb::bson::doc;
use storage::{Error, FeedEntry, FeedRow, Moment};

use crate::Core;
use crate::document::Fields;
use crate::users::TRIES;
use crate::users::change::held;
use crate::users::document::{is_closing, unchanged};
use crate::users::keys::kind_before;
use crate::users::pending::Pending;

impl Core {
    /// Deletes the account. One that was half deleted is deleted now.
    pub(crate) async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let Some(document) = self.account_document(id).await? else {
                return Ok(false);
            };
            let fields = Fields::of(self.users.name, &document);
            let raw = fields.required("_id")?.clone();
            if let Some(left) = Pending::read(&fields)? {
                self.outbox().finish(&raw, &left).await?;
                if is_closing(&document) {
                    return Ok(true);
                }
                continue;
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
            let update = doc! {
                "$set": { "portcullis_closing": true, "portcullis_pending": pending.to_bson() },
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
