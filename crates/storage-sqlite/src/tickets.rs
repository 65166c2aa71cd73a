//! Tickets.

use async_trait::async_trait;
use model::{Timestamp, UserId};
use rusqlite::{Connection, named_params};
use secret::HashedToken;
use storage::tickets::StoredTicket;
use storage::{Error, Kind, PutTicketError, Taken, TicketBody, Tickets};

use crate::SqliteStore;
use crate::query::{execute, first};
use crate::users;

const TABLE: &str = "tickets";

#[async_trait]
impl Tickets for SqliteStore {
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError> {
        self.writer
            .write(move |change| put(change.connection(), &ticket))
            .await
    }

    async fn look_at_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<TicketBody>, Error> {
        self.readers
            .read(move |connection| {
                let found = find(connection, kind, hash, now)?;
                Ok(found.and_then(|(body, is_spent)| (!is_spent).then_some(body)))
            })
            .await
    }

    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error> {
        self.writer
            .write(move |change| {
                let connection = change.connection();
                let Some((body, is_spent)) = find(connection, kind, hash, now)? else {
                    return Ok(None);
                };
                if is_spent {
                    return Ok(Some(Taken::Spent(body)));
                }
                let sql = "UPDATE tickets SET spent = 1 WHERE hash = ?1";
                execute(connection, sql, [hash.as_bytes()])?;
                Ok(Some(Taken::Granted(body)))
            })
            .await
    }

    async fn withdraw_tickets(&self, owner: &UserId, kind: Option<Kind>) -> Result<u64, Error> {
        let owner = owner.clone();
        self.writer
            .write(move |change| {
                let withdrawn = execute(
                    change.connection(),
                    "DELETE FROM tickets
                     WHERE owner = ?1 AND kind = coalesce(?2, kind) AND spent = 0",
                    (owner.as_str(), kind.map(|kind| kind.0)),
                )?;
                Ok(withdrawn as u64)
            })
            .await
    }
}

fn put(connection: &Connection, ticket: &StoredTicket) -> Result<(), PutTicketError> {
    if !users::has_owner(connection, ticket.owner.as_ref())? {
        return Err(PutTicketError::OwnerGone);
    }
    execute(
        connection,
        "INSERT INTO tickets (hash, kind, owner, body, expires, spent)
         VALUES (:hash, :kind, :owner, :body, :expires, 0)",
        named_params! {
            ":hash": ticket.hash.as_bytes(),
            ":kind": ticket.kind.0,
            ":owner": ticket.owner.as_ref().map(UserId::as_str),
            ":body": ticket.body.as_str(),
            ":expires": ticket.expires.as_millis(),
        },
    )?;
    Ok(())
}

/// The ticket, unless it has expired, and whether it is spent.
fn find(
    connection: &Connection,
    kind: Kind,
    hash: HashedToken,
    now: Timestamp,
) -> Result<Option<(TicketBody, bool)>, Error> {
    first(
        connection,
        TABLE,
        "SELECT body, spent FROM tickets WHERE hash = ?1 AND kind = ?2 AND expires > ?3",
        (hash.as_bytes(), kind.0, now.as_millis()),
        |columns| {
            let body = TicketBody::from_stored(columns.get("body")?);
            Ok((body, columns.get("spent")?))
        },
    )
}

/// Removes tickets that have expired, at the most `limit`, and says how many.
pub(crate) fn sweep(connection: &Connection, now: Timestamp, limit: u32) -> Result<usize, Error> {
    execute(
        connection,
        "DELETE FROM tickets WHERE rowid IN
         (SELECT rowid FROM tickets WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        (now.as_millis(), limit),
    )
}
