//! The outbox: one document for each job, which changes by compare-and-set.
//!
//! A job of an account is posted first, and then it is looked whether the account is there, as with tickets. What a crash in
//! between leaves is a job of an account that is gone; whoever does it finds nobody, and it expires.
//!
//! # Answers that are lost
//! - *Of a post*: one with a key that is posted anew is `AlreadyThere`, and `Kept` where it has the same id.
//! - *Of a claim*: nobody works on the job until the lease runs out.
//! - *Of an end*: it was done, or the lease runs out and the work is done once more.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use storage::outbox::{
    Claim, ClaimedJob, JobBody, JobId, JobKey, Lane, MOST_COUNTED, Progress, StoredJob, Tries,
    Wanted, report_expired,
};
use storage::{Error, Kind, Outbox, OutboxDepth, Posted};

use crate::document::{Fields, date, hex, unhex};
use crate::error::Failure;
use crate::table::Query;
use crate::users::{TRIES, has_owner};
use crate::{Core, MongoStore};

/// So many jobs that can't be read are looked past at once.
const UNREADABLE: usize = 100;

/// How often a node that was too slow for all that it found looks for more.
const LOOKS: u32 = 3;

#[async_trait]
impl Outbox for MongoStore {
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.post_job(job, now).await })
            .await
    }

    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let (core, wanted) = (Arc::clone(&self.core), wanted.clone());
        self.running
            .write(async move { core.claim_jobs(&wanted, now, lease_until, limit).await })
            .await
    }

    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.finish_job(id, claim).await })
            .await
    }

    async fn postpone_job(
        &self,
        id: JobId,
        claim: Claim,
        not_before: Timestamp,
        error: &'static str,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                let postponed = doc! {
                    "$set": {
                        "not_before": date(not_before), "free_from": date(not_before), "error": error,
                    },
                    "$unset": { "claim": "" },
                };
                Ok(core.jobs.update(claimed_by(id, claim), postponed).await?)
            })
            .await
    }

    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.hasten_job(kind, key, now).await })
            .await
    }

    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error> {
        self.running.read(self.core.outbox_depth(now)).await
    }
}

