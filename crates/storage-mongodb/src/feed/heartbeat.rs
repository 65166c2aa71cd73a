//! The proof that the store was heard: a write, once a second.
//!
//! A primary that was deposed while it was cut off still answers reads; only a write that a majority
//! confirms shows that what is read afterwards holds everything that was acknowledged before. So the
//! follower tells its listeners only of a reading that began after such a write, and the age counts
//! from before the write.
//!
//! The document that is written also holds the longest lifetime of access tokens that any node has noted, and the
//! write answers with it: so who has heard the store knows of each lifetime that was noted before. Likewise it says
//! which kinds of entries each node reads that listens (`readers.rs`).

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::doc;
use storage::{Asked, Error, Sinks};
use tokio::time::{Instant, MissedTickBehavior};

use crate::document::{Fields, integer};
use crate::documents::Documents;
use crate::feed::outages::Outages;
use crate::feed::readers::Readers;
use crate::table::Table;

const EVERY: Duration = Duration::from_secs(1);

/// The field with what each node reads.
const NODES: &str = "nodes";

/// The heartbeat of this node.
pub(crate) struct Heartbeat<T = Table> {
    meta: T,
    sinks: Sinks,
    /// When the last write that succeeded was asked for; taken by the reading that follows it.
    proven: Mutex<Option<Asked>>,
    /// The longest lifetime of access tokens that was noted, in milliseconds.
    longest: AtomicU64,
    outages: Outages,
    /// Where the document has what this node reads.
    place: String,
    /// How often it has said so.
    beats: AtomicI64,
    readers: Arc<Readers>,
}

impl<T: Documents> Heartbeat<T> {
    pub(crate) fn new(meta: T, sinks: Sinks, node: &str, readers: Arc<Readers>) -> Self {
        Self {
            meta,
            sinks,
            proven: Mutex::new(None),
            longest: AtomicU64::new(0),
            outages: Outages::default(),
            place: format!("{NODES}.{node}"),
            beats: AtomicI64::new(0),
            readers,
        }
    }

    /// One write.
    pub(crate) async fn beat(&self) -> Result<(), Error> {
        self.note(Duration::ZERO).await.map(drop)
    }

    /// One write that also notes how long access tokens live; the longest that was ever noted.
    pub(crate) async fn note(&self, lifetime: Duration) -> Result<Duration, Error> {
        let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        let mut update = doc! {
            "$inc": { "beats": 1_i64, "named": 1_i64 },
            "$max": { "access_lifetime_millis": integer(millis) },
        };
        if !self.sinks.is_empty() {
            let beats = self.beats.fetch_add(1, Ordering::Relaxed);
            let reads = doc! { "beats": beats, "reads": self.sinks.kinds() };
            update.insert("$set", doc! { &self.place: reads });
        }
        if let Some(gone) = self.readers.long_gone(Instant::now()) {
            let place = format!("{NODES}.{gone}");
            if place != self.place {
                update.insert("$unset", doc! { place: "" });
            }
        }
        let document = self.meta.upserted("heartbeat", update).await?;
        self.readers.see(&document, Instant::now());
        let fields = Fields::of(self.meta.name(), &document);
        let longest = fields.unsigned("access_lifetime_millis")?;
        self.longest.fetch_max(longest, Ordering::AcqRel);
        Ok(Duration::from_millis(longest))
    }

    /// The longest lifetime that a write of this node was answered.
    pub(crate) fn longest_noted(&self) -> Duration {
        Duration::from_millis(self.longest.load(Ordering::Acquire))
    }

    /// Writes once a second, as long as someone listens.
    pub(crate) async fn run(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.prove().await;
        }
    }

    /// Writes once, if someone listens.
    pub(super) async fn prove(&self) {
        let asked = self.sinks.ask();
        if asked.is_empty() {
            return;
        }
        let began = Instant::now();
        match self.beat().await {
            Ok(()) => {
                *self.lock() = Some(asked);
                self.outages.confirmed(began, Instant::now());
            }
            Err(error) => {
                self.outages.failed(began);
                tracing::debug!(%error, "no heartbeat"); // the follower says it aloud
            }
        }
    }

    /// Whether every node that is alive reads this kind of entry.
    pub(crate) fn all_read(&self, kind: &str) -> bool {
        self.readers.all_read(kind, Instant::now())
    }

    /// The nodes that may be alive and do not read this kind, as a write of now finds them.
    pub(crate) async fn who_cannot_read(&self, kind: &str) -> Result<Vec<String>, Error> {
        self.beat().await?;
        Ok(self.readers.who_cannot_read(kind, Instant::now()))
    }

    /// Says that this node reads no more.
    pub(crate) async fn leave(&self) -> Result<(), Error> {
        let left = doc! { "$unset": { &self.place: "" } };
        let heartbeat = doc! { "_id": "heartbeat" };
        Ok(self.meta.update(heartbeat, left).await.map(drop)?)
    }

    /// For how long there was none.
    pub(crate) const fn outages(&self) -> &Outages {
        &self.outages
    }

    /// The last success, for the reading that begins now.
    pub(crate) fn take(&self) -> Option<Asked> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Asked>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
