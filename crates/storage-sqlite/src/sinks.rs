//! Who listens to the feed in this process.

use std::sync::{Arc, Mutex, PoisonError};

use storage::{FeedRow, FeedSink};

/// Listeners on whose behalf the store is asked, and when that began for each.
pub(crate) struct Asked(Vec<(Arc<dyn FeedSink>, u64)>);

impl Asked {
    /// Tells them that the store has answered.
    pub(crate) fn heard(self) {
        for (sink, asked) in self.0 {
            sink.heard(asked);
        }
    }
}

/// The listeners, shared by the thread that writes and the one that follows.
#[derive(Clone, Default)]
pub(crate) struct Sinks(Arc<Mutex<Vec<Arc<dyn FeedSink>>>>);

impl Sinks {
    /// Adds a listener: it hears every row that is committed from now on.
    pub(crate) fn add(&self, sink: Arc<dyn FeedSink>) {
        self.lock().push(sink);
    }

    /// Gives rows to all.
    pub(crate) fn apply(&self, rows: &[FeedRow]) {
        if rows.is_empty() {
            return;
        }
        for sink in self.present() {
            sink.apply(rows);
        }
    }

    /// Notes what time it is for each, before the store is asked.
    pub(crate) fn ask(&self) -> Asked {
        let present = self.present().into_iter();
        Asked(
            present
                .map(|sink| {
                    let asked = sink.asked();
                    (sink, asked)
                })
                .collect(),
        )
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// A copy: a listener is called without the lock, so that it may take its time.
    fn present(&self) -> Vec<Arc<dyn FeedSink>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn FeedSink>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
