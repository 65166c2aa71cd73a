//! The outbox.

use async_trait::async_trait;
use model::{Timestamp, UserId};
use rusqlite::{Connection, named_params};
use storage::outbox::{
    Claim, ClaimedJob, JobBody, JobId, JobKey, Lane, MOST_COUNTED, Progress, StoredJob, Tries,
    Wanted, report_expired,
};
use storage::{Error, Kind, Outbox, OutboxDepth, Posted};

use crate::SqliteStore;
use crate::query::{Columns, all, execute, first};
use crate::users;

const TABLE: &str = "jobs";

#[async_trait]
impl Outbox for SqliteStore {
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error> {
        self.writer
            .write(move |change| post(change.connection(), &job, now))
            .await
    }

    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let (wanted, looked_for) = (wanted.clone(), wanted.clone());
        // Most of the time there is nothing to do, and nothing that the writer must be asked for.
        let due = self
            .readers
            .read(move |connection| due(connection, &looked_for, now, 1))
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        self.writer
            .write(move |change| claim(change.connection(), &wanted, now, lease_until, limit))
            .await
    }

    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error> {
        self.writer
            .write(move |change| finish(change.connection(), id, claim))
            .await
    }

    async fn postpone_job(
        &self,
        id: JobId,
        claim: Claim,
        not_before: Timestamp,
        error: &'static str,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let found = progress_of(connection, id)?;
                let Some(postponed) = found.and_then(|it| it.postponed(claim, not_before)) else {
                    return Ok(false);
                };
                write(connection, id, &postponed)?;
                let sql = "UPDATE jobs SET error = ?2 WHERE id = ?1";
                execute(connection, sql, (id.as_bytes(), error))?;
                Ok(true)
            })
            .await
    }

    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let found = first(
                    connection,
                    TABLE,
                    "SELECT * FROM jobs WHERE kind = ?1 AND key = ?2 AND not_before IS NOT NULL",
                    (kind.0, key.as_bytes()),
                    |columns| Ok((read_id(columns)?, read_progress(columns)?)),
                )?;
                let hastened = found.and_then(|(id, progress)| Some((id, progress.hastened(now)?)));
                let Some((id, hastened)) = hastened else {
                    return Ok(false);
                };
                write(connection, id, &hastened)?;
                Ok(true)
            })
            .await
    }

    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error> {
        self.readers
            .read(move |connection| depth(connection, now))
            .await
    }
}

fn post(connection: &Connection, job: &StoredJob, now: Timestamp) -> Result<Posted, Error> {
    let known = "SELECT 1 FROM jobs WHERE id = ?1";
    if first(connection, TABLE, known, [job.id.as_bytes()], |_| Ok(()))?.is_some() {
        return Ok(Posted::Kept);
    }
    if !users::has_owner(connection, job.owner.as_ref())? {
        return Ok(Posted::OwnerGone);
    }
    let key = job.key.as_ref().map(JobKey::as_bytes);
    execute(
        connection,
        "DELETE FROM jobs WHERE kind = ?1 AND key = ?2 AND expires <= ?3",
        (job.kind.0, key, now.as_millis()),
    )?;
    let kept = execute(
        connection,
        "INSERT INTO jobs (id, kind, key, owner, lane, body, not_before, free_from, expires, tries)
         VALUES (:id, :kind, :key, :owner, :lane, :body, :not_before, :not_before, :expires, 0)
         ON CONFLICT (kind, key) WHERE key IS NOT NULL DO NOTHING",
        named_params! {
            ":id": job.id.as_bytes(),
            ":kind": job.kind.0,
            ":key": key,
            ":owner": job.owner.as_ref().map(UserId::as_str),
            ":lane": job.lane.as_ref().map(Lane::as_bytes),
            ":body": job.body.as_bytes(),
            ":not_before": job.not_before.as_millis(),
            ":expires": job.expires.as_millis(),
        },
    )?;
    Ok(match kept {
        0 => Posted::AlreadyThere,
        _ => Posted::Kept,
    })
}

