//! What is done now and then, and at the end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use account::{Accounts, COUNT_EVERY, SWEEP_EVERY};
use model::Clock;
use storage_sqlite::LimitStore;
use tokio::task::JoinHandle;

use super::store::counted;

/// How often the counters of the rate limits are written.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// How long the last writing of them may take. Those worth most come first: only a flood of keys that were
/// hit once takes longer than a moment, and whoever stops the server waits for it.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// What is done now and then, and at the end.
pub struct Upkeep {
    counting: Option<JoinHandle<()>>,
    sweeping: JoinHandle<()>,
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
        Self {
            counting: counting.map(tokio::spawn),
            sweeping: tokio::spawn(keep_up(accounts.clone(), counters.clone(), clock)),
            counters,
            accounts,
        }
    }

    /// Ends the care, writes what is counted, and closes the store.
    pub async fn close(self) {
        for task in self.counting.into_iter().chain([self.sweeping]) {
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
