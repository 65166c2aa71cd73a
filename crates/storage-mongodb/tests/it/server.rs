//! The server, and a database for each test.

use std::ops::Deref;
use std::sync::Arc;

use model::SystemRng;
use scratch_database::{Database, Servers};
use storage_mongodb::{MongoStore, MongoUri, OpenError, Options};

use crate::ears::PATIENCE;

/// A database that goes with its value.
pub(crate) struct Scratch(Database);

/// A database with nothing in it, on a replica set.
pub(crate) async fn scratch() -> Option<Scratch> {
    Database::fresh(Servers::ReplicaSet).await.map(Scratch)
}

/// A database with nothing in it, on a server without a replica set.
pub(crate) async fn scratch_alone() -> Option<Scratch> {
    Database::fresh(Servers::Alone).await.map(Scratch)
}

impl Scratch {
    /// A node on this database. The server may be slow, on a machine that does much else.
    pub(crate) async fn node(&self) -> Arc<MongoStore> {
        let uri = MongoUri::parse(&*self.uri).unwrap();
        let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
        MongoStore::open(&uri, options).await.unwrap()
    }
}

impl Deref for Scratch {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.0
    }
}

/// A node on the database that `uri` names, with the usual deadlines.
pub(crate) async fn opened(uri: &str) -> Result<Arc<MongoStore>, OpenError> {
    let uri = MongoUri::parse(uri).unwrap();
    MongoStore::open(&uri, Options::new(&SystemRng)).await
}
