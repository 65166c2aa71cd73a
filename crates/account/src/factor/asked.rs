//! When an account was first asked for a second factor, where the server requires one: from then on it has so long to enrol.
//!
//! It is noted once and never moved by anything that its owner does. Whoever has had a factor that an operator removed has
//! no time left.

use model::{Rng, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use storage::{Keys, Kind, Record, RecordId, Replaced, SaveRecordError, Storage, Tells};

use super::CLOCKS;
use crate::Accounts;

/// That an account was asked for a second factor.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    user: UserId,
    at: Timestamp,
}

/// Long ago: no time is left.
const LONG_AGO: Timestamp = Timestamp::from_seconds(0);

impl Record for Asked {
    const KIND: Kind = Kind("factor_asked");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn keys(&self) -> Keys {
        Keys::one(self.user.as_str())
    }
}

impl Asked {
    /// When the account was first asked: now, unless it was before. `None` when it is gone.
    async fn first(
        storage: &(dyn Storage + 'static),
        user: &UserId,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Option<Timestamp>, storage::Error> {
        let records = storage.records::<Self>();
        if let Some(before) = records.by_key(user.as_str()).await? {
            return Ok(Some(before.at));
        }
        let new = Self {
            user: user.clone(),
            at: now,
        };
        let inserting = records.insert(RecordId::new(now, rng), new, Tells::nothing());
        match inserting.await {
            Ok(_) => Ok(Some(now)),
            // Another sign-in was faster.
            Err(SaveRecordError::Taken(_)) => {
                let found = records.by_key(user.as_str()).await?;
                Ok(found.map(|found| found.at))
            }
            Err(error) => gone(error),
        }
    }

    /// Notes that the account has no time left.
    pub(crate) async fn use_up(
        storage: &(dyn Storage + 'static),
        user: &UserId,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), storage::Error> {
        let records = storage.records::<Self>();
        let Some(before) = records.by_key(user.as_str()).await? else {
            let new = Self {
                user: user.clone(),
                at: LONG_AGO,
            };
            let inserting = records.insert(RecordId::new(now, rng), new, Tells::nothing());
            return match inserting.await {
                Ok(_) => Ok(()),
                Err(SaveRecordError::Taken(_)) => Err(storage::Error::Busy),
                Err(error) => gone::<()>(error).map(drop),
            };
        };
        let over = before.with(|asked| asked.at = LONG_AGO);
        match records.replace(over, Tells::nothing()).await {
            Ok(Replaced::Done(_)) => Ok(()),
            Ok(Replaced::Superseded) => Err(storage::Error::Busy),
            Err(error) => gone::<()>(error).map(drop),
        }
    }
}

/// Nothing, when the account is gone.
fn gone<T>(error: SaveRecordError) -> Result<Option<T>, storage::Error> {
    match error {
        SaveRecordError::OwnerGone => Ok(None),
        SaveRecordError::Storage(error) => Err(error),
        SaveRecordError::Taken(_)
        | SaveRecordError::OwnerChanged
        | SaveRecordError::TooLarge(_) => Err(storage::Error::Busy),
    }
}

impl Accounts {
    /// Until when the account may sign in without a second factor, which the server requires; nothing when that time is
    /// over. The first time that this is asked its time begins.
    pub(crate) async fn time_to_enrol(
        &self,
        user: &UserId,
    ) -> Result<Option<Timestamp>, storage::Error> {
        let (rng, now) = (&*self.0.rng, self.0.clock.now());
        let asked = Asked::first(&*self.0.storage, user, now, rng).await?;
        Ok(asked.and_then(|asked| self.still_until(asked, now)))
    }

    /// The same, of somebody who is signed in: it begins nothing.
    pub(super) async fn time_left_to_enrol(
        &self,
        user: &UserId,
    ) -> Result<Option<Timestamp>, storage::Error> {
        let found = self.records::<Asked>().by_key(user.as_str()).await?;
        let now = self.0.clock.now();
        Ok(found.and_then(|found| self.still_until(found.at, now)))
    }

    /// A time that is yet to come was noted by a clock that was wrong: it gives nobody more than the grace.
    fn still_until(&self, asked: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let grace = self.0.settings.factor_rules.grace;
        let until = asked.plus(grace);
        (now < until && until <= now.plus(grace + CLOCKS)).then_some(until)
    }
}
