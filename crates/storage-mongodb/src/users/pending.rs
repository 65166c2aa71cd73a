//! What a change has still to tell the feed.
//!
//! It stands in the account's own document, as `portcullis_pending: [entry]`, from the update that made the
//! change until the feed has it. Finishing is the same for the one who made the change, for another
//! change that comes upon it, and for the caretaker; two may do it at once, since the feed may hear
//! an entry twice. Each entry carries the name of its change (`op`), so that a slow finisher never
//! clears what a later change has put there.

use mongodb::bson::{Bson, doc};
use storage::{Error, FeedEntry, FeedRow};

use crate::Core;
use crate::document::{Fields, integer};
use crate::documents::Documents;
use crate::events::Chains;
use crate::feed::{Appends, from_fields, to_document};
use crate::table::{Query, Table};
use crate::users::released::{Claim, Finished};

/// What is to be told.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The name of the change.
    pub(crate) operation: String,
    /// The entries: one, so far.
    pub(crate) rows: Vec<FeedRow>,
    /// What the change has taken, if it has taken a name or an address.
    pub(crate) claim: Option<Claim>,
}

/// Accounts whose changes are finished in one round.
const ROUND: u32 = 100;

impl Pending {
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Option<Self>, Error> {
        let entries = fields.list("portcullis_pending")?;
        let Some(first) = entries.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            operation: first.text("op")?.to_owned(),
            rows: entries.iter().map(from_fields).collect::<Result<_, _>>()?,
            claim: Claim::read(first)?,
        }))
    }

    pub(crate) fn to_bson(&self) -> Bson {
        let entries = self.rows.iter().map(|row| {
            let mut entry = to_document(row);
            entry.insert("op", &self.operation);
            if let Some(claim) = &self.claim {
                entry.insert("claim", claim.to_bson());
            }
            Bson::Document(entry)
        });
        Bson::Array(entries.collect())
    }
}

/// What finishing needs.
pub(crate) struct Outbox<'a, T = Table> {
    pub(crate) users: &'a T,
    pub(crate) sessions: &'a T,
    pub(crate) released: &'a T,
    pub(crate) tickets: &'a T,
    pub(crate) records: &'a T,
    pub(crate) jobs: &'a T,
    pub(crate) appends: &'a Appends,
    /// What happened to accounts; nothing where that is not played.
    pub(crate) chains: Option<Chains<'a>>,
}

impl Core {
    pub(crate) const fn outbox(&self) -> Outbox<'_> {
        Outbox {
            users: &self.users,
            sessions: &self.sessions,
            released: &self.released,
            tickets: &self.tickets,
            records: &self.records,
            jobs: &self.jobs,
            appends: &self.appends,
            chains: Some(self.chains()),
        }
    }
}

impl<T: Documents> Outbox<'_, T> {
    /// Takes the change back where it must be; else tells the feed, then does what follows from it and
    /// clears `pending`.
    ///
    /// # Errors
    /// Only when it could not be judged or the feed could not be told. What comes after it may fail: the
    /// tokens are refused by then, a refresh reads the account, and the caretaker does it.
    pub(crate) async fn finish(&self, id: &Bson, pending: &Pending) -> Result<Finished, Error> {
        if let Finished::Reserved(field) = self.judge(id, pending).await? {
            return Ok(Finished::Reserved(field));
        }
        let is_new = |claim: &Claim| claim.is_of_a_new_account();
        if pending.claim.as_ref().is_some_and(is_new) {
            // Nobody knows anything of it yet that the feed could take back.
            if let Err(error) = self.clear(id, pending).await {
                tracing::warn!(%error, "account created, its pending entry not cleared yet");
            }
            return Ok(Finished::Kept);
        }
        self.appends.append(pending.rows.clone()).await?;
        if let Err(error) = self.tidy(id, pending).await {
            tracing::warn!(%error, "account change published, its pending entry not cleared yet");
        }
        Ok(Finished::Kept)
    }

    async fn tidy(&self, id: &Bson, pending: &Pending) -> Result<(), Error> {
        let ours = doc! { "_id": id, "portcullis_pending.op": &pending.operation };
        for row in &pending.rows {
            match &row.entry {
                // A login with the new password may have opened a session already: that one is of
                // the new generation.
                FeedEntry::Generation {
                    user,
                    minimum,
                    keep,
                } => {
                    let keep = keep.map(|keep| keep.to_string()).unwrap_or_default();
                    let filter = doc! {
                        "user": user.as_str(),
                        "_id": { "$ne": keep },
                        "generation": { "$lt": integer(minimum.0) },
                    };
                    self.sessions.delete_all(filter).await?;
                }
                FeedEntry::Closed(user) => {
                    self.sessions
                        .delete_all(doc! { "user": user.as_str() })
                        .await?;
                    self.remove_belongings(user).await?;
                    if let Some(chains) = &self.chains {
                        chains.end(user).await?;
                    }
                    self.users.delete(ours.clone()).await?;
                    return Ok(());
                }
                FeedEntry::Token(_)
                | FeedEntry::Session(_)
                | FeedEntry::Changed(_)
                | FeedEntry::Notice(_) => {}
            }
        }
        self.clear(id, pending).await
    }

    async fn clear(&self, id: &Bson, pending: &Pending) -> Result<(), Error> {
        let ours = doc! { "_id": id, "portcullis_pending.op": &pending.operation };
        let clear = doc! { "$unset": { "portcullis_pending": "" } };
        self.users.update(ours, clear).await?;
        Ok(())
    }

    /// Finishes what interrupted changes have left, and says how many those were.
    pub(crate) async fn finish_orphans(&self) -> Result<usize, Error> {
        let (mut finished, mut left, mut before) = (0, 0, None);
        loop {
            // Others must not wait for those that can't be read.
            let query = Query::new(doc! { "portcullis_pending.op": { "$exists": true } });
            let query = query.sort(doc! { "_id": 1 }).skip(left).limit(ROUND);
            let query = query.only(doc! { "portcullis_pending": 1 });
            let found = self.users.all(query).await?;
            let first = found.first().and_then(|found| found.get("_id")).cloned();
            if first.is_some() && first == before {
                return Ok(finished); // what was told could not be cleared: the next round tries again
            }
            before = first;
            for document in &found {
                let fields = Fields::of(self.users.name(), document);
                match Pending::read(&fields) {
                    Ok(Some(pending)) => {
                        match self.finish(fields.required("_id")?, &pending).await {
                            Ok(Finished::Kept | Finished::Reserved(_)) => finished += 1,
                            // Another must go back first, which may come later in this very round.
                            Err(Error::Busy) if pending.claim.is_some() => left += 1,
                            Err(error) => return Err(error),
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::error!(%error, "unreadable pending entry of a change");
                        left += 1;
                    }
                }
            }
            if found.len() < ROUND as usize {
                return Ok(finished);
            }
        }
    }
}