impl Core {
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error> {
        let mut document = doc! {
            "_id": job.id.to_string(),
            "kind": job.kind.0,
            "body": bytes(job.body.as_bytes()),
            "expires_at": date(job.expires),
        };
        let (set, _) = written(&Progress::new(job.not_before, job.expires));
        document.extend(set);
        if let Some(key) = job.key {
            document.insert("key", key_of(job.kind, key));
        }
        if let Some(owner) = &job.owner {
            document.insert("owner", owner.as_str());
        }
        if let Some(lane) = &job.lane {
            document.insert("lane", hex(lane.as_bytes()));
        }
        for _ in 0..TRIES {
            match self.jobs.insert(document.clone()).await {
                Ok(()) => return self.kept_for(job.id, job.owner.as_ref()).await,
                Err(Failure::Duplicate) => {
                    if let Some(posted) = self.posted_before(&job, now).await? {
                        return Ok(posted);
                    }
                }
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    /// Takes a job back whose account is not there.
    async fn kept_for(&self, id: JobId, owner: Option<&UserId>) -> Result<Posted, Error> {
        if has_owner(&self.users, owner).await? {
            return Ok(Posted::Kept);
        }
        self.jobs.delete(doc! { "_id": id.to_string() }).await?;
        Ok(Posted::OwnerGone)
    }

    /// What stands in the way of a job. One that has expired does not: it is removed.
    async fn posted_before(
        &self,
        job: &StoredJob,
        now: Timestamp,
    ) -> Result<Option<Posted>, Error> {
        let itself = doc! { "_id": job.id.to_string() };
        if self.jobs.first(itself).await?.is_some() {
            return self.kept_for(job.id, job.owner.as_ref()).await.map(Some);
        }
        let Some(key) = job.key else {
            return Ok(None);
        };
        let mut other = doc! { "key": key_of(job.kind, key), "expires_at": { "$lte": date(now) } };
        self.jobs.delete(other.clone()).await?;
        other.remove("expires_at");
        let other = self.jobs.first(other).await?;
        Ok(other.map(|_| Posted::AlreadyThere))
    }

    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let (mut claimed, mut unreadable) = (Vec::new(), Vec::new());
        let mut looks = 0;
        while looks < LOOKS && unreadable.len() <= UNREADABLE {
            let left = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(limit));
            let mut due = due_of(wanted, now);
            if !unreadable.is_empty() {
                due.insert("_id", doc! { "$nin": &unreadable });
            }
            let query = Query::new(due).sort(doc! { "not_before": 1 });
            let found = self.jobs.all(query.limit(left)).await?;
            let count = found.len();
            let before = (claimed.len(), unreadable.len());
            for document in found {
                match self
                    .claim_job(&wanted.kinds, &document, now, lease_until)
                    .await
                {
                    Ok(job) => claimed.extend(job),
                    Err(error @ Error::Unreadable { .. }) => {
                        // Others must not wait for it: it is looked past.
                        tracing::error!(%error, "unreadable job");
                        unreadable.extend(document.get("_id").cloned());
                    }
                    Err(error) if claimed.is_empty() => return Err(error),
                    Err(_) => return Ok(claimed),
                }
            }
            if claimed.len() == before.0 + count {
                break;
            }
            // Whoever was slower than others looks again, a few times; past what can't be read, each time.
            looks += u32::from(unreadable.len() == before.1);
        }
        Ok(claimed)
    }

    /// Claims a job as it was read, unless somebody was faster.
    async fn claim_job(
        &self,
        kinds: &[Kind],
        document: &Document,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedJob>, Error> {
        let fields = Fields::of(self.jobs.name, document);
        let (id, before) = (read_id(&fields)?, read_progress(&fields)?);
        let name = fields.text("kind")?;
        let kind = kinds.iter().find(|kind| kind.0 == name);
        let body = match fields.required("body")? {
            Bson::Binary(binary) => JobBody::from_stored(binary.bytes.clone()),
            _ => return Err(fields.unreadable("body")),
        };
        let Some((after, claim)) = before.claimed(now, lease_until) else {
            return Ok(None);
        };
        if !self.replace_progress(id, &before, &after).await? {
            return Ok(None);
        }
        Ok(kind.map(|kind| ClaimedJob {
            id,
            kind: *kind,
            lane: read_lane(document),
            body,
            claim,
            expires: after.expires,
        }))
    }

    /// Whether it was as it was read.
    async fn replace_progress(
        &self,
        id: JobId,
        before: &Progress,
        after: &Progress,
    ) -> Result<bool, Error> {
        let (mut unchanged, missing) = written(before);
        unchanged.insert("_id", id.to_string());
        unchanged.extend(missing.into_iter().map(|(field, _)| (field, absent())));
        let (set, unset) = written(after);
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        Ok(self.jobs.update(unchanged, update).await?)
    }

    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error> {
        let mut with_key = claimed_by(id, claim);
        with_key.insert("key", doc! { "$exists": true });
        let done = doc! { "$unset": { "body": "", "not_before": "", "claim": "", "error": "" } };
        if self.jobs.update(with_key, done).await? {
            return Ok(true);
        }
        let mut without_key = claimed_by(id, claim);
        without_key.insert("key", absent());
        self.jobs.delete(without_key).await
    }

    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let waiting = doc! { "key": key_of(kind, key), "not_before": { "$exists": true } };
            let Some(found) = self.jobs.first(waiting).await? else {
                return Ok(false);
            };
            let fields = Fields::of(self.jobs.name, &found);
            let (id, before) = (read_id(&fields)?, read_progress(&fields)?);
            let Some(after) = before.hastened(now) else {
                return Ok(false);
            };
            if self.replace_progress(id, &before, &after).await? {
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }

    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error> {
        let waiting = doc! {
            "not_before": { "$gt": date(Timestamp::from_millis(0)) },
            "expires_at": { "$gt": date(now) },
        };
        let oldest = Query::new(due(now)).sort(doc! { "not_before": 1 }).limit(1);
        let oldest = oldest.only(doc! { "_id": 0, "not_before": 1 });
        let oldest = self.jobs.all(oldest).await?;
        let since = |document| Fields::of(self.jobs.name, document).time("not_before");
        Ok(OutboxDepth {
            waiting: self.count_jobs(waiting).await?,
            due: self.count_jobs(due(now)).await?,
            oldest_due: oldest.first().map(since).transpose()?,
        })
    }

    /// At the most so many as are counted.
    async fn count_jobs(&self, filter: Document) -> Result<u32, Error> {
        let stages = vec![
            doc! { "$match": filter },
            doc! { "$limit": i64::from(MOST_COUNTED) },
            doc! { "$count": "jobs" },
        ];
        let counted = self.jobs.aggregate(stages, self.deadline).await?;
        let count = |document| Fields::of(self.jobs.name, document).unsigned("jobs");
        let count = counted.first().map(count).transpose()?.unwrap_or_default();
        Ok(u32::try_from(count).unwrap_or(MOST_COUNTED))
    }

    /// Removes jobs that have expired. Those that were not done are reported.
    pub(crate) async fn sweep_jobs(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let over = doc! { "$lte": date(now) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.jobs.all(query.only(doc! { "body": 0 })).await?;
        let ids: Vec<&Bson> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.jobs.delete_all(filter).await?;
        for document in found
            .iter()
            .filter(|found| found.contains_key("not_before"))
        {
            let text = |field| document.get_str(field).ok();
            let (kind, id) = (text("kind"), text("_id"));
            report_expired(
                kind.unwrap_or_default(),
                id.unwrap_or_default(),
                text("error"),
            );
        }
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}

/// A filter for jobs that can be claimed: what [`Progress::is_due`] asks.
fn due(now: Timestamp) -> Document {
    let come = || doc! { "$lte": date(now) };
    doc! { "not_before": come(), "free_from": come(), "expires_at": { "$gt": date(now) } }
}

/// The same for those that somebody wants.
fn due_of(wanted: &Wanted, now: Timestamp) -> Document {
    let names: Vec<_> = wanted.kinds.iter().map(|kind| kind.0).collect();
    let lanes: Vec<_> = wanted
        .outside
        .iter()
        .map(|lane| hex(lane.as_bytes()))
        .collect();
    let mut filter = due(now);
    match wanted.tries {
        Tries::First => filter.insert("tries", 0_i64),
        Tries::Further => filter.insert("tries", doc! { "$gt": 0_i64 }),
    };
    filter.insert("kind", doc! { "$in": names });
    filter.insert("lane", doc! { "$nin": lanes });
    filter.insert("body", doc! { "$type": "binData" }); // others would be found again and again
    filter
}

/// A filter for the job while this claim may settle it: what [`Progress::is_claimed_by`] asks.
fn claimed_by(id: JobId, claim: Claim) -> Document {
    doc! { "_id": id.to_string(), "claim": i64::from(claim.0) }
}

/// The fields of a progress that change: those that are there, and those that are not.
fn written(progress: &Progress) -> (Document, Document) {
    let mut set = doc! {
        "not_before": date(progress.not_before),
        "free_from": date(progress.free_from),
        "tries": i64::from(progress.tries),
    };
    let mut unset = Document::new();
    match progress.claim {
        Some(claim) => set.insert("claim", i64::from(claim.0)),
        None => unset.insert("claim", ""),
    };
    (set, unset)
}

fn read_progress(fields: &Fields<'_>) -> Result<Progress, Error> {
    let number = |field, found| u32::try_from(found).map_err(|_| fields.unreadable(field));
    let claim = fields.optional_unsigned("claim")?;
    let claim = claim.map(|claim| number("claim", claim)).transpose()?;
    Ok(Progress {
        not_before: fields.time("not_before")?,
        free_from: fields.time("free_from")?,
        expires: fields.time("expires_at")?,
        tries: number("tries", fields.unsigned("tries")?)?,
        claim: claim.map(Claim),
    })
}

fn read_id(fields: &Fields<'_>) -> Result<JobId, Error> {
    let bytes = unhex(fields.text("_id")?);
    bytes
        .map(JobId::from_bytes)
        .ok_or_else(|| fields.unreadable("_id"))
}

/// Another version may know other lanes: such a job runs beside every other.
fn read_lane(document: &Document) -> Option<Lane> {
    let lane = document.get_str("lane").ok()?;
    unhex(lane).map(Lane::from_bytes)
}

/// A key as documents hold it: unique over all kinds.
fn key_of(kind: Kind, key: JobKey) -> String {
    format!("{}/{}", kind.0, hex(key.as_bytes()))
}

fn bytes(bytes: &[u8]) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.to_vec(),
    }
}

fn absent() -> Bson {
    Bson::Document(doc! { "$exists": false })
}
