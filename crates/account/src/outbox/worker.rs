//! Doing the jobs that are due.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use model::Timestamp;
use storage::outbox::{ClaimedJob, Wanted};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Outcome;
use super::kinds::{Tried, kinds, run_claimed};
use super::places::{Place, Places};
use crate::Accounts;

/// For how long a job is claimed: two nodes whose clocks differ as far as `readyz` allows never do it at once.
const LEASE: Duration = Duration::from_mins(2);

/// How long a try may take: what is left of the lease is for settling it.
const LONGEST_TRY: Duration = Duration::from_secs(60);

/// How often is looked for more while jobs run.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a job that runs may go on when the process is to end.
const GRACE: Duration = Duration::from_secs(2);

/// When a job that can't be read is offered to another process, which may have its key.
const UNREADABLE_WAIT: Duration = Duration::from_mins(1);

/// Waits between the attempts to settle a job, while the store fails: together less than what is left of the lease.
const SETTLING: [u64; 5] = [0, 1, 2, 4, 8];

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settlement {
    Finish,
    Postpone(Timestamp, &'static str),
}

impl Accounts {
    /// Does the jobs that are due, and those that become due meanwhile, until there is none, and says how many it has
    /// ended. Once `stop` holds `true` it claims no more, and gives back what is not done in a moment.
    ///
    /// # Errors
    /// When the store fails and nothing runs.
    pub async fn work_off(&self, stop: &watch::Receiver<bool>) -> Result<usize, storage::Error> {
        let (mut running, mut places) = (JoinSet::new(), Places::default());
        let mut ended = 0;
        loop {
            match self.claim_next(&places, stop).await {
                Ok(Some(job)) => {
                    let accounts = Self(
                        self.0.clone(),
                        None,
                        self.2.clone(),
                        self.3.clone(),
                        self.4.clone(),
                    );
                    let place = Place::of(&job);
                    let task = running.spawn(accounts.work_on(job, stop.clone()));
                    places.take(task.id(), place);
                    continue;
                }
                Err(error) if places.is_empty() => return Err(error),
                Ok(None) | Err(_) => {} // after an error it is tried again once what runs has ended
            }
            tokio::select! {
                settled = running.join_next_with_id() => match settled {
                    Some(Ok((id, has_ended))) => {
                        places.leave(id);
                        ended += usize::from(has_ended);
                    }
                    Some(Err(error)) => places.leave(error.id()),
                    None => return Ok(ended),
                },
                () = sleep(LOOK_EVERY) => {}
                () = self.has_posted(), if places.has_room() => {}
            }
        }
    }

    /// Claims the job that comes next, if one may run beside what runs.
    async fn claim_next(
        &self,
        places: &Places,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<ClaimedJob>, storage::Error> {
        if is_to_end(stop) {
            return Ok(None);
        }
        let now = self.0.clock.now();
        for search in places.searches() {
            let wanted = Wanted {
                kinds: kinds(search.urgency),
                tries: search.tries,
                outside: search.outside,
            };
            let claiming = self.0.storage.claim_jobs(&wanted, now, now.plus(LEASE), 1);
            if let Some(job) = claiming.await?.pop() {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    /// Tries a job and settles it; whether it has ended.
    async fn work_on(self, job: ClaimedJob, stop: watch::Receiver<bool>) -> bool {
        let trying = AssertUnwindSafe(run_claimed(&self, &job)).catch_unwind();
        let settlement = tokio::select! {
            tried = timeout(LONGEST_TRY, trying) => match tried {
                Ok(Ok(tried)) => self.settlement(&job, tried),
                Ok(Err(_)) => self.settlement(&job, Some(failed("panicked", &job))),
                Err(_) => self.settlement(&job, Some(failed("timeout", &job))),
            },
            () = too_late(stop) => Settlement::Postpone(self.0.clock.now(), "interrupted"),
        };
        self.settle_job(&job, settlement).await;
        settlement == Settlement::Finish
    }

    /// Decides what becomes of a job, and says in the log what isn't done.
    fn settlement(&self, job: &ClaimedJob, result: Tried) -> Settlement {
        let (kind, id, tries) = (job.kind.0, job.id, job.claim.0);
        let now = self.0.clock.now();
        let Some((outcome, wait)) = result else {
            if self.desk().is_first_unreadable() {
                tracing::error!(
                    kind, job = %id,
                    "a job can't be read here: another server of this store has another SECRET_KEY, or a later version"
                );
            }
            return Settlement::Postpone(now.plus(UNREADABLE_WAIT), "unreadable");
        };
        match outcome {
            Outcome::Done => Settlement::Finish,
            Outcome::Later(code) if now.plus(wait) < job.expires => {
                tracing::info!(kind, job = %id, code, tries, "a job is tried again later");
                Settlement::Postpone(now.plus(wait), code)
            }
            Outcome::Later(code) | Outcome::Never(code) => {
                tracing::warn!(kind, job = %id, code, tries, "a job was given up");
                Settlement::Finish
            }
        }
    }

    /// Settles a job, again and again while the store fails: else it would be done once more.
    async fn settle_job(&self, job: &ClaimedJob, settlement: Settlement) {
        let storage = &self.0.storage;
        for pause in SETTLING {
            sleep(Duration::from_secs(pause)).await;
            let settled = match settlement {
                Settlement::Finish => storage.finish_job(job.id, job.claim).await,
                Settlement::Postpone(until, code) => {
                    storage.postpone_job(job.id, job.claim, until, code).await
                }
            };
            match settled {
                Ok(true) => return,
                Ok(false) => {
                    tracing::debug!(job = %job.id, "the claim of a job was lost");
                    return;
                }
                Err(error) => tracing::debug!(%error, job = %job.id, "a job is not settled yet"),
            }
        }
        let (kind, id) = (job.kind.0, job.id);
        tracing::warn!(kind, job = %id, "a job could not be settled: it may be done once more");
    }
}

/// A try that came to no outcome of its own.
fn failed(code: &'static str, job: &ClaimedJob) -> (Outcome, Duration) {
    let wait = super::default_wait(job.claim.0);
    (Outcome::Later(code), wait)
}

/// Whether the process is to end: also when whoever could say so is gone.
fn is_to_end(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Waits until the process is to end and the grace is over.
async fn too_late(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await; // an error: whoever could say so is gone
    sleep(GRACE).await;
}
