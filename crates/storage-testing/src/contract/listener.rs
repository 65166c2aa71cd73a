//! A listener that remembers what it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use storage::{FeedEntry, FeedRow, FeedSink, Storage};
use tokio::sync::watch;

use super::fixtures::at;

/// How long something may take that must happen at all. Nothing is expected to take so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Listener {
    rows: Mutex<Vec<FeedRow>>,
    heard: watch::Sender<u64>,
}

impl Listener {
    /// A listener that has heard everything that `store` has told until now.
    pub(super) async fn on(store: &Arc<dyn Storage>) -> Arc<Self> {
        Self::at(store, 0).await
    }

    /// A listener added so many seconds after the start.
    pub(super) async fn at(store: &Arc<dyn Storage>, seconds: i64) -> Arc<Self> {
        let listener = Self::deaf();
        let sink = Arc::clone(&listener) as Arc<dyn FeedSink>;
        store.follow(at(seconds), sink).await.unwrap();
        listener
    }

    /// A listener that was added nowhere yet.
    pub(super) fn deaf() -> Arc<Self> {
        Arc::new(Self {
            rows: Mutex::default(),
            heard: watch::Sender::new(0),
        })
    }

    /// What was heard since the last call.
    pub(super) fn take(&self) -> Vec<FeedRow> {
        std::mem::take(&mut self.rows.lock().unwrap())
    }

    /// Whether this entry was heard.
    pub(super) fn has(&self, entry: &FeedEntry) -> bool {
        self.rows
            .lock()
            .unwrap()
            .iter()
            .any(|row| row.entry == *entry)
    }

    /// Waits until this entry is heard.
    pub(super) async fn hears(&self, entry: &FeedEntry) {
        self.wait(|| self.has(entry)).await;
    }

    /// Waits until the store was heard once more.
    pub(super) async fn hears_the_store(&self) {
        let before = *self.heard.borrow();
        self.wait(|| *self.heard.borrow() > before).await;
    }

    async fn wait(&self, condition: impl Fn() -> bool) {
        let mut changes = self.heard.subscribe();
        let wait = async {
            while !condition() {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("it is heard in time");
    }
}

impl FeedSink for Listener {
    fn apply(&self, rows: &[FeedRow]) {
        self.rows.lock().unwrap().extend_from_slice(rows);
        self.heard.send_modify(|_| {});
    }

    fn asked(&self) -> u64 {
        *self.heard.borrow()
    }

    fn heard(&self, asked: u64) {
        assert!(asked <= self.asked(), "it was asked before");
        self.heard.send_modify(|times| *times += 1);
    }
}
