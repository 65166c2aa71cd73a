//! Tickets: one document each, which one conditional write spends.
//!
//! A ticket of an account is put first, and then it is looked whether the account is there: a deletion marks the
//! account first and removes its tickets afterwards, so one of the two finds it. What a crash in between leaves is a
//! ticket that nobody carries, and it expires.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use mongodb::bson::{Bson, Document, doc};
use secret::HashedToken;
use storage::tickets::StoredTicket;
use storage::{Error, Kind, PutTicketError, Taken, TicketBody, Tickets};

use crate::document::{Fields, date, hex};
use crate::table::Query;
use crate::users::has_owner;
use crate::{Core, MongoStore};

#[async_trait]
impl Tickets for MongoStore {
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.put_ticket(ticket).await })
            .await
    }

    async fn look_at_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<TicketBody>, Error> {
        self.running
            .read(async {
                let mut good = good(kind, hash, now);
                good.insert("spent", false);
                let found = self.core.tickets.first(good).await?;
                found.map(|found| self.core.body(&found)).transpose()
            })
            .await
    }

    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.take_ticket(kind, hash, now).await })
            .await
    }

    async fn withdraw_tickets(&self, owner: &UserId, kind: Option<Kind>) -> Result<u64, Error> {
        let (core, owner) = (Arc::clone(&self.core), owner.clone());
        self.running
            .write(async move {
                let mut theirs = doc! { "owner": owner.as_str(), "spent": false };
                if let Some(kind) = kind {
                    theirs.insert("kind", kind.0);
                }
                core.tickets.delete_all(theirs).await
            })
            .await
    }
}

impl Core {
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError> {
        let mut document = doc! {
            "_id": id(ticket.hash),
            "kind": ticket.kind.0,
            "body": ticket.body.as_str(),
            "expires_at": date(ticket.expires),
            "spent": false,
        };
        if let Some(owner) = &ticket.owner {
            document.insert("owner", owner.as_str());
        }
        self.tickets.insert(document).await.map_err(Error::from)?;
        if has_owner(&self.users, ticket.owner.as_ref()).await? {
            return Ok(());
        }
        self.tickets.delete(doc! { "_id": id(ticket.hash) }).await?;
        Err(PutTicketError::OwnerGone)
    }

    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error> {
        let mut unspent = good(kind, hash, now);
        unspent.insert("spent", false);
        let spend = doc! { "$set": { "spent": true } };
        if let Some(taken) = self.tickets.updated(unspent, spend).await? {
            return Ok(Some(Taken::Granted(self.body(&taken)?)));
        }
        let found = self.tickets.first(good(kind, hash, now)).await?;
        let body = found.map(|found| self.body(&found)).transpose()?;
        Ok(body.map(Taken::Spent))
    }

    fn body(&self, document: &Document) -> Result<TicketBody, Error> {
        let fields = Fields::of(self.tickets.name, document);
        Ok(TicketBody::from_stored(fields.text("body")?.to_owned()))
    }

    /// Removes tickets that have expired, spent or not.
    pub(crate) async fn sweep_tickets(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let over = doc! { "$lte": date(now) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.tickets.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<&Bson> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.tickets.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}

/// A filter for the ticket, spent or not, unless it has expired.
fn good(kind: Kind, hash: HashedToken, now: Timestamp) -> Document {
    doc! { "_id": id(hash), "kind": kind.0, "expires_at": { "$gt": date(now) } }
}

fn id(hash: HashedToken) -> String {
    hex(hash.as_bytes())
}
