//! What stands in a store, byte by byte.

use std::path::Path;

use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use scratch_database::Database;

use crate::TestApp;
use crate::app::Backend;

impl TestApp {
    /// Every file of the store, with its log, or every document of every collection: its name, and its bytes.
    pub async fn stored(&self) -> Vec<(String, Vec<u8>)> {
        match self.backend() {
            Backend::Sqlite => files(self.folder()),
            Backend::MongoDb(database) => documents(database).await,
        }
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder of the application");
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file that can be read");
            files.push((path.display().to_string(), bytes));
        }
    }
    files
}

async fn documents(database: &Database) -> Vec<(String, Vec<u8>)> {
    let listed = database
        .run(doc! { "listCollections": 1, "nameOnly": true })
        .await;
    let cursor = listed.get_document("cursor").expect("a cursor");
    let collections = cursor.get_array("firstBatch").expect("collections");
    let names = collections
        .iter()
        .filter_map(|it| it.as_document()?.get_str("name").ok());
    let mut documents = Vec::new();
    for name in names {
        let found = database.collection(name).find(doc! {}).await;
        let found: Vec<Document> = found.expect("documents").try_collect().await.expect("all");
        documents.extend(found.iter().map(|document| {
            let bytes = document.to_vec().expect("it was stored");
            (format!("{name} {:?}", document.get("_id")), bytes)
        }));
    }
    documents
}
