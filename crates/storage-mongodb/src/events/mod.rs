//! What happened to accounts: a document for each link, and the last one noted in the document of the account.
//!
//! *Append*: read the highest number n, insert n+1, which a unique index lets one writer do, and note it beside the account.
//! Whoever was slower begins again. After a lost answer the link at n+1 tells by its MAC whether it is ours, since
//! its content has a salt that no other has. What a crash between the two leaves is a link that nobody has noted, and
//! that the next one comes after. The first thing that is noted beside an account is that there is no link yet: so
//! links without a note are what somebody has done by hand.

mod append;
mod document;
mod prune;

use std::sync::Arc;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use mongodb::bson::{Document, doc};
use storage::events::{HIGHEST_NUMBER, readable, unreadable_link};
use storage::{ChainEnds, Error, EventKeys, Events, Link, NewEvent};

use crate::document::{Fields, integer};
use crate::table::{Query, Table};
use crate::users::document::is_closing;
use crate::{Core, MongoStore, ids};
use document::{ANCHOR, HEAD, anchor_of, link_of, mark_of};

/// What chains are made of.
pub(crate) struct Chains<'a> {
    pub(crate) links: &'a Table,
    pub(crate) users: &'a Table,
    pub(crate) keys: &'a EventKeys,
}

impl Core {
    pub(crate) const fn chains(&self) -> Chains<'_> {
        Chains {
            links: &self.events,
            users: &self.users,
            keys: &self.event_keys,
        }
    }
}

#[async_trait]
impl Events for MongoStore {
    async fn append_events(&self, user: &UserId, events: Vec<NewEvent>) -> Result<bool, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move { core.chains().append(&user, &events).await })
            .await
    }

    async fn events_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, Error> {
        self.running
            .read(async {
                if self.core.chains().account(user).await?.is_none() {
                    return Ok(Vec::new());
                }
                let before = before.map_or(i64::MAX, integer);
                // What is put before the beginning of the chain has not happened.
                let anchor = readable(self.core.chains().anchor(user).await)?;
                let first = anchor.map_or(0, |anchor| integer(anchor.number));
                let numbers = doc! { "$gt": first, "$lt": before };
                let query = Query::new(doc! { "user": user.as_str(), "number": numbers });
                let query = query.sort(doc! { "number": -1 }).limit(limit);
                self.core.chains().found_readable(query).await
            })
            .await
    }

    async fn chain_ends(&self, user: &UserId) -> Result<ChainEnds, Error> {
        self.running
            .read(async {
                let chains = self.core.chains();
                let document = chains.document(user).await?;
                let is_ending = document.as_ref().is_some_and(is_closing);
                let account = document.filter(|_| !is_ending);
                let head = account.as_ref().map(|account| chains.head(account));
                Ok(ChainEnds {
                    has_account: account.is_some(),
                    is_ending,
                    head: head.transpose()?.flatten(),
                    anchor: chains.anchor(user).await?,
                })
            })
            .await
    }

    async fn links_of(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error> {
        self.running
            .read(self.core.chains().links(user, after, limit))
            .await
    }

    async fn users_with_events(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let mut last = after.map_or_else(String::new, |after| after.as_str().to_owned());
        let mut users = Vec::new();
        while users.len() < limit as usize {
            let query = Query::new(doc! { "user": { "$gt": &last } });
            let query = query.sort(doc! { "user": 1, "number": 1 }).limit(1);
            let query = query.only(doc! { "user": 1 });
            let found = self.running.read(self.core.events.all(query)).await?;
            let Some(found) = found.first() else {
                break;
            };
            let fields = Fields::of(self.core.events.name, found);
            last = fields.text("user")?.to_owned();
            users.extend(id_of(&last));
        }
        Ok(users)
    }

    async fn renew_notes(&self, user: &UserId) -> Result<bool, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move { core.chains().renew_notes(&user).await })
            .await
    }

    async fn prune_events(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.chains().prune(until, limit).await })
            .await
    }
}

impl Chains<'_> {
    /// The document of an account that is there.
    async fn account(&self, user: &UserId) -> Result<Option<Document>, Error> {
        let account = self.document(user).await?;
        Ok(account.filter(|account| !is_closing(account)))
    }

    /// The document of an account, also of one that is being deleted: what chains need of it.
    async fn document(&self, user: &UserId) -> Result<Option<Document>, Error> {
        let query = Query::new(ids::any_of(user));
        let query = query.only(doc! { "portcullis_closing": 1, HEAD: 1 });
        Ok(ids::meant(user, self.users.all(query).await?))
    }

    /// The last link, as it is noted in the document of an account.
    fn head(&self, account: &Document) -> Result<Option<storage::events::Mark>, Error> {
        let fields = Fields::of(self.users.name, account);
        match fields.get(HEAD) {
            None => Ok(None),
            Some(_) => mark_of(&fields.inner(HEAD)?).map(Some),
        }
    }

    /// The last link that was removed for its age.
    async fn anchor(&self, user: &UserId) -> Result<Option<storage::events::Mark>, Error> {
        let found = self.links.first(anchor_of(user)).await?;
        let read = |found| mark_of(&Fields::of(self.links.name, &found).inner(ANCHOR)?);
        found.map(read).transpose()
    }

    /// The last link that is there.
    async fn last(&self, user: &UserId) -> Result<Option<Link>, Error> {
        let numbers = doc! { "$gt": 0_i64, "$lte": integer(HIGHEST_NUMBER) };
        let query = Query::new(doc! { "user": user.as_str(), "number": numbers });
        let query = query.sort(doc! { "number": -1 }).limit(1);
        Ok(self.found_readable(query).await?.pop())
    }

    /// The links after this one, in order.
    async fn links(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error> {
        let query = Query::new(doc! { "user": user.as_str(), "number": { "$gt": integer(after) } });
        self.found(query.sort(doc! { "number": 1 }).limit(limit))
            .await
    }

    /// The same, with what stands for those that can't be read.
    async fn found_readable(&self, query: Query) -> Result<Vec<Link>, Error> {
        let found = self.links.all(query).await?;
        let read = |document: &Document| {
            let fields = Fields::of(self.links.name, document);
            match link_of(&fields) {
                Err(error @ Error::Unreadable { .. }) => {
                    tracing::error!(%error, "an event can't be read: run `portcullis audit verify`");
                    Ok(unreadable_link(fields.unsigned("number")?))
                }
                link => link,
            }
        };
        found.iter().map(read).collect()
    }

    async fn found(&self, query: Query) -> Result<Vec<Link>, Error> {
        let found = self.links.all(query).await?;
        found
            .iter()
            .map(|document| link_of(&Fields::of(self.links.name, document)))
            .collect()
    }
}

/// The id of an account; nothing for what somebody else has put there.
fn id_of(text: &str) -> Option<UserId> {
    let id = UserId::parse(text.to_owned()).ok();
    if id.is_none() {
        tracing::error!("an event in the store belongs to no account");
    }
    id
}
