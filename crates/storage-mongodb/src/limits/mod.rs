//! Rate limits that all nodes count together: with any number of them `20 per hour` admits twenty.
//!
//! A fixed window is one document that is counted up by the server itself (`$inc`) while it lasts, and
//! replaced by compare-and-set on its end when it is over. The other strategies are compare-and-set on a
//! version: so many tries, then the store counts as busy, and whoever asked is not admitted. Of one node
//! only one request tries at a time (`turns.rs`).
//!
//! What is exhausted is refused from memory until there is room again, so that a flood costs no round
//! trip; for a second at most where hits may be given back, which other nodes don't hear of.
//! [`LeasedLimits`] spares the admitted ones theirs, too.

mod known;
mod lease;
mod refunds;
mod turns;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc, spec::BinarySubtype};
use ratelimit::{Hit, Key, Quota, State, Strategy, Unavailable, Usage};
use storage::Error;
use tokio::time::Instant;

use crate::document::{Fields, hex, integer};
use crate::error::Failure;
use crate::table::Query;
use crate::{Core, MongoStore, users};

use known::Exhausted;
pub use lease::LeasedLimits;
use turns::Turns;
use windows::Window;

/// How often a counter is written anew that other nodes write at the same time. Of five nodes under full
/// press each succeeds at every fifth try: that none of these does happens once in a thousand times.
const TRIES: usize = 32;

/// How long a limit counts as exhausted to which hits may be given back.
const EXHAUSTED_AT_MOST: Duration = Duration::from_secs(1);

/// How far the clocks of two nodes may be apart: each two seconds from the store's, and one for rounding.
const CLOCKS: Duration = Duration::from_secs(5);

/// Counters that all nodes share.
pub struct MongoLimits {
    store: Arc<MongoStore>,
    exhausted: Exhausted,
    turns: Turns,
}

impl MongoLimits {
    /// Counts in `store`.
    pub fn new(store: Arc<MongoStore>) -> Self {
        Self {
            store,
            exhausted: Exhausted::default(),
            turns: Turns::default(),
        }
    }

    /// How long anyone waits for the store.
    fn patience(&self) -> Duration {
        self.store.core.deadline
    }

    /// Asks the store, and remembers what is exhausted.
    async fn ask(&self, hit: Hit) -> Result<Usage, Unavailable> {
        let usage = self.asked(hit).await.map_err(unavailable)?;
        if !usage.allowed && usage.remaining == 0 {
            let until = if hit.refundable {
                usage.reset.min(hit.now.after(EXHAUSTED_AT_MOST))
            } else {
                usage.reset
            };
            self.exhausted.note(&hit, until, usage.reset);
        }
        Ok(usage)
    }

    async fn asked(&self, hit: Hit) -> Result<Usage, Error> {
        let core = &self.store.core;
        let counting = async {
            match hit.strategy {
                Strategy::FixedWindow if hit.charge && hit.refundable => core.reserve(hit).await,
                Strategy::FixedWindow if hit.charge => {
                    let window = core.charge(hit.key, hit.quota, hit.cost.into(), None, hit.now);
                    Ok(window.await?.usage(hit.quota, hit.now))
                }
                Strategy::FixedWindow => core.look(hit).await,
                Strategy::MovingWindow | Strategy::SlidingWindowCounter => core.count(hit).await,
            }
        };
        self.store.running.read(counting).await
    }

    /// Charges `cost` to the fixed window of `key`, whether it fits or not.
    async fn charge(
        &self,
        key: Key,
        quota: Quota,
        cost: u64,
        now: ratelimit::Timestamp,
    ) -> Result<Window, Unavailable> {
        let core = &self.store.core;
        let charging = core.charge(key, quota, cost, None, now);
        let charged = self.store.running.read(charging);
        charged.await.map_err(unavailable)
    }
}

impl ratelimit::Store for MongoLimits {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        if hit.strategy == Strategy::FixedWindow {
            return self.ask(hit).await; // the server counts it up by itself
        }
        let asking = async {
            match self.hit_now(hit) {
                Some(known) => known, // since it was found out by someone before
                None => self.ask(hit).await,
            }
        };
        self.turns.take(hit.key, self.patience(), asking).await
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        self.exhausted.refusal(&hit).map(Ok)
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        let core = &self.store.core;
        let giving_back = async {
            match hit.strategy {
                Strategy::FixedWindow => core.give_back(hit, usage).await,
                Strategy::MovingWindow | Strategy::SlidingWindowCounter => {
                    core.uncount(hit, usage).await
                }
            }
        };
        let given_back = self.store.running.read(giving_back).await;
        self.exhausted.forget(hit.key);
        given_back.map_err(unavailable)
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        self.exhausted.forget(key);
        let core = &self.store.core;
        let filter = doc! { "_id": id(key) };
        let deleted = self.store.running.read(core.limits.delete(filter)).await;
        deleted.map(drop).map_err(unavailable)
    }
}

