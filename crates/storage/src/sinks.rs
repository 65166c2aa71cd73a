//! Who listens to the feed in this process: the part that every backend shares.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{FeedRow, FeedSink};

/// Listeners on whose behalf the store is asked, and when that began for each.
pub struct Asked(Vec<(Arc<dyn FeedSink>, u64)>);

impl Asked {
    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells them that the store has answered.
    pub fn heard(self) {
        for (sink, asked) in self.0 {
            sink.heard(asked);
        }
    }
}

/// The listeners, shared by the thread that writes and the one that follows.
#[derive(Clone, Default)]
pub struct Sinks(Arc<Mutex<Vec<Arc<dyn FeedSink>>>>);

impl Sinks {
    /// Adds a listener: it hears every row that is committed from now on.
    pub fn add(&self, sink: Arc<dyn FeedSink>) {
        self.lock().push(sink);
    }

    /// Gives rows to all.
    pub fn apply(&self, rows: &[FeedRow]) {
        if rows.is_empty() {
            return;
        }
        for sink in self.present() {
            sink.apply(rows);
        }
    }

    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The kinds beyond the first five that all of them take in.
    pub fn kinds(&self) -> Vec<&'static str> {
        let present = self.present();
        let Some((one, others)) = present.split_first() else {
            return Vec::new();
        };
        let all_read = |kind: &&str| others.iter().all(|other| other.kinds().contains(kind));
        one.kinds().iter().copied().filter(all_read).collect()
    }

    /// Notes what time it is for each, before the store is asked.
    pub fn ask(&self) -> Asked {
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
    pub fn clear(&self) {
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

impl fmt::Debug for Sinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sinks").finish_non_exhaustive()
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}
