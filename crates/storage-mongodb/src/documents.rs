//! What the feed and the outbox need of a collection.
//!
//! [`Table`] gives it. The model in `feed/interleavings` gives it, too, and lets everything happen to it that
//! may happen between two calls.

use mongodb::bson::Document;
use storage::Error;

use crate::error::Failure;
use crate::table::{Query, Table};

/// A collection. Each method is what [`Table`] has under its name.
pub(crate) trait Documents: Clone + Send + Sync + 'static {
    /// Its name, for errors.
    fn name(&self) -> &'static str;

    fn insert(&self, document: Document) -> impl Future<Output = Result<(), Failure>> + Send;

    fn all(&self, query: Query) -> impl Future<Output = Result<Vec<Document>, Error>> + Send;

    fn update(
        &self,
        filter: Document,
        update: Document,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    fn upserted(
        &self,
        id: &str,
        update: Document,
    ) -> impl Future<Output = Result<Document, Error>> + Send;

    fn delete(&self, filter: Document) -> impl Future<Output = Result<bool, Error>> + Send;

    fn delete_all(&self, filter: Document) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Lets a moment pass after a failure.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

impl Documents for Table {
    fn name(&self) -> &'static str {
        self.name
    }

    fn insert(&self, document: Document) -> impl Future<Output = Result<(), Failure>> + Send {
        Self::insert(self, document)
    }

    fn all(&self, query: Query) -> impl Future<Output = Result<Vec<Document>, Error>> + Send {
        Self::all(self, query)
    }

    fn update(
        &self,
        filter: Document,
        update: Document,
    ) -> impl Future<Output = Result<bool, Failure>> + Send {
        Self::update(self, filter, update)
    }

    fn upserted(
        &self,
        id: &str,
        update: Document,
    ) -> impl Future<Output = Result<Document, Error>> + Send {
        Self::upserted(self, id, update)
    }

    fn delete(&self, filter: Document) -> impl Future<Output = Result<bool, Error>> + Send {
        Self::delete(self, filter)
    }

    fn delete_all(&self, filter: Document) -> impl Future<Output = Result<u64, Error>> + Send {
        Self::delete_all(self, filter)
    }

    fn pause(&self) -> impl Future<Output = ()> + Send {
        Self::pause()
    }
}
