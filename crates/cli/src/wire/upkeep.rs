//! What is done now and then, and at the end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use account::{Accounts, COUNT_EVERY, SWEEP_EVERY};
use model::Clock;
use storage_sqlite::LimitStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::store::counted;

/// How often the counters of the rate limits are written.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// How long the last writing of them may take. Those worth most come first: only a flood of keys that were
/// hit once takes longer than a moment, and whoever stops the server waits for it.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// How often jobs are looked for that another node has posted, or whose time has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether jobs are late.
const WATCH_EVERY: Duration = Duration::from_secs(15);

/// How long jobs may take to end, and to be given back, when the server stops.
const LAST_JOBS: Duration = Duration::from_secs(5);

/// How long events may take to get into the store when the server stops.
const LAST_EVENTS: Duration = Duration::from_secs(5);

/// What is done now and then, and at the end.
pub struct Upkeep {
    counting: Option<JoinHandle<()>>,
    sweeping: JoinHandle<()>,
    watching: JoinHandle<()>,
    working: JoinHandle<()>,
    keeping: JoinHandle<()>,
    stop_working: watch::Sender<bool>,
    counters: Option<Arc<LimitStore>>,
    accounts: Accounts,
}

impl Upkeep {
    /// Begins the care.
    pub(super) fn begin(
        accounts: Accounts,
        counters: Option<Arc<LimitStore>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let counting = counters.clone().map(write_behind);
        let (stop_working, stop) = watch::channel(false);
        Self {
            counting: counting.map(tokio::spawn),
            sweeping: tokio::spawn(keep_up(accounts.clone(), counters.clone(), clock)),
            watching: tokio::spawn(watch_outbox(accounts.clone())),
            working: tokio::spawn(work(accounts.clone(), stop)),
            keeping: tokio::spawn(keep_events(accounts.clone())),
            stop_working,
            counters,
            accounts,
        }
    }

    /// Ends the care, writes what is counted, and closes the store.
    pub async fn close(self) {
        self.stop_working.send_replace(true);
        let mut working = self.working;
        if tokio::time::timeout(LAST_JOBS, &mut working).await.is_err() {
            tracing::warn!("jobs could not be given back: other nodes take them in two minutes");
            working.abort();
            let _ = working.await;
        }
        self.accounts.drain_events(LAST_EVENTS).await;
        let others = [self.sweeping, self.watching, self.keeping];
        for task in self.counting.into_iter().chain(others) {
            task.abort();
            let _ = task.await; // waited for, so that nothing of it holds the store
        }
        if let Some(counters) = &self.counters {
            let written = tokio::time::timeout(LAST_WRITE, write_counters(counters)).await;
            if written.is_err() {
                tracing::warn!("counters of the rate limits that were hit once are left out");
            }
        }
        self.accounts.close().await;
    }
}

impl fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep").finish_non_exhaustive()
    }
}

/// Sweeps now and then. A failing store is no reason to stop: it may come back.
async fn keep_up(accounts: Accounts, counters: Option<Arc<LimitStore>>, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 1_u32.. {
        ticks.tick().await;
        if let Err(error) = accounts.sweep().await {
            tracing::warn!(%error, "expired entries could not be swept");
        }
        if round.is_multiple_of(COUNT_EVERY)
            && let Err(error) = accounts.refresh_decoys().await
        {
            tracing::warn!(%error, "the kinds of hash could not be counted");
        }
        if let Some(counters) = &counters {
            counters.sweep(counted(&*clock)).await;
        }
    }
}

/// Works off what is in the outbox until it is to stop. A failing store is no reason to: it may come back.
async fn work(accounts: Accounts, mut stop: watch::Receiver<bool>) {
    let mut in_trouble = false;
    while !*stop.borrow() {
        let worked = accounts.work_off(&stop).await;
        match (&worked, in_trouble) {
            (Err(error), false) => tracing::warn!(%error, "jobs can't be worked off"),
            (Ok(_), true) => tracing::info!("jobs are worked off again"),
            _ => {}
        }
        in_trouble = worked.is_err();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = accounts.has_posted(), if !in_trouble => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Writes events into the store as they happen.
async fn keep_events(accounts: Accounts) {
    accounts.keep_events().await;
}

/// Says in the log when jobs are late.
async fn watch_outbox(accounts: Accounts) {
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        if let Err(error) = accounts.watch_outbox().await {
            tracing::debug!(%error, "jobs could not be counted");
        }
    }
}

/// Writes the counters of the rate limits again and again: at a kill less than a second of them is lost,
/// and more only of those that matter least, while a flood brings more than the disk takes.
async fn write_behind(counters: Arc<LimitStore>) {
    let mut ticks = tokio::time::interval(WRITE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write_counters(&counters).await;
    }
}

async fn write_counters(counters: &LimitStore) {
    loop {
        match counters.write_behind().await {
            Ok(true) => return,
            Ok(false) => {} // a flood: the next round begins with what is worth most
            Err(error) => {
                tracing::warn!(%error, "rate limit counters could not be written yet");
                return;
            }
        }
    }
}
