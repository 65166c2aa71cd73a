//! Every call of the driver: each has a deadline, and each write is confirmed by a majority, in
//! their journals.

mod indexes;
mod many;

use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{CollectionOptions, ReadConcern, ReturnDocument, UpdateModifications};
use mongodb::{Collection, Cursor, Database};
use storage::Error;

use crate::error::{Failure, from_driver, has_lost_its_place, late};

pub(crate) use many::{Batches, Statement};

/// How long it is left alone after a failure.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a reading is begun that the server lets go of.
const READINGS: u32 = 3;

/// A collection.
#[derive(Clone)]
pub(crate) struct Table {
    /// Its name, for errors.
    pub(crate) name: &'static str,
    collection: Collection<Document>,
    deadline: Duration,
}

/// Which documents are read, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) filter: Document,
    pub(crate) sort: Document,
    pub(crate) limit: Option<u32>,
    pub(crate) skip: Option<u32>,
    pub(crate) projection: Option<Document>,
}

impl Query {
    pub(crate) fn new(filter: Document) -> Self {
        Self {
            filter,
            ..Self::default()
        }
    }

    pub(crate) fn sort(self, sort: Document) -> Self {
        Self { sort, ..self }
    }

    pub(crate) fn limit(self, limit: u32) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    pub(crate) fn skip(self, skip: u32) -> Self {
        Self {
            skip: Some(skip),
            ..self
        }
    }

    pub(crate) fn only(self, projection: Document) -> Self {
        Self {
            projection: Some(projection),
            ..self
        }
    }
}

impl Table {
    /// The collection `name`, each operation on which may take as long as `deadline`.
    pub(crate) fn new(database: &Database, name: &'static str, deadline: Duration) -> Self {
        Self {
            name,
            collection: database.collection(name),
            deadline,
        }
    }

    /// The same, of which only what a majority has is read. A server that is no member of a replica
    /// set refuses that.
    pub(crate) fn committed(database: &Database, name: &'static str, deadline: Duration) -> Self {
        let options = CollectionOptions::builder();
        let options = options.read_concern(ReadConcern::majority()).build();
        Self {
            name,
            collection: database.collection_with_options(name, options),
            deadline,
        }
    }

    /// The first document that `filter` meets.
    pub(crate) async fn first(&self, filter: Document) -> Result<Option<Document>, Error> {
        Ok(self.within(self.collection.find_one(filter)).await?)
    }

    /// The documents that `query` gives. There must be a bound on their number: in the query, or by
    /// what they are.
    pub(crate) async fn all(&self, query: Query) -> Result<Vec<Document>, Error> {
        self.all_within(query, self.deadline).await
    }

    /// The same, which may take as long as `deadline`: no index helps it.
    pub(crate) async fn all_within(
        &self,
        query: Query,
        deadline: Duration,
    ) -> Result<Vec<Document>, Error> {
        if query.limit == Some(0) {
            return Ok(Vec::new()); // to the server it would mean that there is no limit
        }
        let reading = || {
            let query = query.clone();
            let mut find = self.collection.find(query.filter).sort(query.sort);
            if let Some(limit) = query.limit {
                find = find.limit(i64::from(limit));
            }
            if let Some(skip) = query.skip {
                find = find.skip(u64::from(skip));
            }
            if let Some(projection) = query.projection {
                find = find.projection(projection);
            }
            gathered(find.into_future())
        };
        Ok(self.within_time(deadline, begun_anew(reading)).await?)
    }

    /// What an aggregation gives, which must be little. It may take as long as `deadline`.
    pub(crate) async fn aggregate(
        &self,
        stages: Vec<Document>,
        deadline: Duration,
    ) -> Result<Vec<Document>, Error> {
        let reading = || {
            let aggregate = self.collection.aggregate(stages.clone());
            gathered(aggregate.allow_disk_use(true).into_future())
        };
        Ok(self.within_time(deadline, begun_anew(reading)).await?)
    }

