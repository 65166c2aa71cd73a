//! How long access tokens live, and for how long a revocation must be remembered, where several processes with
//! different settings serve one store.
//!
//! A process that is set to a longer lifetime than any before (`JWT_ACCESS_TOKEN_EXPIRES` was raised, and the servers
//! are restarted one after the other) notes that in the store, and goes on issuing tokens of the length before
//! until every other one must know: none accepts a token, a logout's neither, that has not heard the store for so long
//! as the staleness bound says, and who has heard the store knows what was noted before. So no process ends a
//! session without remembering that for as long as any token of it lives.

use std::time::Duration;

use storage::Storage;

use crate::live::Live;
use crate::{Accounts, Settings};

/// A request that was accepted at the last moment may take so long.
const RESERVE: Duration = Duration::from_mins(1);

/// What was found at the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lifetimes {
    /// The longest that was ever set for this store.
    longest: Duration,
    /// What the others knew of before.
    before: Duration,
    /// From when on they know (milliseconds on the clock of the staleness).
    known_at: u64,
}

impl Lifetimes {
    /// Notes the lifetime that is set.
    pub(crate) async fn agree(
        storage: &dyn Storage,
        live: &Live,
        own: Duration,
    ) -> Result<Self, storage::Error> {
        let before = storage.note_access_lifetime(Duration::ZERO).await?;
        let longest = storage.note_access_lifetime(own).await?.max(own);
        // Nobody else is there, or nobody was before.
        let alone = storage.noted_access_lifetime().is_none() || before.is_zero();
        let reserve = u64::try_from(RESERVE.as_millis()).unwrap_or(u64::MAX);
        let staleness = live.staleness();
        let wait = staleness.bound().saturating_add(reserve);
        Ok(Self {
            longest,
            before: if alone { own } else { before },
            known_at: staleness.now().saturating_add(wait),
        })
    }
}

impl Accounts {
    /// How long an access token lives that is issued now.
    pub(crate) fn access_lifetime(&self) -> Duration {
        let Settings {
            access_lifetime,
            lifetimes,
            ..
        } = &self.0.settings;
        if self.0.live.staleness().now() < lifetimes.known_at {
            lifetimes.before.min(*access_lifetime)
        } else {
            *access_lifetime
        }
    }

    /// How long the feed remembers a revocation: until no access token that it refuses is left.
    /// Refresh tokens don't count, a refresh reads the store.
    pub(crate) fn revocation_lifetime(&self) -> Duration {
        let settings = &self.0.settings;
        let others = self.0.storage.noted_access_lifetime();
        settings
            .lifetimes
            .longest
            .max(settings.access_lifetime)
            .max(others.unwrap_or_default())
            + settings.expiry_margin()
    }
}
