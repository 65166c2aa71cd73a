//! What happened to accounts.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use rusqlite::{Connection, named_params};
use storage::events::{
    EventContent, HIGHEST_NUMBER, MOST_EVENTS, Mac, Mark, readable, unreadable_link,
};
use storage::{ChainEnds, Error, EventKeys, Events, Link, NewEvent};

use crate::SqliteStore;
use crate::query::{Columns, all, execute, first, integer};

const TABLE: &str = "events";

/// Links of one chain that are removed at once.
const AT_ONCE: u32 = 500;

/// Chains whose old links are removed in one round.
const CHAINS_AT_ONCE: u32 = 500;

/// The columns of a link.
macro_rules! columns {
    () => {
        "number, at, ends, salt, content, digest, key, tag"
    };
}

#[async_trait]
impl Events for SqliteStore {
    async fn append_events(&self, user: &UserId, events: Vec<NewEvent>) -> Result<bool, Error> {
        let (user, keys) = (user.clone(), Arc::clone(&self.event_keys));
        self.writer
            .write(move |change| append(change.connection(), &keys, &user, &events))
            .await
    }

    async fn events_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, Error> {
        let user = user.clone();
        self.readers
            .read(move |connection| {
                if !has_account(connection, &user)? {
                    return Ok(Vec::new());
                }
                // What is put before the beginning of the chain has not happened.
                let sql = concat!(
                    "SELECT ",
                    columns!(),
                    " FROM events WHERE user = ?1 AND number < ?2 AND number >
                        (SELECT coalesce(max(number), 0) FROM event_anchors WHERE user = ?1)
                    ORDER BY number DESC LIMIT ?3"
                );
                let before = before.map_or(i64::MAX, integer);
                let params = (user.as_str(), before, limit);
                all(connection, TABLE, sql, params, read_if_readable)
            })
            .await
    }

    async fn chain_ends(&self, user: &UserId) -> Result<ChainEnds, Error> {
        let user = user.clone();
        self.readers
            .read(move |connection| {
                Ok(ChainEnds {
                    has_account: has_account(connection, &user)?,
                    is_ending: false,
                    head: mark(connection, "event_heads", HEAD, &user)?,
                    anchor: mark(connection, "event_anchors", ANCHOR, &user)?,
                })
            })
            .await
    }

