//! What the file needs to stay well.

use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use storage::{Error, Upkeep};

use crate::query::{execute, first};
use crate::{SqliteStore, attempts, jobs, limits, released, spent, tickets};

#[async_trait]
impl Upkeep for SqliteStore {
    fn describe(&self) -> String {
        format!("SQLite {}", self.path.display())
    }

    async fn ping(&self) -> Result<(), Error> {
        self.readers
            .read(|connection| {
                first(connection, "meta", "SELECT 1 FROM meta LIMIT 1", (), |_| {
                    Ok(())
                })
                .map(drop)
            })
            .await?;
        self.writer.ping().await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let millis = now.as_millis();
                let left = |gone: usize| limit.saturating_sub(u32::try_from(gone).unwrap_or(limit));
                let sessions = execute(
                    connection,
                    "DELETE FROM sessions WHERE rowid IN
                     (SELECT rowid FROM sessions WHERE over_at <= ?1 ORDER BY over_at LIMIT ?2)",
                    (millis, limit),
                )?;
                let rows = execute(
                    connection,
                    "DELETE FROM feed WHERE n IN
                     (SELECT n FROM feed WHERE until <= ?1 ORDER BY until LIMIT ?2)",
                    (millis, left(sessions)),
                )?;
                let budgets = attempts::sweep(connection, now, left(sessions + rows))?;
                let spent = spent::sweep(connection, now, left(sessions + rows + budgets))?;
                let swept = sessions + rows + budgets + spent;
                let swept = swept + released::sweep(connection, now, left(swept))?;
                let swept = swept + tickets::sweep(connection, now, left(swept))?;
                let swept = swept + jobs::sweep(connection, now, left(swept))?;
                let counters = limits::sweep(connection, now, left(swept))?;
                Ok(limit - left(swept + counters))
            })
            .await
    }

    async fn note_access_lifetime(&self, lifetime: Duration) -> Result<Duration, Error> {
        let millis = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        self.writer
            .write(move |change| {
                let longest = first(
                    change.connection(),
                    "meta",
                    "INSERT INTO meta (name, value) VALUES ('access_lifetime', ?1)
                     ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
                     RETURNING value",
                    [millis],
                    |columns| columns.unsigned("value"),
                )?;
                Ok(longest.map_or(lifetime, Duration::from_millis))
            })
            .await
    }

    async fn note_secret(&self, fingerprint: &str, now: Timestamp) -> Result<Timestamp, Error> {
        let name = secret_name(fingerprint);
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let others = "DELETE FROM meta WHERE name LIKE 'secret:%' AND name <> ?1";
                execute(connection, others, [&name])?;
                let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = value RETURNING value";
                let params = (&name, now.as_millis());
                let noted = first(connection, "meta", sql, params, |columns| {
                    columns.time("value")
                })?;
                Ok(noted.unwrap_or(now))
            })
            .await
    }

    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error> {
        let name = secret_name(fingerprint);
        self.readers
            .read(move |connection| {
                let sql = "SELECT value FROM meta WHERE name = ?1";
                first(connection, "meta", sql, [&name], |columns| {
                    columns.time("value")
                })
            })
            .await
    }

    async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.readers
            .read(move |connection| released::last_until(connection, now))
            .await
    }

    async fn close(&self) {
        self.follows.close();
        self.readers.close();
        self.writer.close();
        // The writing thread ends last; then its end of the channel goes.
        let _ = self.ended.clone().changed().await;
    }
}

fn secret_name(fingerprint: &str) -> String {
    format!("secret:{fingerprint}")
}
