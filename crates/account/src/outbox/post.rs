//! Posting a job. A server does it for whoever asks, an operator for itself: neither has to be the one that does the job.

use std::error::Error;

use model::{Clock, Rng};
use storage::outbox::{JobBody, JobId, StoredJob};
use storage::{Posted, Storage};

use super::{Desk, Job, Posting};
use crate::Accounts;

/// Where a job waits for a process that has the same keys.
#[derive(Clone, Copy)]
pub(crate) struct Outbox<'a> {
    pub(crate) storage: &'a dyn Storage,
    pub(crate) desk: &'a Desk,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) rng: &'a dyn Rng,
}

impl Outbox<'_> {
    /// Keeps a job, and has this process look for it at once, if it does any.
    pub(crate) async fn post<J: Job>(
        &self,
        job: &J,
        posting: Posting,
    ) -> Result<Posted, storage::Error> {
        let (now, desk) = (self.clock.now(), self.desk);
        let id = JobId::random(self.rng);
        let failed = |error: Box<dyn Error + Send + Sync>| storage::Error::Backend(error);
        let body = desk.seal(J::KIND, id, job, self.rng).map_err(failed)?;
        let stored = StoredJob {
            id,
            kind: J::KIND,
            key: posting.key.map(|key| desk.key(J::KIND, &key)),
            owner: posting.owner,
            lane: job.lane().map(|lane| desk.lane(&lane)),
            body: JobBody::new(body).map_err(|error| failed(error.into()))?,
            not_before: posting.not_before.unwrap_or(now),
            expires: now.plus(posting.lifetime),
        };
        let posted = self.storage.post_job(stored, now).await?;
        if posted == Posted::Kept {
            desk.wake();
        }
        Ok(posted)
    }

    /// Makes the job with this key due now; `false` when none waits.
    pub(crate) async fn hasten<J: Job>(
        &self,
        key: impl AsRef<[u8]>,
    ) -> Result<bool, storage::Error> {
        let (now, desk) = (self.clock.now(), self.desk);
        for key in desk.keys(J::KIND, key.as_ref()) {
            if self.storage.hasten_job(J::KIND, key, now).await? {
                desk.wake();
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Accounts {
    /// Where this process posts its jobs.
    pub(crate) fn outbox(&self) -> Outbox<'_> {
        Outbox {
            storage: &*self.0.storage,
            desk: self.desk(),
            clock: &*self.0.clock,
            rng: &*self.0.rng,
        }
    }

    /// Keeps a job, and has this process look for it at once.
    pub(crate) async fn post<J: Job>(
        &self,
        job: &J,
        posting: Posting,
    ) -> Result<Posted, storage::Error> {
        self.outbox().post(job, posting).await
    }
}
