//! The promises of the storage traits, kept by a file.

use std::sync::Arc;

use async_trait::async_trait;
use model::Timestamp;
use storage::Storage;
use storage_sqlite::{Options, Role, SqliteStore};
use storage_testing::contract::Backend;
use tempfile::TempDir;

struct Sqlite(TempDir);

impl Sqlite {
    fn handle(&self, role: Role) -> Arc<dyn Storage> {
        let options = Options::new(role, Timestamp::from_seconds(0));
        SqliteStore::open(&self.0.path().join("portcullis.db"), &options).unwrap()
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self) -> Arc<dyn Storage> {
        self.handle(Role::Server)
    }

    async fn beside(&self) -> Arc<dyn Storage> {
        self.handle(Role::Command)
    }
}

#[expect(
    clippy::unused_async,
    reason = "other backends are reached over a network"
)]
async fn backend() -> Option<Sqlite> {
    Some(Sqlite(tempfile::tempdir().unwrap()))
}

storage_testing::contract::suite!(crate::contract::backend);
