//! Indexes of a collection.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::doc;
use mongodb::options::{Acknowledgment, CommitQuorum, CreateIndexOptions, WriteConcern};
use storage::Error;

use super::Table;
use crate::error::{Failure, from_driver};

/// How long a majority may take to have what was built and is committed.
const COMMITTED_WITHIN: Duration = Duration::from_secs(60);

impl Table {
    /// Makes the indexes that are missing, all of them in one passage over the documents. There is no deadline: it
    /// takes as long as it takes, and whoever calls it looks whether it goes on.
    ///
    /// `quorum` says how many members of a replica set must have built them before any may use them. By default those
    /// are all that vote: one that is down stops it. A server that is no member of a set knows none.
    pub(crate) async fn index(
        &self,
        indexes: Vec<IndexModel>,
        quorum: Option<CommitQuorum>,
    ) -> Result<(), Failure> {
        let concern = WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(COMMITTED_WITHIN)
            .build();
        let options = CreateIndexOptions::builder()
            .commit_quorum(quorum)
            .write_concern(concern)
            .build();
        let making = self.collection.create_indexes(indexes);
        match making.with_options(options).await {
            Ok(_) => Ok(()),
            Err(error) => Err(from_driver(self.name, &error)),
        }
    }

    /// The names of its indexes. It must be there.
    pub(crate) async fn index_names(&self) -> Result<Vec<String>, Error> {
        let names = self.collection.list_index_names();
        Ok(self.within(names.into_future()).await?)
    }

    /// How many documents there are, about: what the server has noted, without counting.
    pub(crate) async fn estimated_count(&self) -> Result<u64, Error> {
        let estimate = self.collection.estimated_document_count();
        Ok(self.within(estimate.into_future()).await?)
    }

    /// How many documents the builds of its indexes have read, if one is at that. Nothing also where the server shows
    /// nobody what it does but its administrators.
    pub(crate) async fn read_by_builds(&self) -> Result<Option<u64>, Error> {
        let namespace = self.collection.namespace();
        let stages = [
            doc! { "$currentOp": { "allUsers": true, "idleConnections": false } },
            doc! { "$match": {
                "ns": namespace.to_string(),
                "command.createIndexes": { "$exists": true },
                "msg": { "$regex": "scanning collection" },
            } },
            doc! { "$group": { "_id": null, "done": { "$max": "$progress.done" } } },
        ];
        let admin = self.collection.client().database("admin");
        let asking = async {
            let mut cursor = admin.aggregate(stages).await?;
            if !cursor.advance().await? {
                return Ok(None);
            }
            let read = cursor.deserialize_current()?;
            let done = read.get_i64("done");
            let done = done.or_else(|_| read.get_i32("done").map(i64::from)).ok();
            Ok(done.and_then(|done| u64::try_from(done).ok()))
        };
        Ok(self.within(asking).await?)
    }
}
