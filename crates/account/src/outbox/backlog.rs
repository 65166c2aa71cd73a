//! How much is left to do.

use std::time::Duration;

use model::Timestamp;
use storage::OutboxDepth;

use crate::Accounts;

/// For how long an answer of the store serves everybody who asks.
const FRESH: Duration = Duration::from_secs(1);

/// Jobs that have been due for longer are late: who works them off is gone, or can't keep up.
const LATE: Duration = Duration::from_mins(5);

/// How often that is said.
const SAY_EVERY: Duration = LATE;

/// How much there is to do in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that are not done, whether their time has come or not. Beyond 10,000 they are not counted.
    pub waiting: u32,
    /// Those whose time has come and that nobody works on. Beyond 10,000 they are not counted.
    pub due: u32,
    /// For how long the oldest of these has been due; zero when there is none.
    pub oldest_due: Duration,
}

impl Backlog {
    /// Whether jobs are late: whoever works them off is gone, or can't keep up.
    pub fn is_late(&self) -> bool {
        self.oldest_due > LATE
    }
}

impl Accounts {
    /// How much there is to do, as the store said a second ago at the most: however many ask, it is asked once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn backlog(&self) -> Result<Backlog, storage::Error> {
        let mut known = self.desk().backlog.lock().await;
        let now = self.0.clock.now();
        if let Some((at, backlog)) = *known
            && at <= now
            && now.since(at) < FRESH
        {
            return Ok(backlog);
        }
        let backlog = Backlog::at(now, self.0.storage.outbox_depth(now).await?);
        *known = Some((now, backlog));
        Ok(backlog)
    }

    /// Says in the log when jobs are late, and when they are no more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn watch_outbox(&self) -> Result<(), storage::Error> {
        let Backlog {
            due, oldest_due, ..
        } = self.backlog().await?;
        let now = self.0.clock.now();
        let oldest_due_seconds = oldest_due.as_secs();
        let mut late = self.desk().late.lock().await;
        match *late {
            Some(_) if oldest_due <= LATE => {
                tracing::info!(due, oldest_due_seconds, "jobs are done in time again");
                *late = None;
            }
            Some(said) if now.since(said) < SAY_EVERY => {}
            None if oldest_due <= LATE => {}
            Some(_) | None => {
                tracing::warn!(due, oldest_due_seconds, "jobs are late");
                *late = Some(now);
            }
        }
        Ok(())
    }
}

impl Backlog {
    fn at(now: Timestamp, depth: OutboxDepth) -> Self {
        Self {
            waiting: depth.waiting,
            due: depth.due,
            oldest_due: depth
                .oldest_due
                .map_or(Duration::ZERO, |due| now.since(due)),
        }
    }
}
