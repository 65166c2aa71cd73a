//! The feed.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, named_params};
use storage::{Effect, Error, Feed, FeedEntry, FeedRow, FeedSink, Notice};
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

    fn may_write(&self, _: &str) -> bool {
        // Whoever can open the file goes by the effect of a kind that it does not know.
        true
    }

    async fn who_cannot_read(&self, _: &str) -> Result<Vec<String>, Error> {
        Ok(Vec::new()) // a file has one server, and it is this one
    }
}

/// Writes a row.
pub(crate) fn insert(connection: &Connection, row: &FeedRow) -> Result<(), Error> {
    let (mut minimum, mut keep, mut detail) = (None, None, None);
    let kind = match &row.entry {
        FeedEntry::Token(_) => "token",
        FeedEntry::Session(_) => "session",
        FeedEntry::Generation {
            minimum: least,
            keep: kept,
            ..
        } => {
            minimum = Some(integer(least.0));
            keep = kept.map(|kept| kept.to_string());
            "generation"
        }
        FeedEntry::Closed(_) => "closed",
        FeedEntry::Changed(_) => "changed",
        FeedEntry::Notice(notice) => {
            detail.clone_from(&notice.detail);
            &notice.kind
        }
    };
    let effect = row.entry.effect();
    let (concerns, subject) = effect.concerned().unzip();
    execute(
        connection,
        "INSERT INTO feed (kind, subject, minimum, keep, until, effect, concerns, detail)
         VALUES (:kind, :subject, :minimum, :keep, :until, :effect, :concerns, :detail)",
        named_params! {
            ":kind": kind,
            ":subject": subject.unwrap_or_default(),
            ":minimum": minimum,
            ":keep": keep,
            ":until": row.until.as_millis(),
            ":effect": effect.name(),
            ":concerns": concerns,
            ":detail": detail,
        },
    )
    .map(drop)
}

/// A statement that gives rows, in the order of their numbers.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT n, kind, subject, minimum, keep, until, effect, concerns, detail FROM feed WHERE ",
            $condition,
            " ORDER BY n"
        )
    };
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
        select!("until > ?1"),
        [now.as_millis()],
        read,
    )?;
    Ok(with_last(rows, 0))
}

/// Every row above `cursor`, and the highest number; `cursor` when there is none.
pub(crate) fn above(connection: &Connection, cursor: i64) -> Result<(Vec<FeedRow>, i64), Error> {
    let rows = all(connection, "feed", select!("n > ?1"), [cursor], read)?;
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
        kind => notice(kind, columns)?,
    };
    Ok((
        columns.get("n")?,
        FeedRow {
            entry,
            until: columns.time("until")?,
        },
    ))
}

/// An entry of a kind that came later. One whose effect can't be told may be a revocation.
fn notice(kind: &str, columns: &Columns<'_>) -> Result<FeedEntry, Error> {
    let effect: Option<String> = columns.get("effect")?;
    let concerns: Option<String> = columns.get("concerns")?;
    let subject: String = columns.get("subject")?;
    let concerned = concerns.as_deref().map(|concerns| (concerns, &*subject));
    let effect = effect.and_then(|effect| Effect::read(&effect, concerned));
    Ok(FeedEntry::Notice(Notice {
        kind: kind.to_owned(),
        effect: effect.ok_or_else(|| columns.unreadable("kind"))?,
        detail: columns.get("detail")?,
    }))
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