    /// The values that `field` has in the documents that `filter` meets: an index gives them without reading the
    /// documents. There must be few.
    pub(crate) async fn distinct(&self, field: &str, filter: Document) -> Result<Vec<Bson>, Error> {
        let distinct = self.collection.distinct(field, filter);
        Ok(self.within(distinct.into_future()).await?)
    }

    /// Inserts a document.
    pub(crate) async fn insert(&self, document: Document) -> Result<(), Failure> {
        self.within(self.collection.insert_one(document))
            .await
            .map(drop)
    }

    /// Updates one document; whether there was one.
    pub(crate) async fn update(&self, filter: Document, update: Document) -> Result<bool, Failure> {
        let updated = self.within(self.collection.update_one(filter, update));
        Ok(updated.await?.matched_count == 1)
    }

    /// Updates documents, each by itself.
    pub(crate) async fn update_all(&self, filter: Document, update: Document) -> Result<(), Error> {
        let updated = self.within(self.collection.update_many(filter, update));
        Ok(updated.await.map(drop)?)
    }

    /// Updates one document and gives it as it is now; nothing when there was none.
    pub(crate) async fn updated(
        &self,
        filter: Document,
        update: Document,
    ) -> Result<Option<Document>, Failure> {
        let update = UpdateModifications::Document(update);
        let action = self.collection.find_one_and_update(filter, update);
        let action = action.return_document(ReturnDocument::After);
        self.within(action.into_future()).await
    }

    /// Updates the document `id`, which is made when it is missing, and gives it as it is now.
    ///
    /// Of two that make it at once the one that loses simply updates it: on some servers the loser
    /// is told of a duplicate.
    pub(crate) async fn upserted(&self, id: &str, update: Document) -> Result<Document, Error> {
        let mut last = Failure::Duplicate;
        for _ in 0..3 {
            let update = UpdateModifications::Document(update.clone());
            let action = self
                .collection
                .find_one_and_update(doc! { "_id": id }, update);
            let action = action.upsert(true).return_document(ReturnDocument::After);
            match self.within(action.into_future()).await {
                Ok(Some(document)) => return Ok(document),
                Ok(None) => {}
                Err(Failure::Duplicate) => last = Failure::Duplicate,
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        Err(last.into())
    }

    /// Deletes one document; whether there was one.
    pub(crate) async fn delete(&self, filter: Document) -> Result<bool, Error> {
        let deleted = self.within(self.collection.delete_one(filter));
        Ok(deleted.await?.deleted_count == 1)
    }

    /// Deletes documents, and says how many.
    pub(crate) async fn delete_all(&self, filter: Document) -> Result<u64, Error> {
        let deleted = self.within(self.collection.delete_many(filter));
        Ok(deleted.await?.deleted_count)
    }

    /// Lets a moment pass after a failure.
    pub(crate) async fn pause() {
        tokio::time::sleep(PAUSE).await;
    }

    async fn within<T>(
        &self,
        operation: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        self.within_time(self.deadline, operation).await
    }

    async fn within_time<T>(
        &self,
        deadline: Duration,
        operation: impl IntoFuture<Output = mongodb::error::Result<T>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(deadline, operation.into_future()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(from_driver(self.name, &error)),
            Err(_) => Err(Failure::Other(late())),
        }
    }
}

/// Everything that a cursor gives.
async fn gathered(
    opened: impl Future<Output = mongodb::error::Result<Cursor<Document>>>,
) -> mongodb::error::Result<Vec<Document>> {
    let mut cursor = opened.await?;
    let mut documents = Vec::new();
    while cursor.advance().await? {
        documents.push(cursor.deserialize_current()?);
    }
    Ok(documents)
}

/// Reads once more from the start, as long as the server lets go of the reading between two batches: nobody has seen
/// any of it yet.
async fn begun_anew<T, R>(reading: impl Fn() -> R) -> mongodb::error::Result<T>
where
    R: Future<Output = mongodb::error::Result<T>>,
{
    for _ in 1..READINGS {
        match reading().await {
            Err(error) if has_lost_its_place(&error) => {}
            read => return read,
        }
    }
    reading().await
}
