//! Accounts that wait to be deleted, and deleting one.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, Timestamp, User, UserId};
use rusqlite::named_params;
use storage::{Closing, Closings, Error, EventKeys, FeedEntry, Moment, Reservations};

use crate::operator::end_generation;
use crate::query::{all, execute, first, integer};
use crate::released::{keys_of, release};
use crate::users::{TABLE, columns, read};
use crate::writer::Change;
use crate::{SqliteStore, events};

#[async_trait]
impl Closings for SqliteStore {
    async fn close_user(&self, closing: Closing, moment: Moment) -> Result<Option<User>, Error> {
        self.writer
            .write(move |change| close(change, &closing, moment))
            .await
    }

    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let id = id.clone();
        self.writer
            .write(move |change| reopen(change, id, at, moment))
            .await
    }

    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE closes_at <= ?1 ORDER BY closes_at LIMIT ?2"
        );
        let params = (now.as_millis(), limit);
        self.readers
            .read(move |connection| {
                // One that can't be read keeps nobody from deleting the others.
                let found = all(connection, TABLE, sql, params, |columns| Ok(read(columns)))?;
                Ok(found.into_iter().flatten().map(|it| it.user).collect())
            })
            .await
    }

    async fn delete_due_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<bool, Error> {
        let (id, deleting) = (id.clone(), self.deleting());
        self.writer
            .write(move |change| {
                let sql = "SELECT 1 FROM users
                    WHERE id = ?1 AND generation = ?2 AND disabled = 0 AND closes_at <= ?3";
                let params = (id.as_str(), integer(at.0), moment.now.as_millis());
                match first(change.connection(), TABLE, sql, params, |_| Ok(()))? {
                    Some(()) => delete(change, id, &deleting, moment),
                    None => Ok(false),
                }
            })
            .await
    }
}

fn close(
    change: &mut Change<'_>,
    closing: &Closing,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let sql = concat!(
        "UPDATE users SET generation = generation + 1, keep = NULL, updated_at = :now, closes_at = :until
         WHERE id = :id AND generation = :at AND disabled = 0 AND closes_at IS NULL RETURNING ",
        columns!()
    );
    let params = named_params! {
        ":id": closing.user.as_str(),
        ":at": integer(closing.at.0),
        ":until": closing.until.as_millis(),
        ":now": moment.now.as_millis(),
    };
    let Some(found) = first(change.connection(), TABLE, sql, params, read)? else {
        return Ok(None);
    };
    end_generation(change, &found.user, moment)?;
    Ok(Some(found.user))
}

fn reopen(
    change: &mut Change<'_>,
    id: UserId,
    at: Generation,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let sql = concat!(
        "UPDATE users SET closes_at = NULL, updated_at = ?3
         WHERE id = ?1 AND generation = ?2 AND disabled = 0 RETURNING ",
        columns!()
    );
    let params = (id.as_str(), integer(at.0), moment.now.as_millis());
    let found = first(change.connection(), TABLE, sql, params, read)?;
    if found.is_some() {
        change.tell(FeedEntry::Changed(id), moment.feed_until)?;
    }
    Ok(found.map(|found| found.user))
}

/// What the deletion of an account needs, besides the file.
pub(crate) struct Deleting {
    reservations: Arc<Reservations>,
    event_keys: Arc<EventKeys>,
}

impl SqliteStore {
    pub(crate) fn deleting(&self) -> Deleting {
        Deleting {
            reservations: Arc::clone(&self.reservations),
            event_keys: Arc::clone(&self.event_keys),
        }
    }
}

/// Deletes an account; `false` when it was gone.
pub(crate) fn delete(
    change: &mut Change<'_>,
    id: UserId,
    deleting: &Deleting,
    moment: Moment,
) -> Result<bool, Error> {
    let connection = change.connection();
    for (field, key) in keys_of(connection, &id)?.held() {
        release(
            connection,
            &deleting.reservations,
            (field, key),
            &id,
            moment.now,
        )?;
    }
    events::end(connection, &deleting.event_keys, &id, moment.now)?;
    // Its sessions, tickets, records and jobs go with it (ON DELETE CASCADE).
    let sql = "DELETE FROM users WHERE id = ?1";
    if execute(connection, sql, [id.as_str()])? == 0 {
        return Ok(false);
    }
    change.tell(FeedEntry::Closed(id), moment.feed_until)?;
    Ok(true)
}
