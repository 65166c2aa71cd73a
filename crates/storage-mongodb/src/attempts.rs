//! Guesses at a password: read, decide, and write only if nobody else has decided meanwhile.

use std::sync::Arc;

use async_trait::async_trait;
use model::Timestamp;
use mongodb::bson::{Document, doc};
use storage::attempts::{Budget, clear, give_back, reserve, spend};
use storage::{Allowance, AttemptKey, Attempts, Error, Reservation, Reserved};

use crate::document::{Fields, date, hex, integer};
use crate::error::Failure;
use crate::table::Query;
use crate::{Core, MongoStore};

/// How often a decision is made anew. Of all that decide at once one succeeds each time, and after five
/// successes the others have nothing to write.
const TRIES: usize = 24;

#[async_trait]
impl Attempts for MongoStore {
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.reserve_attempt(key, now).await })
            .await
    }

    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.spend_attempt(key, allowance, now).await })
            .await
    }

    async fn give_back_attempt(
        &self,
        key: AttemptKey,
        reservation: Reservation,
    ) -> Result<(), Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                let changed = core.change_budget(key, |budget| give_back(budget, &reservation));
                changed.await.map(drop)
            })
            .await
    }

    async fn clear_attempts(&self, key: AttemptKey) -> Result<(), Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                let changed = core.change_budget(key, |budget| Some(clear(budget)));
                changed.await.map(drop)
            })
            .await
    }

    async fn attempts(&self, key: AttemptKey) -> Result<Option<Budget>, Error> {
        self.running.read(self.core.budget(key)).await
    }

    async fn unlock_attempts(&self, key: AttemptKey) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                core.change_budget(key, |budget| budget.has_failures().then(|| clear(budget)))
                    .await
            })
            .await
    }
}

impl Core {
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error> {
        for _ in 0..TRIES {
            let old = self.budget(key).await?;
            match reserve(old, now) {
                Ok((budget, reservation)) => {
                    if self.write_budget(key, old, &budget).await? {
                        return Ok(Reserved::Granted(reservation));
                    }
                }
                Err(refusal) => return Ok(Reserved::Refused(refusal)),
            }
        }
        Err(Error::Busy)
    }

    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let old = self.budget(key).await?;
            let Some(budget) = spend(old, allowance, now) else {
                return Ok(false);
            };
            if self.write_budget(key, old, &budget).await? {
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }

    /// Changes a budget, if there is one, and says whether it did.
    async fn change_budget(
        &self,
        key: AttemptKey,
        to: impl Fn(Budget) -> Option<Budget> + Send,
    ) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let Some(old) = self.budget(key).await? else {
                return Ok(false);
            };
            let Some(budget) = to(old) else {
                return Ok(false);
            };
            if self.write_budget(key, Some(old), &budget).await? {
                return Ok(true);
            }
        }
        Err(Error::Busy)
    }

    async fn budget(&self, key: AttemptKey) -> Result<Option<Budget>, Error> {
        let found = self.attempts.first(doc! { "_id": id(key) }).await?;
        found
            .map(|document| read(&Fields::of(self.attempts.name, &document)))
            .transpose()
    }

    /// Writes a budget in place of `old`; `false` when another stands there by now.
    async fn write_budget(
        &self,
        key: AttemptKey,
        old: Option<Budget>,
        new: &Budget,
    ) -> Result<bool, Error> {
        let mut document = to_document(new);
        if let Some(old) = old {
            let update = doc! { "$set": document };
            return Ok(self.attempts.update(unchanged(key, &old), update).await?);
        }
        document.insert("_id", id(key));
        match self.attempts.insert(document).await {
            Ok(()) => Ok(true),
            Err(Failure::Duplicate) => Ok(false),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// Removes budgets that have run out and were not used since they were looked at.
    pub(crate) async fn sweep_attempts(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let over = doc! { "$lte": date(now) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.attempts.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.attempts.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}

fn id(key: AttemptKey) -> String {
    hex(key.as_bytes())
}

/// A filter for the budget as it was read, whole: one that was swept and begun anew counts its versions from the
/// start again.
fn unchanged(key: AttemptKey, old: &Budget) -> Document {
    let mut filter = to_document(old);
    filter.insert("_id", id(key));
    filter
}

fn to_document(budget: &Budget) -> Document {
    doc! {
        "failures": i64::from(budget.failures),
        "consecutive": i64::from(budget.consecutive),
        "last_failure": date(budget.last_failure),
        "run": integer(budget.run),
        "version": integer(budget.version),
        "expires_at": date(budget.expires_at()),
    }
}

fn read(fields: &Fields<'_>) -> Result<Budget, Error> {
    let count =
        |field| u32::try_from(fields.unsigned(field)?).map_err(|_| fields.unreadable(field));
    Ok(Budget {
        failures: count("failures")?,
        consecutive: count("consecutive")?,
        last_failure: fields.time("last_failure")?,
        run: fields.unsigned("run")?,
        version: fields.unsigned("version")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_was_begun_anew_is_not_taken_for_the_one_before() {
        let key = AttemptKey::new([7; 32]);
        let began = |seconds| reserve(None, Timestamp::from_seconds(seconds)).unwrap().0;
        let (first, anew) = (began(1_800_000_000), began(1_900_000_000));
        assert_eq!(first.version, anew.version);
        assert_ne!(unchanged(key, &first), unchanged(key, &anew));
    }
}
