//! A listener that remembers what it heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::Timestamp;
use storage::{Feed as _, FeedEntry, FeedRow, FeedSink};
use storage_mongodb::MongoStore;
use tokio::sync::watch;

/// How long something may take that must happen at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Ears {
    rows: Mutex<Vec<FeedRow>>,
    /// Its clock: it counts how often it was looked at.
    clock: AtomicU64,
    /// The kinds that it reads beyond the first five.
    kinds: &'static [&'static str],
    /// The latest time from which on the store was heard.
    heard: watch::Sender<u64>,
}

impl Ears {
    pub(crate) async fn on(node: &MongoStore, now: Timestamp) -> Arc<Self> {
        Self::that_read(node, now, &[]).await
    }

    pub(crate) async fn that_read(
        node: &MongoStore,
        now: Timestamp,
        kinds: &'static [&'static str],
    ) -> Arc<Self> {
        let ears = Arc::new(Self {
            kinds,
            rows: Mutex::default(),
            clock: AtomicU64::new(1),
            heard: watch::Sender::new(0),
        });
        let sink = Arc::clone(&ears) as Arc<dyn FeedSink>;
        node.follow(now, sink).await.unwrap();
        ears
    }

    pub(crate) fn has(&self, entry: &FeedEntry) -> bool {
        self.count(entry) > 0
    }

    pub(crate) fn count(&self, entry: &FeedEntry) -> usize {
        let rows = self.rows.lock().unwrap();
        rows.iter().filter(|row| row.entry == *entry).count()
    }

    /// Waits until this entry is heard.
    pub(crate) async fn hear(&self, entry: &FeedEntry) {
        self.wait(|| self.has(entry)).await;
    }

    /// Waits until the store was heard by a question that is asked from now on.
    pub(crate) async fn hear_the_store(&self) {
        let now = self.clock.load(Ordering::SeqCst);
        self.wait(|| *self.heard.borrow() >= now).await;
    }

    /// The time from which on the store was heard.
    pub(crate) fn heard_at(&self) -> u64 {
        *self.heard.borrow()
    }

    /// The present time.
    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    async fn wait(&self, condition: impl Fn() -> bool) {
        let mut changes = self.heard.subscribe();
        let wait = async {
            while !condition() {
                changes.changed().await.unwrap();
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, wait).await;
        in_time.expect("it is heard in time");
    }
}

impl FeedSink for Ears {
    fn apply(&self, rows: &[FeedRow]) {
        self.rows.lock().unwrap().extend_from_slice(rows);
        self.heard.send_modify(|_| {});
    }

    fn asked(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn heard(&self, asked: u64) {
        self.heard.send_modify(|heard| *heard = asked.max(*heard));
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.kinds
    }
}
