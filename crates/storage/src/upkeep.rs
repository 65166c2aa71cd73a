//! What a store needs to stay well.

use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;

use crate::Error;

/// The care of a store.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// A name for logs and for the operator, without credentials: `SQLite data/portcullis.db`.
    fn describe(&self) -> String;

    /// Whether it can be read and written now.
    async fn ping(&self) -> Result<(), Error>;

    /// How far the store's clock is from `now`; nothing where it tells no time of its own. Nodes that
    /// share a store must agree on the time, else what has expired for one is good for another.
    async fn clock_difference(&self, _now: Timestamp) -> Result<Option<Duration>, Error> {
        Ok(None)
    }

    /// Removes at the most `limit` rows that have run out at `now`, and says how many: fewer than
    /// `limit` means that none is left.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Error>;

    /// Notes that access tokens live for `lifetime`, and answers the longest lifetime ever noted:
    /// that is how long a revocation must be remembered, also after the setting was lowered.
    async fn note_access_lifetime(&self, lifetime: Duration) -> Result<Duration, Error>;

    /// The longest lifetime that any process has noted, where several serve one store: at least what had been noted
    /// when the listeners were last told that the store was heard. Nothing where one alone serves.
    fn noted_access_lifetime(&self) -> Option<Duration> {
        None
    }

    /// Notes that every process has the secret of this fingerprint for its present one by `now`, and answers since when that
    /// was noted first. What was noted of another is forgotten.
    async fn note_secret(&self, fingerprint: &str, now: Timestamp) -> Result<Timestamp, Error>;

    /// Since when this secret was noted to be the present one, unless another was noted since.
    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error>;

    /// Until when the last name is reserved that an account has let go of; nothing when none is at `now`.
    async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error>;

    /// Finishes what was accepted and closes. Later calls fail with [`Error::Unavailable`].
    async fn close(&self);
}
