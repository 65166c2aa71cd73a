//! How many accounts have which kind of hash: a number for each kind, which no node has to count.
//!
//! Each node adds up how its own changes move accounts from one kind to another ([`Tally`]), and adds that to the
//! numbers in `portcullis_meta` whenever it is asked for them. They are a little wrong after a crash, and after what
//! another application changes: once a day one node counts anew. What the others have not added by then is in what it
//! counts, so they drop it. Whether a kind is there at all is never a matter of
//! these numbers: the index says it, which has to be looked at once for each kind only. For a kind that
//! nobody has must be nobody's, and the one that a single account has must not be that account's alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Timestamp;
use mongodb::bson::{Bson, Document, doc};
use storage::Error;

use crate::Core;
use crate::document::{Fields, date};
use crate::error::Failure;

/// The document of `portcullis_meta` that has the numbers.
const NUMBERS: &str = "hash_kinds";

/// How often one node counts anew.
const COUNT_EVERY: Duration = Duration::from_secs(86_400);

/// How long counting may take: it reads an index of all accounts, and nobody waits for it.
const COUNTING: Duration = Duration::from_secs(60);

/// How this node's changes have moved accounts from one kind to another, as far as it has not been told yet.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Moved>);

#[derive(Default)]
struct Moved {
    by_kind: HashMap<String, i64>,
    /// When the numbers were counted to which it is to be added, as far as this node has seen any.
    since: Option<Timestamp>,
}

impl Tally {
    /// An account whose hash had one kind has another one now. It may have had none, or have none now.
    pub(crate) fn changed(&self, before: Option<&str>, now: Option<String>) {
        if before == now.as_deref() {
            return;
        }
        let moved = &mut self.lock().by_kind;
        if let Some(before) = before {
            *moved.entry(before.to_owned()).or_default() -= 1;
        }
        if let Some(now) = now {
            *moved.entry(now).or_default() += 1;
        }
    }

    /// The numbers were counted then. What was moved before another node counted is in them, about.
    fn counted_at(&self, then: Timestamp) {
        let mut moved = self.lock();
        if moved.since.is_some_and(|since| since < then) {
            moved.by_kind.clear();
        }
        moved.since = Some(then);
    }

    /// From now on the node serves. What it moved before there were any numbers is in them, whoever counts them first.
    pub(crate) fn begin(&self) {
        let mut moved = self.lock();
        if moved.since.is_none() {
            moved.by_kind.clear();
        }
    }

    fn take(&self) -> HashMap<String, i64> {
        std::mem::take(&mut self.lock().by_kind)
    }

