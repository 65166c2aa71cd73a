//! Hits that may be given back: of these only what is admitted counts.

use mongodb::bson::{Binary, doc, spec::BinarySubtype};
use ratelimit::{Hit, Usage};
use storage::Error;
use tokio::time::Instant;

use super::{TRIES, id, micros, read_state, unchanged};
use crate::Core;
use crate::document::{Fields, integer};

impl Core {
    /// Charges a fixed window if the cost fits, and only then.
    pub(super) async fn reserve(&self, hit: Hit) -> Result<Usage, Error> {
        let Some(most) = hit.quota.amount().checked_sub(hit.cost.into()) else {
            return self.look(hit).await; // it never fits
        };
        let window = self.charge(hit.key, hit.quota, hit.cost.into(), Some(most), hit.now);
        Ok(window.await?.usage(hit.quota, hit.now))
    }

    /// Gives back to a fixed window what was charged to it, if it lasts.
    pub(super) async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Error> {
        let cost = integer(hit.cost.into());
        let charged = doc! {
            "_id": id(hit.key), "resets": micros(usage.reset), "count": { "$gte": cost },
        };
        let less = doc! { "$inc": { "count": -cost } };
        self.limits.update(charged, less).await?;
        Ok(())
    }

    /// Gives back by a strategy that is counted here.
    pub(super) async fn uncount(&self, hit: Hit, usage: Usage) -> Result<(), Error> {
        let table = &self.limits;
        let deadline = Instant::now() + self.deadline;
        for _ in 0..TRIES {
            if Instant::now() >= deadline {
                break;
            }
            let Some(found) = table.first(doc! { "_id": id(hit.key) }).await? else {
                return Ok(()); // it has run out
            };
            let (mut state, version) = read_state(&Fields::of(table.name, &found))?;
            state.give_back(&hit, &usage);
            let less = doc! {
                "state": Binary { subtype: BinarySubtype::Generic, bytes: state.to_bytes() },
                "version": integer(version + 1),
            };
            let filter = unchanged(&found);
            if table.update(filter, doc! { "$set": less }).await? {
                return Ok(());
            }
        }
        Err(Error::Busy)
    }
}
