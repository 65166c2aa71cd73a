//! Sessions.

mod row;

use async_trait::async_trait;
use model::{BrowserCookie, Session, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, named_params};
use secret::HashedToken;
use storage::rotation::{Decision, decide};
use storage::{Error, FeedEntry, Moment, Rotated, Rotation, Sessions, SpentToken};

use crate::SqliteStore;
use crate::query::{all, execute, first, integer};
use crate::writer::Change;
use crate::{spent, users};

use row::{insert, read, renew, select};

const TABLE: &str = "sessions";

#[async_trait]
impl Sessions for SqliteStore {
    async fn open_session(
        &self,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<(), Error> {
        self.writer
            .write(move |change| begin(change, &session, limit, moment))
            .await
    }

    async fn open_session_once(
        &self,
        token: SpentToken,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let is_first = spent::spend(change, token)?;
                if is_first {
                    begin(change, &session, limit, moment)?;
                }
                Ok(is_first)
            })
            .await
    }

    async fn spend_token(&self, token: SpentToken) -> Result<bool, Error> {
        self.writer
            .write(move |change| spent::spend(change, token))
            .await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        self.readers
            .read(move |connection| find(connection, id))
            .await
    }

    async fn session_by_cookie(&self, cookie: HashedToken) -> Result<Option<Session>, Error> {
        self.readers
            .read(move |connection| {
                let sql = select!("WHERE cookie = ?1");
                first(connection, TABLE, sql, [cookie.as_bytes()], read)
            })
            .await
    }

    async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| row::replace_cookie(change.connection(), id, old, &new))
            .await
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| touch(change.connection(), id, now, refresh_expires))
            .await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
        let user = user.clone();
        self.readers
            .read(move |connection| {
                all(
                    connection,
                    TABLE,
                    select!("WHERE user = ?1 AND over_at > ?2 ORDER BY last_used_at DESC, id DESC"),
                    (user.as_str(), now.as_millis()),
                    read,
                )
            })
            .await
    }

    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error> {
        self.writer
            .write(move |change| rotate(change, &rotation, moment))
            .await
    }

    async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: TokenId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let changed = execute(
                    change.connection(),
                    "UPDATE sessions SET handing = NULL, rotated_at = ?3
                     WHERE id = ?1 AND refresh_jti = ?2 AND handing = ?2",
                    (id.to_string(), refresh.as_str(), now.as_millis()),
                )?;
                Ok(changed > 0)
            })
            .await
    }

    async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| {
                let owner = owner(change.connection(), id)?;
                if owner.as_ref().is_some_and(|owner| *owner != user) {
                    return Ok(false);
                }
                end(change, id, moment)?;
                Ok(owner.is_some())
            })
            .await
    }

    async fn end_other_sessions(
        &self,
        user: &UserId,
        keep: SessionId,
        moment: Moment,
    ) -> Result<u64, Error> {
        let user = user.clone();
        self.writer
            .write(move |change| {
                let others = all(
                    change.connection(),
                    TABLE,
                    "SELECT id FROM sessions WHERE user = ?1 AND id <> ?2",
                    (user.as_str(), keep.to_string()),
                    |columns| columns.session_id("id"),
                )?;
                let count = others.len() as u64;
                others
                    .into_iter()
                    .try_for_each(|other| end(change, other, moment))?;
                Ok(count)
            })
            .await
    }
}

/// Keeps a session that begins; beyond so many of its user the oldest end.
fn begin(
    change: &mut Change<'_>,
    session: &Session,
    limit: u32,
    moment: Moment,
) -> Result<(), Error> {
    insert(change.connection(), session)?;
    let over = beyond(change.connection(), &session.user, limit)?;
    over.into_iter()
        .try_for_each(|oldest| end(change, oldest, moment))
}

/// Reads, decides and acts within one transaction: nobody else comes between.
fn rotate(change: &mut Change<'_>, rotation: &Rotation, moment: Moment) -> Result<Rotated, Error> {
    let session = find(change.connection(), rotation.session)?;
    let user = users::find(change.connection(), &rotation.user)?;
    let user = user.map(|credentials| credentials.user);
    Ok(
        match (
            decide(rotation, session.as_ref(), user.as_ref(), moment),
            session,
        ) {
            (Decision::Renew(renewed), _) => {
                renew(change.connection(), &renewed)?;
                Rotated::Renewed(*renewed)
            }
            (Decision::Repeat, Some(session)) => Rotated::Repeated(session),
            (Decision::RenewAccess(renewed), _) => {
                renew(change.connection(), &renewed)?;
                Rotated::Repeated(*renewed)
            }
            (Decision::End, _) => {
                end(change, rotation.session, moment)?;
                Rotated::Replayed
            }
            (Decision::Refuse | Decision::Repeat, _) => Rotated::Refused,
        },
    )
}

/// Moves the end of an unused session on, and never back.
fn touch(
    connection: &Connection,
    id: SessionId,
    now: Timestamp,
    refresh_expires: u64,
) -> Result<bool, Error> {
    let changed = execute(
        connection,
        "UPDATE sessions SET last_used_at = max(last_used_at, :now),
             refresh_expires = max(refresh_expires, :refresh_expires),
             over_at = min(max(refresh_expires, :refresh_expires) * 1000, expires_at)
         WHERE id = :id AND cookie IS NOT NULL AND over_at > :now",
        named_params! {
            ":id": id.to_string(),
            ":now": now.as_millis(),
            ":refresh_expires": integer(refresh_expires),
        },
    )?;
    Ok(changed > 0)
}

/// Ends a session and tells the feed, also when its row has gone.
fn end(change: &mut Change<'_>, id: SessionId, moment: Moment) -> Result<(), Error> {
    execute(
        change.connection(),
        "DELETE FROM sessions WHERE id = ?1",
        [id.to_string()],
    )?;
    change.tell(FeedEntry::Session(id), moment.feed_until)
}

/// Ends every session of a user but one, and tells nothing: the caller tells more than that.
pub(crate) fn delete_of(
    connection: &Connection,
    user: &UserId,
    keep: Option<SessionId>,
) -> Result<(), Error> {
    execute(
        connection,
        "DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2",
        (user.as_str(), keep.map(|keep| keep.to_string())),
    )
    .map(drop)
}

fn find(connection: &Connection, id: SessionId) -> Result<Option<Session>, Error> {
    first(
        connection,
        TABLE,
        select!("WHERE id = ?1"),
        [id.to_string()],
        read,
    )
}

fn owner(connection: &Connection, id: SessionId) -> Result<Option<UserId>, Error> {
    let sql = "SELECT user FROM sessions WHERE id = ?1";
    first(connection, TABLE, sql, [id.to_string()], |columns| {
        columns.user_id("user")
    })
}

/// The oldest sessions of a user, beyond the `limit` youngest.
fn beyond(connection: &Connection, user: &UserId, limit: u32) -> Result<Vec<SessionId>, Error> {
    all(
        connection,
        TABLE,
        "SELECT id FROM sessions WHERE user = ?1
         ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2",
        (user.as_str(), limit),
        |columns| columns.session_id("id"),
    )
}