    fn give_back(&self, taken: HashMap<String, i64>) {
        let moved = &mut self.lock().by_kind;
        for (kind, by) in taken {
            *moved.entry(kind).or_default() += by;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Moved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// The kinds that there are, and about how many accounts have each.
    pub(crate) async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        let numbers = self.numbers().await?;
        // Asked for after the numbers: a kind that came in between counts as one.
        let present = doc! { "hash_kind": { "$gte": "" } };
        let present = self.users.distinct("hash_kind", present).await?;
        let mut kinds: Vec<_> = present
            .into_iter()
            .filter_map(|kind| match kind {
                Bson::String(kind) => {
                    let number = numbers.get(&kind).copied().unwrap_or_default();
                    Some((kind, u64::try_from(number).unwrap_or_default().max(1)))
                }
                _ => None,
            })
            .collect();
        kinds.sort();
        Ok(kinds)
    }

    /// The numbers, with what this node has to add.
    async fn numbers(&self) -> Result<HashMap<String, i64>, Error> {
        let found = self.meta.first(doc! { "_id": NUMBERS }).await?;
        let now = self.server_time().await?;
        if self.is_to_count(found.as_ref(), now).await? {
            return self.count_anew(now).await;
        }
        match self.note_changes_of_kinds(found.as_ref()).await? {
            Some(document) => self.read_numbers(&document),
            // Another node is counting.
            None => self.count_kinds().await,
        }
    }

    /// Whether it is this node that counts now: the numbers are too old, and no other node was faster.
    async fn is_to_count(&self, found: Option<&Document>, now: Timestamp) -> Result<bool, Error> {
        let Some(found) = found else {
            let first = doc! { "_id": NUMBERS, "counted_at": date(now) };
            return match self.meta.insert(first).await {
                Ok(()) => Ok(true),
                Err(Failure::Duplicate) => Ok(false),
                Err(Failure::Other(error)) => Err(error),
            };
        };
        let counted_at = Fields::of(self.meta.name, found).time("counted_at")?;
        let bound = if found.contains_key("numbers") {
            COUNT_EVERY
        } else {
            2 * COUNTING // whoever wanted to count for the first time has gone
        };
        if now.since(counted_at) < bound {
            return Ok(false);
        }
        let filter = doc! { "_id": NUMBERS, "counted_at": date(counted_at) };
        let update = doc! { "$set": { "counted_at": date(now) } };
        Ok(self.meta.update(filter, update).await?)
    }

    /// Counts, and has all nodes go on from there.
    async fn count_anew(&self, now: Timestamp) -> Result<HashMap<String, i64>, Error> {
        let moved = self.tally.take(); // it is in what is counted
        self.tally.counted_at(now);
        let numbers = match self.count_kinds().await {
            Ok(numbers) => numbers,
            Err(error) => {
                self.tally.give_back(moved);
                return Err(error);
            }
        };
        let mut counted = Document::new();
        for (kind, number) in numbers.iter().filter(|(kind, _)| is_field(kind)) {
            counted.insert(kind, *number);
        }
        let filter = doc! { "_id": NUMBERS, "counted_at": date(now) };
        let update = doc! { "$set": { "numbers": counted } };
        self.meta.update(filter, update).await?;
        Ok(numbers)
    }

    /// Counts the accounts of each kind.
    async fn count_kinds(&self) -> Result<HashMap<String, i64>, Error> {
        let stages = vec![
            doc! { "$match": { "hash_kind": { "$gte": "" } } },
            doc! { "$group": { "_id": "$hash_kind", "accounts": { "$sum": 1_i64 } } },
        ];
        let found = self.users.aggregate(stages, COUNTING).await?;
        let counted = found.iter().map(|document| {
            let kind = document.get_str("_id").unwrap_or_default();
            (
                kind.to_owned(),
                document.get_i64("accounts").unwrap_or_default(),
            )
        });
        Ok(counted.collect())
    }

    /// Sees to which numbers is to be added what this node moves.
    pub(crate) async fn look_at_numbers_of_kinds(&self) -> Result<(), Error> {
        let found = self.meta.first(doc! { "_id": NUMBERS }).await?;
        self.look_at_numbers(found.as_ref()).map(drop)
    }

    /// When they were counted, if they were.
    fn look_at_numbers(&self, found: Option<&Document>) -> Result<Option<Timestamp>, Error> {
        let Some(found) = found.filter(|found| found.contains_key("numbers")) else {
            return Ok(None);
        };
        let counted_at = Fields::of(self.meta.name, found).time("counted_at")?;
        self.tally.counted_at(counted_at);
        Ok(Some(counted_at))
    }

    /// Adds what this node has moved to the numbers that were `found`, and gives them; nothing before they were counted
    /// for the first time, or while they are counted anew.
    async fn note_changes_of_kinds(
        &self,
        found: Option<&Document>,
    ) -> Result<Option<Document>, Error> {
        let counted_at = self.look_at_numbers(found)?;
        let moved = self.tally.take();
        let mut add = Document::new();
        for (kind, by) in moved
            .iter()
            .filter(|(kind, by)| **by != 0 && is_field(kind))
        {
            add.insert(format!("numbers.{kind}"), *by);
        }
        let Some(counted_at) = counted_at else {
            return Ok(None);
        };
        let filter = doc! { "_id": NUMBERS, "counted_at": date(counted_at) };
        if add.is_empty() {
            return self.meta.first(filter).await;
        }
        match self.meta.updated(filter, doc! { "$inc": add }).await {
            Ok(document) => Ok(document),
            Err(failure) => {
                self.tally.give_back(moved);
                Err(failure.into())
            }
        }
    }

    /// Adds what this node has moved, before it goes. When that fails, the next counting finds it.
    pub(crate) async fn note_last_changes_of_kinds(&self, within: Duration) {
        let noting = async {
            let found = self.meta.first(doc! { "_id": NUMBERS }).await?;
            self.note_changes_of_kinds(found.as_ref()).await
        };
        let noted = tokio::time::timeout(within, noting).await;
        if !matches!(noted, Ok(Ok(_))) {
            tracing::debug!("the counts of hash kinds were not saved at shutdown");
        }
    }

    fn read_numbers(&self, document: &Document) -> Result<HashMap<String, i64>, Error> {
        let numbers = Fields::of(self.meta.name, document).inner("numbers")?;
        let read = numbers.document.iter().map(|(kind, number)| {
            let number = number.as_i64().or_else(|| number.as_i32().map(i64::from));
            let number = number.ok_or_else(|| numbers.unreadable(kind))?;
            Ok((kind.clone(), number))
        });
        read.collect()
    }
}

/// Whether it can be the name of a field, as each kind of ours can.
fn is_field(kind: &str) -> bool {
    !kind.is_empty() && !kind.contains(['.', '$', '\0'])
}
