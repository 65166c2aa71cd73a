//! Second factors.

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, User, UserId};
use rusqlite::{Connection, named_params};
use secret::HashedToken;
use storage::{Enrolment, Error, Factors, FeedEntry, Moment, SecondFactor};

use crate::query::{all, execute, first, integer};
use crate::users::{self, columns, read};
use crate::writer::Change;
use crate::{SqliteStore, sessions};

const TABLE: &str = "second_factors";

#[async_trait]
impl Factors for SqliteStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<SecondFactor>, Error> {
        let user = user.clone();
        self.readers
            .read(move |connection| find(connection, &user))
            .await
    }

    async fn enrol(&self, enrolment: Enrolment, moment: Moment) -> Result<Option<User>, Error> {
        self.writer
            .write(move |change| enrol(change, &enrolment, moment))
            .await
    }

    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| remove(change, &user, at, keep, moment))
            .await
    }

    async fn advance_step(
        &self,
        user: &UserId,
        enrolled: Generation,
        step: u64,
    ) -> Result<bool, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| {
                let sql = "UPDATE second_factors SET last_step = ?3
                    WHERE user = ?1 AND enrolled = ?2 AND last_step < ?3";
                let params = (user.as_str(), integer(enrolled.0), integer(step));
                Ok(execute(change.connection(), sql, params)? == 1)
            })
            .await
    }

    async fn spend_recovery_code(
        &self,
        user: &UserId,
        enrolled: Generation,
        code: HashedToken,
    ) -> Result<Option<u32>, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| {
                let connection = change.connection();
                if !is_enrolled(connection, &user, enrolled)? {
                    return Ok(None);
                }
                let sql = "DELETE FROM recovery_codes WHERE user = ?1 AND hash = ?2";
                let params = (user.as_str(), code.as_bytes());
                if execute(connection, sql, params)? == 0 {
                    return Ok(None);
                }
                left(connection, &user).map(Some)
            })
            .await
    }

    async fn replace_recovery_codes(
        &self,
        user: &UserId,
        enrolled: Generation,
        codes: Vec<HashedToken>,
    ) -> Result<bool, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| {
                let connection = change.connection();
                if !is_enrolled(connection, &user, enrolled)? {
                    return Ok(false);
                }
                let sql = "DELETE FROM recovery_codes WHERE user = ?1";
                execute(connection, sql, [user.as_str()])?;
                keep_codes(connection, &user, &codes)?;
                Ok(true)
            })
            .await
    }

    async fn reseal_factor(
        &self,
        user: &UserId,
        from: &SecondFactor,
        sealed: Vec<u8>,
    ) -> Result<bool, Error> {
        let (user, from) = (user.clone(), from.clone());
        self.writer
            .write(move |change| {
                let sql = "UPDATE second_factors SET sealed = ?4
                    WHERE user = ?1 AND enrolled = ?2 AND sealed = ?3";
                let params = (
                    user.as_str(),
                    integer(from.enrolled.0),
                    &from.sealed,
                    &sealed,
                );
                Ok(execute(change.connection(), sql, params)? == 1)
            })
            .await
    }

    async fn users_with_factors(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let after = after.map_or_else(String::new, |id| id.as_str().to_owned());
        self.readers
            .read(move |connection| {
                let sql = "SELECT user FROM second_factors WHERE user > ?1 ORDER BY user LIMIT ?2";
                all(connection, TABLE, sql, (after, limit), |columns| {
                    columns.user_id("user")
                })
            })
            .await
    }
}

fn find(connection: &Connection, user: &UserId) -> Result<Option<SecondFactor>, Error> {
    let sql = "SELECT enrolled, sealed, last_step, since FROM second_factors WHERE user = ?1";
    let found = first(connection, TABLE, sql, [user.as_str()], |columns| {
        Ok(SecondFactor {
            enrolled: Generation(columns.unsigned("enrolled")?),
            sealed: columns.get("sealed")?,
            last_step: columns.unsigned("last_step")?,
            since: columns.time("since")?,
            recovery_codes: 0,
        })
    })?;
    let Some(found) = found else {
        return Ok(None);
    };
    let recovery_codes = left(connection, user)?;
    Ok(Some(SecondFactor {
        recovery_codes,
        ..found
    }))
}

