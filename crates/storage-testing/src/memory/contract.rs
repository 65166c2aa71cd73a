//! The promises of the storage traits, kept by memory.

use std::sync::Arc;

use async_trait::async_trait;
use storage::Storage;

use super::MemoryStore;
use crate::contract::Backend;

struct Memory(Arc<MemoryStore>);

#[async_trait]
impl Backend for Memory {
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.0) as Arc<dyn Storage>
    }

    async fn beside(&self) -> Arc<dyn Storage> {
        self.open().await
    }
}

#[expect(
    clippy::unused_async,
    reason = "other backends are reached over a network"
)]
async fn backend() -> Option<Memory> {
    Some(Memory(Arc::new(MemoryStore::new())))
}

crate::contract::behaviour!(backend);
