//! The promises of the storage traits, kept by MongoDB.

use std::sync::Arc;

use async_trait::async_trait;
use storage::Storage;
use storage_testing::contract::Backend;

use crate::server::Scratch;

#[async_trait]
impl Backend for Scratch {
    async fn open(&self) -> Arc<dyn Storage> {
        self.node().await
    }

    async fn beside(&self) -> Arc<dyn Storage> {
        self.node().await
    }
}

/// One node needs no replica set.
mod alone {
    storage_testing::contract::suite!(crate::server::scratch_alone);
}

mod replica_set {
    storage_testing::contract::suite!(crate::server::scratch);
}