fn claim(
    connection: &Connection,
    wanted: &Wanted,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<ClaimedJob>, Error> {
    let mut claimed = Vec::new();
    for due in due(connection, wanted, now, limit)? {
        let Some((progress, claim)) = due.progress.claimed(now, lease_until) else {
            continue;
        };
        write(connection, due.id, &progress)?;
        let sql = "SELECT body FROM jobs WHERE id = ?1";
        let body = first(connection, TABLE, sql, [due.id.as_bytes()], |columns| {
            columns.get("body")
        })?;
        claimed.push(ClaimedJob {
            id: due.id,
            kind: due.kind,
            lane: due.lane,
            body: JobBody::from_stored(body.unwrap_or_default()),
            claim,
            expires: progress.expires,
        });
    }
    Ok(claimed)
}

fn finish(connection: &Connection, id: JobId, claim: Claim) -> Result<bool, Error> {
    let found = progress_of(connection, id)?;
    if !found.is_some_and(|progress| progress.is_claimed_by(claim)) {
        return Ok(false);
    }
    let forgotten = "DELETE FROM jobs WHERE id = ?1 AND key IS NULL";
    execute(connection, forgotten, [id.as_bytes()])?;
    let done = "UPDATE jobs SET body = NULL, not_before = NULL, claim = NULL WHERE id = ?1";
    execute(connection, done, [id.as_bytes()])?;
    Ok(true)
}

/// A job that can be claimed.
struct Due {
    id: JobId,
    kind: Kind,
    lane: Option<Lane>,
    progress: Progress,
}

/// Jobs that can be claimed, the oldest first.
fn due(
    connection: &Connection,
    wanted: &Wanted,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, Error> {
    let kinds = &wanted.kinds;
    let outside: Vec<_> = wanted
        .outside
        .iter()
        .map(|lane| format!("\"{}\"", hex(lane)))
        .collect();
    let names: Vec<_> = kinds.iter().map(|kind| format!("\"{}\"", kind.0)).collect();
    let found = all(
        connection,
        TABLE,
        "SELECT id, kind, lane, not_before, free_from, expires, tries, claim FROM jobs
         WHERE (tries > 0) = ?4 AND not_before <= ?1 AND free_from <= ?1 AND expires > ?1
             AND length(id) = 16 AND kind IN (SELECT value FROM json_each(?2))
             AND (lane IS NULL OR lower(hex(lane)) NOT IN (SELECT value FROM json_each(?5)))
         ORDER BY not_before LIMIT ?3",
        (
            now.as_millis(),
            format!("[{}]", names.join(",")),
            limit,
            wanted.tries == Tries::Further,
            format!("[{}]", outside.join(",")),
        ),
        |columns| {
            let name: String = columns.get("kind")?;
            let kind = kinds.iter().find(|kind| kind.0 == name);
            let kind = kind.ok_or_else(|| columns.unreadable("kind"))?;
            let lane: Option<[u8; 16]> = columns.get("lane")?;
            Ok(Due {
                id: read_id(columns)?,
                kind: *kind,
                lane: lane.map(Lane::from_bytes),
                progress: read_progress(columns)?,
            })
        },
    )?;
    Ok(found)
}

fn depth(connection: &Connection, now: Timestamp) -> Result<OutboxDepth, Error> {
    let count = |sql| -> Result<(u64, Option<i64>), Error> {
        let counted = first(
            connection,
            TABLE,
            sql,
            (now.as_millis(), MOST_COUNTED),
            |columns| Ok((columns.unsigned("jobs")?, columns.get("oldest")?)),
        )?;
        Ok(counted.unwrap_or_default())
    };
    let (waiting, _) = count(
        "SELECT count(*) AS jobs, NULL AS oldest FROM (SELECT 1 FROM jobs
         WHERE not_before IS NOT NULL AND expires > ?1 LIMIT ?2)",
    )?;
    let (due, oldest) = count(
        "SELECT count(*) AS jobs, min(not_before) AS oldest FROM (SELECT not_before FROM jobs
         WHERE not_before <= ?1 AND free_from <= ?1 AND expires > ?1 ORDER BY not_before LIMIT ?2)",
    )?;
    let bounded = |number| u32::try_from(number).unwrap_or(MOST_COUNTED);
    Ok(OutboxDepth {
        waiting: bounded(waiting),
        due: bounded(due),
        oldest_due: oldest.map(Timestamp::from_millis),
    })
}

/// How far a job has come, unless it is done.
fn progress_of(connection: &Connection, id: JobId) -> Result<Option<Progress>, Error> {
    first(
        connection,
        TABLE,
        "SELECT not_before, free_from, expires, tries, claim FROM jobs
         WHERE id = ?1 AND not_before IS NOT NULL",
        [id.as_bytes()],
        read_progress,
    )
}

fn read_progress(columns: &Columns<'_>) -> Result<Progress, Error> {
    let claim: Option<u32> = columns.get("claim")?;
    Ok(Progress {
        not_before: columns.time("not_before")?,
        free_from: columns.time("free_from")?,
        expires: columns.time("expires")?,
        tries: columns.get("tries")?,
        claim: claim.map(Claim),
    })
}

fn hex(lane: &Lane) -> String {
    format!("{:032x}", u128::from_be_bytes(*lane.as_bytes()))
}

fn read_id(columns: &Columns<'_>) -> Result<JobId, Error> {
    columns.get("id").map(JobId::from_bytes)
}

fn write(connection: &Connection, id: JobId, progress: &Progress) -> Result<(), Error> {
    let sql = "UPDATE jobs SET not_before = :not_before, free_from = :free_from, tries = :tries,
            claim = :claim
        WHERE id = :id";
    let written = named_params! {
        ":id": id.as_bytes(),
        ":not_before": progress.not_before.as_millis(),
        ":free_from": progress.free_from.as_millis(),
        ":tries": progress.tries,
        ":claim": progress.claim.map(|claim| claim.0),
    };
    execute(connection, sql, written).map(drop)
}

/// Removes jobs that have expired, at the most `limit`, and says how many. Those that were not done are reported.
pub(crate) fn sweep(connection: &Connection, now: Timestamp, limit: u32) -> Result<usize, Error> {
    let swept = all(
        connection,
        TABLE,
        "DELETE FROM jobs WHERE rowid IN
         (SELECT rowid FROM jobs WHERE expires <= ?1 ORDER BY expires LIMIT ?2)
         RETURNING lower(hex(id)) AS id, kind, error, not_before IS NULL AS is_done",
        (now.as_millis(), limit),
        |columns| {
            let error: Option<String> = columns.get("error")?;
            if !columns.get("is_done")? {
                report_expired(
                    &columns.shown("kind"),
                    &columns.shown("id"),
                    error.as_deref(),
                );
            }
            Ok(())
        },
    )?;
    Ok(swept.len())
}
