//! Appending to a chain, and ending it.

use model::{Timestamp, UserId};
use mongodb::bson::{Bson, Document, doc};
use storage::events::{HIGHEST_NUMBER, MOST_EVENTS, Mark, readable};
use storage::{ChainEnds, Error, Link, NewEvent};

use super::Chains;
use super::document::{HEAD, from_mark, to_document};
use crate::document::{Fields, integer};
use crate::error::Failure;

/// How often a writer that was slower than others begins again.
const TRIES: u32 = 200;

impl Chains<'_> {
    /// Appends to the chain of an account; `false` when the account is gone.
    pub(super) async fn append(&self, user: &UserId, events: &[NewEvent]) -> Result<bool, Error> {
        let mut left = events;
        for _ in 0..TRIES {
            // Before its head: where there is a link, a head was noted earlier.
            let last = self.last(user).await?;
            let Some(account) = self.account(user).await? else {
                return Ok(false);
            };
            let id = Fields::of(self.users.name, &account).required("_id")?;
            let Some(before) = self.before(user, id, &account, last).await? else {
                continue; // another node has just noted the first
            };
            let appended = self.append_after(user, before, &mut left).await?;
            // What is there is not written again for it: the next link comes after one that nobody has noted, too.
            if let Some(last) = appended
                && let Err(error) = self.note(user, id, &last).await
            {
                tracing::warn!(%error, "an event is written, and not noted yet");
            }
            if left.is_empty() {
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }

    /// What the next link comes after: nothing when it must be asked again.
    async fn before(
        &self,
        user: &UserId,
        id: &Bson,
        account: &Document,
        last: Option<Link>,
    ) -> Result<Option<Mark>, Error> {
        let ends = self.known_ends(user, account).await?;
        if let Some(before) = self.keys.last(user, &ends, last.as_ref()) {
            return Ok(Some(before));
        }
        let none_yet = self.keys.head(user, None);
        let filter = doc! { "_id": id, HEAD: { "$exists": false } };
        let update = doc! { "$set": { HEAD: from_mark(&none_yet) } };
        let noted = self.users.update(filter, update).await?;
        Ok(noted.then_some(none_yet))
    }

    /// The ends of a chain, as far as they can be read.
    async fn known_ends(&self, user: &UserId, account: &Document) -> Result<ChainEnds, Error> {
        Ok(ChainEnds {
            has_account: true,
            is_ending: false,
            head: readable(self.head(account))?,
            anchor: readable(self.anchor(user).await)?,
        })
    }

    /// Appends as many as it can before somebody else does; the last link that is there then, if it is ours.
    async fn append_after(
        &self,
        user: &UserId,
        mut before: Mark,
        left: &mut &[NewEvent],
    ) -> Result<Option<Link>, Error> {
        let mut last = None;
        while let [event, rest @ ..] = *left {
            let link = self.keys.link(user, Some(&before), event.clone());
            if link.number > HIGHEST_NUMBER {
                tracing::error!(account = %user, "its events go no further: run `portcullis audit verify`");
                *left = &[];
                break;
            }
            if !self.insert(user, &link).await? {
                break;
            }
            before = self.keys.head(user, Some(&link));
            last = Some(link);
            *left = rest;
        }
        Ok(last)
    }

    /// Inserts a link; `false` when another has its number.
    async fn insert(&self, user: &UserId, link: &Link) -> Result<bool, Error> {
        let failed = match self.links.insert(to_document(user, link)).await {
            Ok(()) => return Ok(true),
            Err(Failure::Duplicate) => Ok(false),
            Err(Failure::Other(error)) => Err(error),
        };
        // It may be there, and the answer lost.
        let found = self.links(user, link.number - 1, 1).await?;
        let is_ours = found.first().is_some_and(|found| found.mac == link.mac);
        if is_ours { Ok(true) } else { failed }
    }

    /// Notes the last link beside the account, unless a later one is noted.
    async fn note(&self, user: &UserId, id: &Bson, last: &Link) -> Result<(), Error> {
        let number = format!("{HEAD}.number");
        let filter = doc! {
            "_id": id,
            "portcullis_closing": { "$exists": false },
            number: { "$lt": integer(last.number) },
        };
        let head = from_mark(&self.keys.head(user, Some(last)));
        let noted = self.users.update(filter, doc! { "$set": { HEAD: head } });
        if !noted.await? && self.account(user).await?.is_none() {
            return self.erase(user).await; // it was deleted in between
        }
        if last.number > MOST_EVENTS {
            self.remove_beyond(user, last.number - MOST_EVENTS).await?;
        }
        Ok(())
    }

    /// Ends the chain of an account that is being deleted, and erases what it says.
    pub(crate) async fn end(&self, user: &UserId) -> Result<(), Error> {
        for _ in 0..TRIES {
            let last = self.last(user).await?;
            let Some(account) = self.document(user).await? else {
                return Ok(());
            };
            let ends = self.known_ends(user, &account).await?;
            let has_ended = last.as_ref().is_some_and(|last| last.ends);
            let Some(before) = self.keys.last(user, &ends, last.as_ref()) else {
                return Ok(()); // nothing was kept of it
            };
            let at = closed_at(&account, last.as_ref());
            let end = self.keys.end(user, Some(&before), at);
            let is_beyond = end.number > HIGHEST_NUMBER;
            if has_ended || is_beyond || self.insert(user, &end).await? {
                return self.erase(user).await;
            }
        }
        Err(Error::Busy)
    }

    /// Erases what a chain says.
    async fn erase(&self, user: &UserId) -> Result<(), Error> {
        let theirs = doc! { "user": user.as_str(), "number": { "$gt": 0_i64 } };
        let erase = doc! { "$unset": { "salt": "", "content": "" } };
        self.links.update_all(theirs, erase).await
    }
}

/// When an account was deleted. A node of the version before doesn't say it: then no later than what it last did.
fn closed_at(account: &Document, last: Option<&Link>) -> Timestamp {
    match account.get("portcullis_closing") {
        Some(Bson::DateTime(time)) => Timestamp::from_millis(time.timestamp_millis()),
        _ => last.map_or_else(|| Timestamp::from_seconds(0), |last| last.at),
    }
}
