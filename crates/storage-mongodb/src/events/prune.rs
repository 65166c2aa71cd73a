//! Removing links for their age.

use std::time::Duration;

use model::{Timestamp, UserId};
use mongodb::bson::doc;
use storage::events::{Mark, readable};
use storage::{Error, Link};

use super::document::{ANCHOR, HEAD, anchor_of, from_mark};
use super::{Chains, id_of};
use crate::document::{Fields, date, integer};
use crate::error::Failure;

/// The most links that are read at once.
const AT_ONCE: u32 = 500;

/// Chains whose old links are removed in one round.
const CHAINS_AT_ONCE: i32 = 500;

/// How long it may take to find them.
const PATIENCE: Duration = Duration::from_secs(30);

impl Chains<'_> {
    /// Removes links until this time, the oldest of each chain first, and says how many.
    pub(super) async fn prune(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        let stages = vec![
            doc! { "$match": { "at": { "$lte": date(until) } } },
            doc! { "$group": { "_id": "$user" } },
            doc! { "$limit": CHAINS_AT_ONCE },
        ];
        let found = self.links.aggregate(stages, PATIENCE).await?;
        let mut gone = 0;
        for document in &found {
            let user = document.get_str("_id").ok().and_then(id_of);
            let Some(user) = user.filter(|_| gone < limit) else {
                continue;
            };
            let is_old = |link: &Link| link.at <= until;
            gone += self.remove_first(&user, limit - gone, is_old).await?;
        }
        Ok(gone)
    }

    /// Removes the links until this one.
    pub(super) async fn remove_beyond(&self, user: &UserId, number: u64) -> Result<(), Error> {
        let is_beyond = |link: &Link| link.number <= number;
        self.remove_first(user, AT_ONCE, is_beyond).await?;
        Ok(())
    }

    /// Removes the first links of a chain, as far as they are old enough and what was written, and says how many. Where the
    /// rest begins is noted before.
    async fn remove_first(
        &self,
        user: &UserId,
        limit: u32,
        is_old: impl Fn(&Link) -> bool,
    ) -> Result<u32, Error> {
        let anchor = match self.anchor(user).await {
            Err(Error::Unreadable { .. }) => return Ok(stays(user)),
            anchor => anchor?,
        };
        let links = match self.links(user, 0, limit.min(AT_ONCE)).await {
            Err(Error::Unreadable { .. }) => return Ok(stays(user)),
            links => links?,
        };
        let Some(removable) = self.keys.removable(user, anchor.as_ref(), &links, is_old) else {
            return Ok(stays(user));
        };
        if removable.until == 0 {
            return Ok(0);
        }
        self.put_anchor(user, &removable.anchor).await?;
        let old = doc! { "$gt": 0_i64, "$lte": integer(removable.until) };
        let filter = doc! { "user": user.as_str(), "number": old };
        let gone = self.links.delete_all(filter).await?;
        if self.links(user, 0, 1).await?.is_empty() && self.document(user).await?.is_none() {
            self.links.delete(anchor_of(user)).await?;
        }
        Ok(u32::try_from(gone).unwrap_or(limit))
    }

    /// Notes the ends of a chain anew with the present key, unless they are others by then.
    pub(super) async fn renew_notes(&self, user: &UserId) -> Result<bool, Error> {
        let mut renewed = false;
        if let Some(account) = self.account(user).await?
            && let Some(head) = readable(self.head(&account))?
            && let Some(anew) = self.keys.head_anew(user, &head)
        {
            let id = Fields::of(self.users.name, &account).required("_id")?;
            let unchanged = doc! { "_id": id, HEAD: from_mark(&head) };
            let set = doc! { "$set": { HEAD: from_mark(&anew) } };
            renewed |= self.users.update(unchanged, set).await?;
        }
        if let Some(anchor) = readable(self.anchor(user).await)?
            && let Some(anew) = self.keys.anchor_anew(user, &anchor)
        {
            let mut unchanged = anchor_of(user);
            unchanged.insert(ANCHOR, from_mark(&anchor));
            let set = doc! { "$set": { ANCHOR: from_mark(&anew) } };
            renewed |= self.links.update(unchanged, set).await?;
        }
        Ok(renewed)
    }

    /// Notes where a chain begins, unless it is noted that it begins later.
    async fn put_anchor(&self, user: &UserId, mark: &Mark) -> Result<(), Error> {
        let anchor = from_mark(mark);
        let mut earlier = anchor_of(user);
        earlier.insert(
            format!("{ANCHOR}.number"),
            doc! { "$lt": integer(mark.number) },
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

/// That a chain stays as it is, for somebody to look at.
fn stays(user: &UserId) -> u32 {
    tracing::debug!(account = %user, "old events are not what was written, and stay: run `portcullis audit verify`");
    0
}