fn enrol(
    change: &mut Change<'_>,
    enrolment: &Enrolment,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let Enrolment { user, at, keep, .. } = enrolment;
    let Some(mut changed) = begin_generation(change, user, *at, *keep, moment)? else {
        return Ok(None);
    };
    let connection = change.connection();
    execute(
        connection,
        "DELETE FROM second_factors WHERE user = ?1",
        [user.as_str()],
    )?;
    execute(
        connection,
        "INSERT INTO second_factors (user, enrolled, sealed, last_step, since)
         VALUES (:user, :enrolled, :sealed, :step, :now)",
        named_params! {
            ":user": user.as_str(),
            ":enrolled": integer(changed.generation.0),
            ":sealed": enrolment.sealed,
            ":step": integer(enrolment.step),
            ":now": moment.now.as_millis(),
        },
    )?;
    keep_codes(connection, user, &enrolment.recovery_codes)?;
    tell(change, &changed, moment)?;
    changed.second_factor = true;
    Ok(Some(changed))
}

fn remove(
    change: &mut Change<'_>,
    user: &UserId,
    at: Generation,
    keep: Option<SessionId>,
    moment: Moment,
) -> Result<Option<User>, Error> {
    if find(change.connection(), user)?.is_none() {
        return Ok(None);
    }
    let Some(mut changed) = begin_generation(change, user, at, keep, moment)? else {
        return Ok(None);
    };
    let sql = "DELETE FROM second_factors WHERE user = ?1";
    execute(change.connection(), sql, [user.as_str()])?;
    tell(change, &changed, moment)?;
    changed.second_factor = false;
    Ok(Some(changed))
}

/// Removes a second factor that was enrolled at this time or later; whether there was one.
pub(crate) fn remove_since(
    connection: &Connection,
    user: &UserId,
    time: Timestamp,
) -> Result<bool, Error> {
    let sql = "DELETE FROM second_factors WHERE user = ?1 AND since >= ?2";
    let params = (user.as_str(), time.as_millis());
    Ok(execute(connection, sql, params)? == 1)
}

/// Begins the next generation of an account that is in this one, and keeps one session of those before.
fn begin_generation(
    change: &mut Change<'_>,
    user: &UserId,
    at: Generation,
    keep: Option<SessionId>,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let sql = concat!(
        "UPDATE users SET generation = generation + 1, keep = :keep, updated_at = :now
         WHERE id = :id AND generation = :at AND closes_at IS NULL RETURNING ",
        columns!()
    );
    let params = named_params! {
        ":id": user.as_str(),
        ":at": integer(at.0),
        ":keep": keep.map(|keep| keep.to_string()),
        ":now": moment.now.as_millis(),
    };
    let found = first(change.connection(), users::TABLE, sql, params, read)?;
    Ok(found.map(|found| found.user))
}

fn tell(change: &mut Change<'_>, user: &User, moment: Moment) -> Result<(), Error> {
    sessions::delete_of(change.connection(), &user.id, user.keep)?;
    let entry = FeedEntry::Generation {
        user: user.id.clone(),
        minimum: user.generation,
        keep: user.keep,
    };
    change.tell(entry, moment.feed_until)
}

fn is_enrolled(
    connection: &Connection,
    user: &UserId,
    enrolled: Generation,
) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM second_factors WHERE user = ?1 AND enrolled = ?2";
    let params = (user.as_str(), integer(enrolled.0));
    Ok(first(connection, TABLE, sql, params, |_| Ok(()))?.is_some())
}

fn left(connection: &Connection, user: &UserId) -> Result<u32, Error> {
    let sql = "SELECT count(*) AS count FROM recovery_codes WHERE user = ?1";
    let count = first(connection, TABLE, sql, [user.as_str()], |columns| {
        columns.get::<u32>("count")
    })?;
    Ok(count.unwrap_or_default())
}

fn keep_codes(connection: &Connection, user: &UserId, codes: &[HashedToken]) -> Result<(), Error> {
    for code in codes {
        execute(
            connection,
            "INSERT INTO recovery_codes (user, hash) VALUES (?1, ?2)",
            (user.as_str(), code.as_bytes()),
        )?;
    }
    Ok(())
}
