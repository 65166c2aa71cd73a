//! The outbox: work to be done later, once, by whichever node comes first. Mails, calls to other servers.
//!
//! A job is claimed for a while. Whoever has claimed it does the work and settles it; when they are gone, the claim
//! lapses and another node does the work anew. So work is done at least once, and again only after a crash between the
//! work and its settling. A job that is done is remembered by its key until it would have expired, so that the same work is
//! not posted twice.
//!
//! What a claim makes of a job, and who may settle it, is decided by [`Progress`], for every backend.

mod job;
mod progress;

use async_trait::async_trait;
use model::Timestamp;

use crate::{Error, Kind};

pub use job::{ClaimedJob, JobBody, JobId, JobKey, Lane, StoredJob, Tries, Wanted};
pub use progress::{Claim, Progress};

/// Jobs that are counted at the most: what is behind them is behind them.
pub const MOST_COUNTED: u32 = 10_000;

/// What became of a job that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It waits for its time.
    Kept,
    /// One of its kind with the same key waits, or was done before: nothing was added.
    AlreadyThere,
    /// The account that it would go with is not there: nothing was added.
    OwnerGone,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    /// Jobs that are not done, whether their time has come or not: at the most [`MOST_COUNTED`].
    pub waiting: u32,
    /// Those whose time has come and that nobody has claimed: at the most [`MOST_COUNTED`].
    pub due: u32,
    /// Since when the oldest of these could have been done.
    pub oldest_due: Option<Timestamp>,
}

/// Jobs of every kind.
///
/// Deleting an account ([`Users::delete_user`](crate::Users::delete_user)) removes its jobs.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a job until it is done or has expired. Posting the same one once more, by its id, changes nothing.
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error>;

    /// Claims such jobs that are due at `now`, the oldest first, at the most `limit`. Each is claimed by one of those who
    /// try, and may be claimed again from `lease_until` on.
    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error>;

    /// Ends a job: its body goes at once, its key stays until it expires. `false` when it isn't claimed by this claim any
    /// more, and nothing was changed.
    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error>;

    /// Gives a claim back: the job is due at `not_before`, and a short code says why it was not done. `false` when it isn't
    /// claimed by this claim any more, and nothing was changed.
    async fn postpone_job(
        &self,
        id: JobId,
        claim: Claim,
        not_before: Timestamp,
        error: &'static str,
    ) -> Result<bool, Error>;

    /// Makes a job due at `now`, by its key. `false` when none of this kind waits that nobody has claimed.
    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error>;

    /// How much there is to do at `now`.
    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error>;
}

/// Says in the log that a job has expired and was not done. A backend calls it when it sweeps the job.
pub fn report_expired(kind: &str, id: &str, error: Option<&str>) {
    let error = error.unwrap_or("never tried");
    tracing::warn!(kind, job = id, error, "a job expired before it was done");
}
