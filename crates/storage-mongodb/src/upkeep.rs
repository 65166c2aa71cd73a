//! What the database needs to stay well.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use mongodb::bson::{Document, doc};
use storage::{Error, Upkeep};
use tokio::time::Instant;

use crate::document::{Fields, date, integer};
use crate::error::Failure;
use crate::table::Query;
use crate::{Core, MongoStore};

/// How long a node goes on sweeping before another one may. Sweeping twice does no harm, it only
/// costs twice; so the clocks of the nodes need not agree.
const LEASE: Duration = Duration::from_secs(120);

/// Whose turn it is. Versions before this one kept theirs, under another name, though they could not sweep.
const LEASE_NAME: &str = "sweeping";

/// Which secret every node has for its present one, and since when.
const SECRET: &str = "present_secret";

/// How long a close waits to give its lease back: whoever stops a process kills it soon.
const GIVING_UP: Duration = Duration::from_secs(1);

#[async_trait]
impl Upkeep for MongoStore {
    fn describe(&self) -> String {
        format!("MongoDB {}/{}", self.hosts, self.core.database.name())
    }

    async fn ping(&self) -> Result<(), Error> {
        self.running
            .read(async {
                self.core.heartbeat.beat().await?;
                self.core.feed.head().await.map(drop)
            })
            .await
    }

    async fn clock_difference(&self, now: Timestamp) -> Result<Option<Duration>, Error> {
        self.running
            .read(async {
                let asked = Instant::now();
                let server = self.core.server_time().await?;
                let answered = now.plus(asked.elapsed());
                // It was read at some point between the two.
                let difference = now.since(server).max(server.since(answered));
                Ok(Some(difference))
            })
            .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                if !core.has_lease(now).await? {
                    return Ok(0);
                }
                let swept = core.sweep_all(now, limit).await;
                if swept.is_err() {
                    core.give_up_lease().await; // another node may be able to
                }
                swept
            })
            .await
    }

    async fn note_access_lifetime(&self, lifetime: Duration) -> Result<Duration, Error> {
        let heartbeat = &self.core.heartbeat;
        self.running.read(heartbeat.note(lifetime)).await
    }

    fn noted_access_lifetime(&self) -> Option<Duration> {
        Some(self.core.heartbeat.longest_noted())
    }

    async fn note_secret(&self, fingerprint: &str, now: Timestamp) -> Result<Timestamp, Error> {
        let (core, fingerprint) = (Arc::clone(&self.core), fingerprint.to_owned());
        self.running
            .write(async move {
                if let Some(since) = core.noted_secret(&fingerprint).await? {
                    return Ok(since);
                }
                let set = doc! { "fingerprint": fingerprint, "since": date(now) };
                core.meta.upserted(SECRET, doc! { "$set": set }).await?;
                Ok(now)
            })
            .await
    }

    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error> {
        self.running.read(self.core.noted_secret(fingerprint)).await
    }

    async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.running.read(self.core.reserved_until(now)).await
    }

    async fn close(&self) {
        self.running.close(self.core.deadline).await;
        self.stop();
        if tokio::time::timeout(GIVING_UP, self.core.give_up_lease())
            .await
            .is_err()
        {
            tracing::debug!("the lease for sweeping was not given back in time");
        }
        let left = tokio::time::timeout(GIVING_UP, self.core.heartbeat.leave());
        if !matches!(left.await, Ok(Ok(()))) {
            tracing::debug!("the others were not told that this node reads the feed no more");
        }
        self.core.note_last_changes_of_kinds(GIVING_UP).await;
        self.core.sinks.clear();
        let client = self.core.database.client().clone();
        client.shutdown().immediate(true).await;
    }
}

/// What was swept so far. One thing that can't be swept leaves the others to be.
struct Sweep {
    limit: u32,
    gone: u32,
    failed: Option<Error>,
}

impl Sweep {
    const fn left(&self) -> u32 {
        self.limit.saturating_sub(self.gone)
    }

    fn note(&mut self, swept: Result<u32, Error>) {
        match swept {
            Ok(gone) => self.gone = self.gone.saturating_add(gone),
            Err(error) => drop(self.failed.get_or_insert(error)),
        }
    }

    /// How much was swept, or the first fault.
    fn done(self) -> Result<u32, Error> {
        self.failed.map_or(Ok(self.gone), Err)
    }
}

impl Core {
    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error> {
        let filter = doc! { "_id": SECRET, "fingerprint": fingerprint };
        let found = self.meta.first(filter).await?;
        let since = found.map(|found| Fields::of(self.meta.name, &found).time("since"));
        since.transpose()
    }

    async fn sweep_all(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let mut sweep = Sweep {
            limit,
            gone: 0,
            failed: None,
        };
        sweep.note(self.sweep_sessions(now, sweep.left()).await);
        sweep.note(self.feed.prune(now, sweep.left()).await);
        sweep.note(self.sweep_attempts(now, sweep.left()).await);
        sweep.note(self.sweep_limits(now, sweep.left()).await);
        sweep.note(self.sweep_spent(now, sweep.left()).await);
        sweep.note(self.sweep_released(now, sweep.left()).await);
        sweep.note(self.sweep_tickets(now, sweep.left()).await);
        sweep.note(self.sweep_jobs(now, sweep.left()).await);
        sweep.note(self.sweep_orphans().await.map(|()| 0));
        sweep.done()
    }

    /// Deletes sessions that are over, unless they were renewed since they were looked at.
    async fn sweep_sessions(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let over = doc! { "$lte": date(now) };
        let query = Query::new(doc! { "over_at": over.clone() });
        let query = query.sort(doc! { "over_at": 1 }).limit(limit);
        let found = self.sessions.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "over_at": over };
        let deleted = self.sessions.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }

    /// Whether this node is the one that sweeps: it takes the lease, or takes it once more.
    async fn has_lease(&self, now: Timestamp) -> Result<bool, Error> {
        let lease = doc! { "holder": &self.node, "until": date(now.plus(LEASE)) };
        let Some(held) = self.meta.first(doc! { "_id": LEASE_NAME }).await? else {
            let mut first = lease;
            first.insert("_id", LEASE_NAME);
            return match self.meta.insert(first).await {
                Ok(()) => Ok(true),
                Err(Failure::Duplicate) => Ok(false),
                Err(Failure::Other(error)) => Err(error),
            };
        };
        let fields = Fields::of(self.meta.name, &held);
        let (holder, until) = (fields.text("holder")?, fields.time("until")?);
        if holder != self.node && until > now {
            return Ok(false);
        }
        let filter = doc! { "_id": LEASE_NAME, "holder": holder, "until": date(until) };
        Ok(self.meta.update(filter, doc! { "$set": lease }).await?)
    }

    /// Lets another node sweep at once. When that fails, the lease runs out.
    async fn give_up_lease(&self) {
        let filter = doc! { "_id": LEASE_NAME, "holder": &self.node };
        if let Err(error) = self.meta.delete(filter).await {
            tracing::debug!(%error, "the lease for sweeping was not given back");
        }
    }

    /// What time it is for the server.
    pub(crate) async fn server_time(&self) -> Result<Timestamp, Error> {
        let hello = self.hello().await?;
        Fields::of("hello", &hello).time("localTime")
    }

    /// Refuses to work on what a later version wrote.
    pub(crate) async fn layout(&self, known: i64) -> Result<i64, Error> {
        let update: Document = doc! { "$setOnInsert": { "version": known } };
        let document = self.meta.upserted("layout", update).await?;
        let found = Fields::of(self.meta.name, &document).unsigned("version")?;
        Ok(integer(found))
    }
}
