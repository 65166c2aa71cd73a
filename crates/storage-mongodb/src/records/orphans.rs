//! What belongs to accounts that a node of a version before these stores has deleted: it removes none of it.
//!
//! The sweeps look for it a page at a time, and begin again at the end. Nobody waits for it: the ids of such accounts are
//! given to nobody again.

use std::sync::{Mutex, PoisonError};

use model::UserId;
use mongodb::bson::doc;
use storage::Error;

use crate::Core;
use crate::document::Fields;
use crate::table::Query;
use crate::users::has_owner;

/// Records that are looked at in one step.
const PAGE: u32 = 100;

/// Up to which owner they have been looked at.
#[derive(Debug, Default)]
pub(crate) struct Orphans(Mutex<String>);

impl Core {
    /// Looks at the next owners of records, and removes what belongs to those that are gone.
    pub(crate) async fn sweep_orphans(&self) -> Result<(), Error> {
        let last = self.orphans.lock().clone();
        let query = Query::new(doc! { "owner": { "$gt": last } });
        let query = query.sort(doc! { "owner": 1 }).limit(PAGE);
        let found = self.records.all(query.only(doc! { "owner": 1 })).await?;
        let mut owners = Vec::new();
        for document in &found {
            let owner = Fields::of(self.records.name, document).text("owner")?;
            owners.extend(UserId::parse(owner)); // no other is one of ours
        }
        owners.dedup();
        for owner in &owners {
            if self.is_gone(owner).await? {
                tracing::debug!(account = %owner, "what belonged to an account that is gone is removed");
                if let Err(error) = self.outbox().remove_belongings(owner).await {
                    tracing::warn!(%error, "not all of it could be removed"); // the next time
                }
            }
        }
        let whole = found.len() == PAGE as usize;
        let last = owners.pop().filter(|_| whole);
        *self.orphans.lock() = last.map_or_else(String::new, |last| last.as_str().to_owned());
        Ok(())
    }

    async fn is_gone(&self, owner: &UserId) -> Result<bool, Error> {
        if has_owner(&self.users, Some(owner)).await? {
            return Ok(false);
        }
        // A primary that was deposed may know less of accounts. After a write that a majority has confirmed none is read.
        self.heartbeat.beat().await?;
        Ok(!has_owner(&self.users, Some(owner)).await?)
    }
}

impl Orphans {
    fn lock(&self) -> std::sync::MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
