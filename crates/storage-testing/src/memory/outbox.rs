use async_trait::async_trait;
use model::Timestamp;
use storage::outbox::{
    Claim, ClaimedJob, JobId, JobKey, Progress, StoredJob, Wanted, report_expired,
};
use storage::{Error, Kind, Outbox, OutboxDepth, Posted};

use super::{MemoryStore, State};

/// A job, how far it has come unless it is done, and why it was not done the last time.
pub(super) struct Job {
    stored: StoredJob,
    progress: Option<Progress>,
    error: Option<&'static str>,
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error> {
        let mut state = self.open()?;
        if state.jobs.contains_key(&job.id) {
            return Ok(Posted::Kept);
        }
        if !state.has_owner(job.owner.as_ref()) {
            return Ok(Posted::OwnerGone);
        }
        state
            .jobs
            .retain(|_, other| !other.has_key(job.kind, job.key) || other.stored.expires > now);
        let mut others = state.jobs.values();
        if others.any(|other| other.has_key(job.kind, job.key)) {
            return Ok(Posted::AlreadyThere);
        }
        let kept = Job {
            progress: Some(Progress::new(job.not_before, job.expires)),
            error: None,
            stored: job,
        };
        state.jobs.insert(kept.stored.id, kept);
        Ok(Posted::Kept)
    }

    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let mut state = self.open()?;
        let mut due: Vec<_> = state
            .jobs
            .values_mut()
            .filter(|found| found.is_wanted(wanted) && found.is_due(now))
            .collect();
        due.sort_by_key(|found| found.progress.map(|progress| progress.not_before));
        due.truncate(limit as usize);
        let claimed = due.into_iter().filter_map(|found| {
            let (progress, claim) = found.progress?.claimed(now, lease_until)?;
            found.progress = Some(progress);
            Some(ClaimedJob {
                id: found.stored.id,
                kind: found.stored.kind,
                lane: found.stored.lane,
                body: found.stored.body.clone(),
                claim,
                expires: found.stored.expires,
            })
        });
        Ok(claimed.collect())
    }

    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error> {
        let mut state = self.open()?;
        let Some(found) = state.jobs.get_mut(&id) else {
            return Ok(false);
        };
        let ours = found.progress.is_some_and(|it| it.is_claimed_by(claim));
        if ours && found.stored.key.is_some() {
            found.progress = None;
        } else if ours {
            state.jobs.remove(&id);
        }
        Ok(ours)
    }

    async fn postpone_job(
        &self,
        id: JobId,
        claim: Claim,
        not_before: Timestamp,
        error: &'static str,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let found = state.jobs.get_mut(&id);
        Ok(found.is_some_and(|found| {
            let postponed = found
                .progress
                .and_then(|it| it.postponed(claim, not_before));
            let is_ours = postponed.is_some();
            if is_ours {
                (found.progress, found.error) = (postponed, Some(error));
            }
            is_ours
        }))
    }

    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error> {
        let mut state = self.open()?;
        let mut jobs = state.jobs.values_mut();
        let found = jobs.find(|found| found.has_key(kind, Some(key)));
        Ok(found.is_some_and(|found| {
            let hastened = found.progress.and_then(|it| it.hastened(now));
            found.progress = hastened.or(found.progress);
            hastened.is_some()
        }))
    }

    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error> {
        let state = self.open()?;
        let waiting = || state.jobs.values().filter_map(|found| found.progress);
        let waiting = || waiting().filter(|progress| progress.expires > now);
        let due = || waiting().filter(|progress| progress.is_due(now));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(OutboxDepth {
            waiting: count(waiting().count()),
            due: count(due().count()),
            oldest_due: due().map(|progress| progress.not_before).min(),
        })
    }
}

impl State {
    /// Removes what has expired, as long as there are some `left` to remove.
    pub(super) fn sweep_jobs(&mut self, now: Timestamp, left: &mut u32) {
        self.jobs.retain(|id, found| {
            let goes = *left > 0 && found.stored.expires <= now;
            *left -= u32::from(goes);
            if goes && found.progress.is_some() {
                report_expired(found.stored.kind.0, &id.to_string(), found.error);
            }
            !goes
        });
    }

    /// Removes those of an account.
    pub(super) fn remove_jobs_of(&mut self, owner: &model::UserId) {
        let is_theirs = |found: &Job| found.stored.owner.as_ref() == Some(owner);
        self.jobs.retain(|_, found| !is_theirs(found));
    }
}

impl Job {
    fn has_key(&self, kind: Kind, key: Option<JobKey>) -> bool {
        key.is_some() && self.stored.key == key && self.stored.kind == kind
    }

    fn is_wanted(&self, wanted: &Wanted) -> bool {
        let tries = self.progress.map(|progress| progress.tries);
        let lane = self.stored.lane.as_ref();
        wanted.kinds.contains(&self.stored.kind)
            && tries.is_some_and(|tries| wanted.tries.holds_for(tries))
            && !lane.is_some_and(|lane| wanted.outside.contains(lane))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.progress.is_some_and(|progress| progress.is_due(now))
    }
}
