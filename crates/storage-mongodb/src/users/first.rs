//! The first start on a collection that another application filled: its accounts get their keys before there are
//! unique indexes on them.
//!
//! To build these indexes afterwards costs an eighth of what it costs to keep them while they fill, on each member of
//! a replica set. So the keys are written first; of those who then share one, all but one lose it again, and count as
//! not looked at; then the indexes are built, which fails as long as any key is shared. Who is left without a key then
//! is looked at under these indexes, as always (`takeover.rs`). Nothing is served before that.
//!
//! All of it may stop anywhere, and several nodes may do it at once: what counts is who is looked at under the indexes.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use storage::Error;

use crate::Core;
use crate::error::{Failure, shared_key};
use crate::ids;
use crate::progress::Progress;
use crate::table::{Query, Statement};
use crate::users::TRIES;
use crate::users::takeover::{BATCH, BATCH_WITHIN, Guard};

/// How long looking for shared keys may take: it reads all accounts, and nobody waits for it but a start.
const SEARCHING: Duration = Duration::from_secs(600);

impl Core {
    /// Gives keys to every account, and makes the indexes on them.
    pub(crate) async fn give_first_keys(&self, progress: &dyn Progress) -> Result<(), Error> {
        self.one_round(Guard::None, progress).await?;
        for _ in 0..TRIES {
            for field in ["username_key", "email_key"] {
                self.take_shared_keys_away(field).await?;
            }
            match self.make_indexes_on_keys(progress).await {
                Err(Failure::Duplicate) => {} // it came in between
                made => return Ok(made?),
            }
        }
        Err(Error::Busy)
    }

    /// Leaves each key to one of those who have it: to an account that was made here, if there is one.
    ///
    /// # Errors
    /// Also when several that were made here have it: each was promised that it is its own.
    async fn take_shared_keys_away(&self, field: &str) -> Result<(), Error> {
        for keys in self.shared_keys(field).await?.chunks(BATCH as usize) {
            let holders = doc! { field: { "$in": keys } };
            let mut kept = HashMap::new();
            for imported in [false, true] {
                let mut holders = holders.clone();
                let is = if imported { "$eq" } else { "$ne" };
                holders.insert("portcullis_imported", doc! { is: true });
                self.take_keys_away(field, holders, &mut kept).await?;
            }
        }
        Ok(())
    }

    /// Takes the keys of these holders away, but for the first one of each that has not been `kept`.
    async fn take_keys_away(
        &self,
        field: &str,
        holders: Document,
        kept: &mut HashMap<String, String>,
    ) -> Result<(), Error> {
        let query = Query::new(holders).only(doc! { field: 1, "portcullis_imported": 1 });
        let mut batches = self.users.batches_within(query, BATCH, SEARCHING).await?;
        loop {
            let holders = batches.next().await?;
            if holders.is_empty() {
                return Ok(());
            }
            let mut others = Vec::new();
            for holder in &holders {
                let (Some(id), Ok(key)) = (holder.get("_id"), holder.get_str(field)) else {
                    continue;
                };
                let Some(first) = kept.get(key) else {
                    kept.insert(key.to_owned(), ids::shown(id));
                    continue;
                };
                if !holder.contains_key("portcullis_imported") {
                    let (one, other) = (first.clone(), ids::shown(id));
                    return Err(shared_key(field, one, other));
                }
                others.push(Statement {
                    filter: doc! { "_id": id, field: key, "portcullis_imported": true },
                    update: doc! { "$unset": {
                        "username_key": "", "email_key": "", "username_key_version": "",
                    } },
                });
            }
            self.users.update_each(others, BATCH_WITHIN).await?;
        }
    }

    /// The keys that several accounts have.
    async fn shared_keys(&self, field: &str) -> Result<Vec<Bson>, Error> {
        let stages = vec![
            doc! { "$match": { field: { "$type": "string" } } },
            doc! { "$group": { "_id": format!("${field}"), "accounts": { "$sum": 1 } } },
            doc! { "$match": { "accounts": { "$gt": 1 } } },
        ];
        let shared = self.users.aggregate(stages, SEARCHING).await?;
        let keys = shared.iter().filter_map(|found| found.get("_id").cloned());
        Ok(keys.collect())
    }
}
