//! What must be done now and then.

use std::time::Duration;

use crate::Accounts;

/// Rows removed in one step: small, so that no request waits for it long.
const SWEEP_BATCH: u32 = 200;

/// How often expired rows are looked for.
pub const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How often the kinds of hash are asked for, in sweeps: their shares change slowly.
pub const COUNT_EVERY: u32 = 10;

impl Accounts {
    /// Removes what has run out, a small batch at a time, from the store and from memory, and deletes the accounts whose
    /// owners want that, and whose time is over.
    ///
    /// Nothing is removed by a clock that the store doesn't confirm: one that is ahead would forget revocations of
    /// tokens that are good for all others, and for this process when it is set right.
    ///
    /// # Errors
    /// When the store fails, or has another time: what is left goes the next time.
    pub async fn sweep(&self) -> Result<(), storage::Error> {
        let now = self.0.clock.now();
        self.agrees_on_time(now).await?;
        self.0.live.revoked().sweep(now.as_seconds());
        // What can't be swept keeps nobody's account from being deleted, nor the other way round.
        let deleted = self.delete_what_is_due(now).await;
        while self.0.storage.sweep(now, SWEEP_BATCH).await? == SWEEP_BATCH {}
        let until = now.minus(self.0.settings.keep_events.unwrap_or_default());
        while self.0.storage.prune_events(until, SWEEP_BATCH).await? == SWEEP_BATCH {}
        deleted
    }
}