    async fn links_of(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error> {
        let user = user.clone();
        self.readers
            .read(move |connection| links(connection, &user, after, limit))
            .await
    }

    async fn users_with_events(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let mut after = after.map_or_else(String::new, |id| id.as_str().to_owned());
        self.readers
            .read(move |connection| {
                let sql = "SELECT DISTINCT user FROM events WHERE user > ?1 ORDER BY user LIMIT ?2";
                loop {
                    let texts = all(connection, TABLE, sql, (&after, limit), |columns| {
                        columns.get::<String>("user")
                    })?;
                    let ids: Vec<_> = texts.iter().filter_map(|text| id_of(text)).collect();
                    // A page of nothing but strange ones is not the end.
                    match texts.last() {
                        Some(last) if ids.is_empty() => last.clone_into(&mut after),
                        _ => return Ok(ids),
                    }
                }
            })
            .await
    }

    async fn renew_notes(&self, user: &UserId) -> Result<bool, Error> {
        let (user, keys) = (user.clone(), Arc::clone(&self.event_keys));
        self.writer
            .write(move |change| renew_notes(change.connection(), &keys, &user))
            .await
    }

    async fn prune_events(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        let keys = Arc::clone(&self.event_keys);
        self.writer
            .write(move |change| prune(change.connection(), &keys, until, limit))
            .await
    }
}

const HEAD: &str = "SELECT number, tag, seal_key, seal FROM event_heads WHERE user = ?1";
const PUT_HEAD: &str =
    "INSERT INTO event_heads (user, number, tag, seal_key, seal) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user) DO UPDATE SET number = ?2, tag = ?3, seal_key = ?4, seal = ?5";
const PUT_ANCHOR: &str =
    "INSERT INTO event_anchors (user, number, tag, seal_key, seal) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user) DO UPDATE SET number = ?2, tag = ?3, seal_key = ?4, seal = ?5";
const ANCHOR: &str = "SELECT number, tag, seal_key, seal FROM event_anchors WHERE user = ?1";

fn append(
    connection: &Connection,
    keys: &EventKeys,
    user: &UserId,
    events: &[NewEvent],
) -> Result<bool, Error> {
    if !has_account(connection, user)? {
        return Ok(false);
    }
    let mut before = last(connection, keys, user)?;
    for event in events {
        let link = keys.link(user, before.as_ref(), event.clone());
        if link.number > HIGHEST_NUMBER {
            tracing::error!(account = %user, "its events go no further: run `portcullis audit verify`");
            break;
        }
        insert(connection, user, &link)?;
        before = Some(keys.head(user, Some(&link)));
    }
    let Some(head) = before else {
        return Ok(true);
    };
    put_mark(connection, PUT_HEAD, user, &head)?;
    let anchor = readable(mark(connection, "event_anchors", ANCHOR, user))?;
    let kept = head.number - anchor.map_or(0, |anchor| anchor.number).min(head.number);
    if kept > MOST_EVENTS {
        let until = head.number - MOST_EVENTS;
        remove_first(connection, keys, user, AT_ONCE, |link| link.number <= until)?;
    }
    Ok(true)
}

fn renew_notes(connection: &Connection, keys: &EventKeys, user: &UserId) -> Result<bool, Error> {
    let head = readable(mark(connection, "event_heads", HEAD, user))?;
    let head = head.and_then(|head| keys.head_anew(user, &head));
    if let Some(head) = &head {
        put_mark(connection, PUT_HEAD, user, head)?;
    }
    let anchor = readable(mark(connection, "event_anchors", ANCHOR, user))?;
    let anchor = anchor.and_then(|anchor| keys.anchor_anew(user, &anchor));
    if let Some(anchor) = &anchor {
        put_mark(connection, PUT_ANCHOR, user, anchor)?;
    }
    Ok(head.is_some() || anchor.is_some())
}

/// Ends the chain of an account that is about to be deleted, and erases what it says.
pub(crate) fn end(
    connection: &Connection,
    keys: &EventKeys,
    user: &UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(before) = last(connection, keys, user)? else {
        return Ok(()); // nothing was kept of it
    };
    let end = keys.end(user, Some(&before), now);
    if end.number <= HIGHEST_NUMBER {
        insert(connection, user, &end)?;
    }
    let sql = "UPDATE events SET salt = NULL, content = NULL WHERE user = ?1";
    execute(connection, sql, [user.as_str()])?;
    Ok(())
}

/// What the next link comes after.
fn last(connection: &Connection, keys: &EventKeys, user: &UserId) -> Result<Option<Mark>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM events WHERE user = ?1 AND number <= ?2 ORDER BY number DESC LIMIT 1"
    );
    let ends = ChainEnds {
        has_account: true,
        is_ending: false,
        head: readable(mark(connection, "event_heads", HEAD, user))?,
        anchor: readable(mark(connection, "event_anchors", ANCHOR, user))?,
    };
    let params = (user.as_str(), integer(HIGHEST_NUMBER));
    let link = first(connection, TABLE, sql, params, read_if_readable)?;
    Ok(keys.last(user, &ends, link.as_ref()))
}

fn links(
    connection: &Connection,
    user: &UserId,
    after: u64,
    limit: u32,
) -> Result<Vec<Link>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM events WHERE user = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
    );
    let params = (user.as_str(), integer(after), limit);
    all(connection, TABLE, sql, params, read)
}

fn insert(connection: &Connection, user: &UserId, link: &Link) -> Result<(), Error> {
    let content = link.content.as_ref();
    execute(
        connection,
        "INSERT INTO events (user, number, at, ends, salt, content, digest, key, tag)
         VALUES (:user, :number, :at, :ends, :salt, :content, :digest, :key, :tag)",
        named_params! {
            ":user": user.as_str(),
            ":number": integer(link.number),
            ":at": link.at.as_millis(),
            ":ends": link.ends,
            ":salt": content.map(|content| content.salt),
            ":content": content.map(|content| &content.text),
            ":digest": link.digest,
            ":key": link.mac.key,
            ":tag": link.mac.tag,
        },
    )
    .map(drop)
}