impl Core {
    /// Charges or looks by a strategy that is counted here.
    async fn count(&self, hit: Hit) -> Result<Usage, Error> {
        let table = &self.limits;
        let deadline = Instant::now() + self.deadline;
        for _ in 0..TRIES {
            if Instant::now() >= deadline {
                break;
            }
            let found = table.first(doc! { "_id": id(hit.key) }).await?;
            let (mut state, version) = match &found {
                Some(document) => read_state(&Fields::of(table.name, document))?,
                None => (State::new(hit.strategy), 0),
            };
            if !hit.charge {
                return Ok(state.test(hit.quota, hit.cost, hit.now));
            }
            let usage = state.hit(hit.quota, hit.cost, hit.now);
            if !usage.allowed {
                return Ok(usage); // what these refuse, they don't count
            }
            let mut document = doc! {
                "state": Binary { subtype: BinarySubtype::Generic, bytes: state.to_bytes() },
                "version": integer(version + 1),
                "expires_at": expiry(state.expires(hit.quota)),
            };
            let written = if let Some(found) = &found {
                let filter = unchanged(found);
                table.update(filter, doc! { "$set": document }).await?
            } else {
                document.insert("_id", id(hit.key));
                match table.insert(document).await {
                    Ok(()) => true,
                    Err(Failure::Duplicate) => false,
                    Err(Failure::Other(error)) => return Err(error),
                }
            };
            if written {
                return Ok(usage);
            }
        }
        Err(Error::Busy)
    }

    /// Removes counters that have run out, also those that were used since they were looked at: what
    /// has run out says no more than a new one. It has run out when it has for every node, so not before
    /// [`CLOCKS`] have passed.
    pub(crate) async fn sweep_limits(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let margin = i64::try_from(CLOCKS.as_millis()).unwrap_or(i64::MAX);
        let for_all = Timestamp::from_millis(now.as_millis().saturating_sub(margin));
        let over = doc! { "$lte": crate::document::date(for_all) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.limits.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.limits.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}

/// Only a store that can't be reached is gone.
fn unavailable(error: Error) -> Unavailable {
    match error {
        Error::Unavailable(_) => Unavailable::gone(error),
        Error::Busy
        | Error::Full
        | Error::Unreadable { .. }
        | Error::UnreadableAccount { .. }
        | Error::Backend(_) => Unavailable::new(error),
    }
}

/// A filter for the counter as it was read, whole: one that was swept and begun anew counts its versions from the
/// start again.
fn unchanged(found: &Document) -> Document {
    let fields = ["_id", "version", "state", "expires_at"];
    let same = |field: &str| (field.to_owned(), users::unchanged(found, field));
    fields.into_iter().map(same).collect()
}

fn id(key: Key) -> String {
    hex(key.as_bytes())
}

/// Windows are exact to the microsecond, which dates are not.
fn micros(time: ratelimit::Timestamp) -> i64 {
    integer(time.as_micros())
}

/// A date not before `time`.
fn expiry(time: ratelimit::Timestamp) -> DateTime {
    DateTime::from_millis(integer(time.as_micros().div_ceil(1000)))
}

fn read_state(fields: &Fields<'_>) -> Result<(State, u64), Error> {
    let state = match fields.required("state")? {
        Bson::Binary(binary) => State::from_bytes(&binary.bytes),
        _ => None,
    };
    let state = state.ok_or_else(|| fields.unreadable("state"))?;
    Ok((state, fields.unsigned("version")?))
}

impl std::fmt::Debug for MongoLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoLimits").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_kept_until_it_is_over() {
        let time = ratelimit::Timestamp::from_micros(1_800_000_000_000_001);
        assert_eq!(expiry(time), DateTime::from_millis(1_800_000_000_001));
    }

    #[test]
    fn a_counter_that_was_begun_anew_is_not_taken_for_the_one_before() {
        let counter = |byte, seconds: i64| {
            doc! {
                "_id": "k", "version": 1_i64, "expires_at": DateTime::from_millis(seconds * 1000),
                "state": Binary { subtype: BinarySubtype::Generic, bytes: vec![byte] },
            }
        };
        let first = unchanged(&counter(1, 1));
        assert_eq!(first, unchanged(&counter(1, 1)));
        assert_ne!(first, unchanged(&counter(2, 1)));
        assert_ne!(first, unchanged(&counter(1, 2)));
    }

    #[test]
    fn a_state_that_is_not_ours_is_unreadable() {
        for document in [
            doc! { "version": 1_i64 },
            doc! { "version": 1_i64, "state": "text" },
            doc! { "version": 1_i64, "state": Binary { subtype: BinarySubtype::Generic, bytes: vec![9; 3] } },
        ] {
            let read = read_state(&Fields::of("portcullis_limits", &document));
            assert!(matches!(read, Err(Error::Unreadable { .. })));
        }
    }
}
