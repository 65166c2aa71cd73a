//! The feed.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, named_params};
use storage::{Error, Feed, FeedEntry, FeedRow, FeedSink};
use tokio::sync::oneshot;

use crate::SqliteStore;
use crate::error::closed;
use crate::follower::Follow;
use crate::query::{Columns, all, execute, integer};

#[async_trait]
impl Feed for SqliteStore {
    async fn follow(&self, now: Timestamp, sink: Arc<dyn FeedSink>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.follows.push(Follow { now, sink, reply })?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        self.writer
            .write(move |change| {
                rows.into_iter()
                    .try_for_each(|row| change.tell(row.entry, row.until))
            })
            .await
    }
}

/// Writes a row.
pub(crate) fn insert(connection: &Connection, row: &FeedRow) -> Result<(), Error> {
    let (kind, subject, minimum, keep) = match &row.entry {
        FeedEntry::Token(token) => ("token", token.to_string(), None, None),
        FeedEntry::Session(session) => ("session", session.to_string(), None, None),
        FeedEntry::Generation {
            user,
            minimum,
            keep,
        } => {
            let minimum = Some(integer(minimum.0));
            (
                "generation",
                user.to_string(),
                minimum,
                keep.map(|keep| keep.to_string()),
            )
        }
        FeedEntry::Closed(user) => ("closed", user.to_string(), None, None),
        FeedEntry::Changed(user) => ("changed", user.to_string(), None, None),
    };
    execute(
        connection,
        "INSERT INTO feed (kind, subject, minimum, keep, until)
         VALUES (:kind, :subject, :minimum, :keep, :until)",
        named_params! {
            ":kind": kind,
            ":subject": subject,
            ":minimum": minimum,
            ":keep": keep,
            ":until": row.until.as_millis(),
        },
    )
    .map(drop)
}

/// Every row that has not run out at `now`, and the highest number read; zero when there is none.
///
/// Rows that have run out need no reading, whatever their number: the cursor may stay below them.
pub(crate) fn present(
    connection: &Connection,
    now: Timestamp,
) -> Result<(Vec<FeedRow>, i64), Error> {
    let rows = all(
        connection,
        "feed",
        "SELECT n, kind, subject, minimum, keep, until FROM feed WHERE until > ?1 ORDER BY n",
        [now.as_millis()],
        read,
    )?;
    Ok(with_last(rows, 0))
}

/// Every row above `cursor`, and the highest number; `cursor` when there is none.
pub(crate) fn above(connection: &Connection, cursor: i64) -> Result<(Vec<FeedRow>, i64), Error> {
    let rows = all(
        connection,
        "feed",
        "SELECT n, kind, subject, minimum, keep, until FROM feed WHERE n > ?1 ORDER BY n",
        [cursor],
        read,
    )?;
    Ok(with_last(rows, cursor))
}

fn with_last(rows: Vec<(i64, FeedRow)>, cursor: i64) -> (Vec<FeedRow>, i64) {
    let last = rows.last().map_or(cursor, |(n, _)| *n);
    (rows.into_iter().map(|(_, row)| row).collect(), last)
}

fn read(columns: &Columns<'_>) -> Result<(i64, FeedRow), Error> {
    let user = || columns.user_id("subject");
    let entry = match columns.get::<String>("kind")?.as_str() {
        "token" => FeedEntry::Token(TokenId::from_stored(columns.get::<String>("subject")?)),
        "session" => FeedEntry::Session(columns.session_id("subject")?),
        "generation" => generation(user()?, columns)?,
        "closed" => FeedEntry::Closed(user()?),
        "changed" => FeedEntry::Changed(user()?),
        _ => return Err(columns.unreadable("kind")),
    };
    Ok((
        columns.get("n")?,
        FeedRow {
            entry,
            until: columns.time("until")?,
        },
    ))
}

fn generation(user: UserId, columns: &Columns<'_>) -> Result<FeedEntry, Error> {
    let minimum = Generation(columns.unsigned("minimum")?);
    let keep: Option<SessionId> = columns.optional_session_id("keep")?;
    Ok(FeedEntry::Generation {
        user,
        minimum,
        keep,
    })
}
