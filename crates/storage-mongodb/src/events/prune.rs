//! Removing links for their age.

use std::collections::BTreeSet;

use model::{Timestamp, UserId};
use mongodb::bson::doc;
use storage::{Error, Link};

use super::Chains;
use super::document::{ANCHOR, anchor_of, from_mark};
use crate::document::{Fields, date, integer};
use crate::error::Failure;
use crate::table::Query;

/// The most links that are read at once.
const AT_ONCE: u32 = 500;

impl Chains<'_> {
    /// Removes links until this time, the oldest of each chain first, and says how many.
    pub(super) async fn prune(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        let query = Query::new(doc! { "at": { "$lte": date(until) } });
        let query = query.sort(doc! { "at": 1 }).limit(limit);
        let found = self.links.all(query.only(doc! { "user": 1 })).await?;
        let mut users = BTreeSet::new();
        for document in &found {
            let fields = Fields::of(self.links.name, document);
            let user = UserId::parse(fields.text("user")?);
            users.insert(user.map_err(|_| fields.unreadable("user"))?);
        }
        let mut gone = 0;
        for user in &users {
            let is_old = |link: &Link| link.at <= until;
            gone += self.remove_first(user, limit - gone, is_old).await?;
        }
        Ok(gone)
    }

    /// Removes the links until this one.
    pub(super) async fn remove_beyond(&self, user: &UserId, number: u64) -> Result<(), Error> {
        let is_beyond = |link: &Link| link.number <= number;
        while self.remove_first(user, AT_ONCE, is_beyond).await? == AT_ONCE {}
        Ok(())
    }

    /// Removes the first links of a chain, as long as they are old enough, and says how many. Where the rest begins is noted
    /// before.
    async fn remove_first(
        &self,
        user: &UserId,
        limit: u32,
        is_old: impl Fn(&Link) -> bool,
    ) -> Result<u32, Error> {
        let links = if limit == 0 {
            Vec::new()
        } else {
            self.links(user, 0, limit.min(AT_ONCE)).await?
        };
        let Some(last) = links.iter().take_while(|link| is_old(link)).last() else {
            return Ok(0);
        };
        self.put_anchor(user, last).await?;
        let old = doc! { "$gt": 0_i64, "$lte": integer(last.number) };
        let filter = doc! { "user": user.as_str(), "number": old };
        let gone = self.links.delete_all(filter).await?;
        if self.links(user, 0, 1).await?.is_empty() && self.document(user).await?.is_none() {
            self.links.delete(anchor_of(user)).await?;
        }
        Ok(u32::try_from(gone).unwrap_or(limit))
    }

    /// Notes where a chain begins, unless it is noted that it begins later.
    async fn put_anchor(&self, user: &UserId, last: &Link) -> Result<(), Error> {
        let anchor = from_mark(&self.keys.anchor(user, last));
        let mut earlier = anchor_of(user);
        earlier.insert(
            format!("{ANCHOR}.number"),
            doc! { "$lt": integer(last.number) },
        );
        let set = doc! { "$set": { ANCHOR: &anchor } };
        if self.links.update(earlier, set).await? {
            return Ok(());
        }
        let mut first = anchor_of(user);
        first.insert(ANCHOR, anchor);
        match self.links.insert(first).await {
            Ok(()) | Err(Failure::Duplicate) => Ok(()),
            Err(Failure::Other(error)) => Err(error),
        }
    }
}