fn prune(
    connection: &Connection,
    keys: &EventKeys,
    until: Timestamp,
    limit: u32,
) -> Result<u32, Error> {
    let sql = "SELECT DISTINCT user FROM events WHERE at <= ?1 LIMIT ?2";
    let params = (until.as_millis(), CHAINS_AT_ONCE);
    let texts = all(connection, TABLE, sql, params, |columns| {
        columns.get::<String>("user")
    })?;
    let mut gone = 0;
    for user in texts.iter().filter_map(|text| id_of(text)) {
        let is_old = |link: &Link| link.at <= until;
        gone += remove_first(connection, keys, &user, limit - gone, is_old)?;
        if gone >= limit {
            break;
        }
    }
    Ok(gone)
}

/// Removes the first links of a chain, as far as they are old enough and what was written, and says how many.
fn remove_first(
    connection: &Connection,
    keys: &EventKeys,
    user: &UserId,
    limit: u32,
    is_old: impl Fn(&Link) -> bool,
) -> Result<u32, Error> {
    let anchor = match mark(connection, "event_anchors", ANCHOR, user) {
        Err(Error::Unreadable { .. }) => return Ok(stays(user)),
        anchor => anchor?,
    };
    let links = match links(connection, user, 0, limit) {
        Err(Error::Unreadable { .. }) => return Ok(stays(user)),
        links => links?,
    };
    let Some(removable) = keys.removable(user, anchor.as_ref(), &links, is_old) else {
        return Ok(stays(user));
    };
    if removable.until == 0 {
        return Ok(0);
    }
    put_mark(connection, PUT_ANCHOR, user, &removable.anchor)?;
    let sql = "DELETE FROM events WHERE user = ?1 AND number <= ?2";
    let gone = execute(connection, sql, (user.as_str(), integer(removable.until)))?;
    let is_empty = self::links(connection, user, 0, 1)?.is_empty();
    if is_empty && !has_account(connection, user)? {
        let sql = "DELETE FROM event_anchors WHERE user = ?1";
        execute(connection, sql, [user.as_str()])?;
    }
    Ok(u32::try_from(gone).unwrap_or(limit))
}

/// That a chain stays as it is, for somebody to look at.
fn stays(user: &UserId) -> u32 {
    tracing::debug!(account = %user, "old events are not what was written, and stay: run `portcullis audit verify`");
    0
}

/// The id of an account; nothing for what somebody else has put there.
fn id_of(text: &str) -> Option<UserId> {
    let id = UserId::parse(text.to_owned()).ok();
    if id.is_none() {
        tracing::error!("an event in the store belongs to no account");
    }
    id
}

fn has_account(connection: &Connection, user: &UserId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM users WHERE id = ?1";
    Ok(first(connection, "users", sql, [user.as_str()], |_| Ok(()))?.is_some())
}

fn mark(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    user: &UserId,
) -> Result<Option<Mark>, Error> {
    first(connection, table, sql, [user.as_str()], |columns| {
        Ok(Mark {
            number: columns.unsigned("number")?,
            tag: columns.get("tag")?,
            seal: Mac {
                key: columns.get("seal_key")?,
                tag: columns.get("seal")?,
            },
        })
    })
}

fn put_mark(connection: &Connection, sql: &str, user: &UserId, mark: &Mark) -> Result<(), Error> {
    let params = (
        user.as_str(),
        integer(mark.number),
        mark.tag,
        mark.seal.key,
        mark.seal.tag,
    );
    execute(connection, sql, params).map(drop)
}

/// A link, or what stands for one that can't be read.
fn read_if_readable(columns: &Columns<'_>) -> Result<Link, Error> {
    match read(columns) {
        Err(error @ Error::Unreadable { .. }) => {
            tracing::error!(%error, "an event can't be read: run `portcullis audit verify`");
            Ok(unreadable_link(columns.unsigned("number")?))
        }
        link => link,
    }
}

fn read(columns: &Columns<'_>) -> Result<Link, Error> {
    let (salt, text): (Option<[u8; 16]>, Option<String>) =
        (columns.get("salt")?, columns.get("content")?);
    Ok(Link {
        number: columns.unsigned("number")?,
        at: columns.time("at")?,
        ends: columns.get("ends")?,
        content: salt
            .zip(text)
            .map(|(salt, text)| EventContent { salt, text }),
        digest: columns.get("digest")?,
        mac: Mac {
            key: columns.get("key")?,
            tag: columns.get("tag")?,
        },
    })
}
