//! What must be done now and then.

use std::time::Duration;

use crate::Accounts;

/// Rows removed in one step: small, so that no request waits for it long.
const SWEEP_BATCH: u32 = 200;

/// How often expired rows are looked for.
pub const SWEEP_EVERY: Duration = Duration::from_mins(1);

impl Accounts {
    /// Removes what has run out, a small batch at a time, from the store and from memory.
    ///
    /// # Errors
    /// When the store fails: what is left goes the next time.
    pub async fn sweep(&self) -> Result<(), storage::Error> {
        let now = self.0.clock.now();
        self.0.live.revoked().sweep(now.as_seconds());
        while self.0.storage.sweep(now, SWEEP_BATCH).await? == SWEEP_BATCH {}
        self.refresh_decoys().await
    }
}
