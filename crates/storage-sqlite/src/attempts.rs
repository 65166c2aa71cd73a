//! Guesses at a password.

use async_trait::async_trait;
use model::Timestamp;
use rusqlite::{Connection, named_params};
use storage::attempts::{Budget, clear, give_back, reserve, spend};
use storage::{Allowance, AttemptKey, Attempts, Error, Reservation, Reserved};

use crate::SqliteStore;
use crate::query::{Columns, execute, first, integer};

const TABLE: &str = "login_attempts";

#[async_trait]
impl Attempts for SqliteStore {
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                Ok(match reserve(find(connection, key)?, now) {
                    Ok((budget, reservation)) => {
                        write(connection, key, &budget)?;
                        Reserved::Granted(reservation)
                    }
                    Err(refusal) => Reserved::Refused(refusal),
                })
            })
            .await
    }

    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let Some(budget) = spend(find(connection, key)?, allowance, now) else {
                    return Ok(false);
                };
                write(connection, key, &budget)?;
                Ok(true)
            })
            .await
    }

    async fn give_back_attempt(
        &self,
        key: AttemptKey,
        reservation: Reservation,
    ) -> Result<(), Error> {
        self.change(key, move |budget| give_back(budget, &reservation))
            .await
            .map(drop)
    }

    async fn clear_attempts(&self, key: AttemptKey) -> Result<(), Error> {
        self.change(key, |budget| Some(clear(budget)))
            .await
            .map(drop)
    }

    async fn attempts(&self, key: AttemptKey) -> Result<Option<Budget>, Error> {
        self.readers
            .read(move |connection| find(connection, key))
            .await
    }

    async fn unlock_attempts(&self, key: AttemptKey) -> Result<bool, Error> {
        self.change(key, |budget| budget.has_failures().then(|| clear(budget)))
            .await
    }
}

impl SqliteStore {
    /// Changes a budget, if there is one, and says whether it did.
    async fn change(
        &self,
        key: AttemptKey,
        to: impl FnOnce(Budget) -> Option<Budget> + Send + 'static,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let Some(budget) = find(connection, key)?.and_then(to) else {
                    return Ok(false);
                };
                write(connection, key, &budget)?;
                Ok(true)
            })
            .await
    }
}

/// Removes what has run out, at the most `limit` rows, and says how many.
pub(crate) fn sweep(connection: &Connection, now: Timestamp, limit: u32) -> Result<usize, Error> {
    execute(
        connection,
        "DELETE FROM login_attempts WHERE key IN
         (SELECT key FROM login_attempts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        (now.as_millis(), limit),
    )
}

fn find(connection: &Connection, key: AttemptKey) -> Result<Option<Budget>, Error> {
    first(
        connection,
        TABLE,
        "SELECT failures, consecutive, last_failure, run, version FROM login_attempts WHERE key = ?1",
        [key.as_bytes()],
        read,
    )
}

fn write(connection: &Connection, key: AttemptKey, budget: &Budget) -> Result<(), Error> {
    execute(
        connection,
        // In place: what is the same, of an index too, is not written anew.
        "INSERT INTO login_attempts
             (key, failures, consecutive, last_failure, run, version, expires_at)
         VALUES (:key, :failures, :consecutive, :last_failure, :run, :version, :expires_at)
         ON CONFLICT (key) DO UPDATE SET
             failures = excluded.failures, consecutive = excluded.consecutive,
             last_failure = excluded.last_failure, run = excluded.run,
             version = excluded.version, expires_at = excluded.expires_at",
        named_params! {
            ":key": key.as_bytes(),
            ":failures": budget.failures,
            ":consecutive": budget.consecutive,
            ":last_failure": budget.last_failure.as_millis(),
            ":run": integer(budget.run),
            ":version": integer(budget.version),
            ":expires_at": budget.expires_at().as_millis(),
        },
    )
    .map(drop)
}

fn read(columns: &Columns<'_>) -> Result<Budget, Error> {
    Ok(Budget {
        failures: columns.get("failures")?,
        consecutive: columns.get("consecutive")?,
        last_failure: columns.time("last_failure")?,
        run: columns.unsigned("run")?,
        version: columns.unsigned("version")?,
    })
}
