//! What every node does now and then, so that nothing stays half done: changes that were interrupted
//! are finished, and accounts that another application made get their keys.

use std::time::Duration;

use storage::Error;
use tokio::time::MissedTickBehavior;

use crate::Core;
use crate::progress::Lines;

/// How often interrupted changes are looked for: the tokens that such a change refuses may pass for
/// that long after a crash, since nobody was told that they are refused.
const EVERY: Duration = Duration::from_secs(1);

/// Accounts of another application are looked for each so many rounds.
const KEYS_EVERY: u32 = 5;

impl Core {
    /// Takes care until it is aborted.
    pub(crate) async fn take_care(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut round, mut in_trouble) = (0_u32, false);
        loop {
            ticks.tick().await;
            round = round.wrapping_add(1);
            let done = self.look_after(round.is_multiple_of(KEYS_EVERY)).await;
            match (&done, in_trouble) {
                (Err(error), false) => tracing::error!(%error, "store maintenance failed"),
                (Ok(()), true) => tracing::info!("store maintenance works again"),
                _ => {}
            }
            in_trouble = done.is_err();
        }
    }

    /// What can't be done leaves the rest to be done; the first fault is the answer.
    async fn look_after(&self, keys: bool) -> Result<(), Error> {
        let ended = self.finish_ended().await.map(|ended| {
            if ended > 0 {
                tracing::debug!(ended, "the end of sessions was finished for others");
            }
        });
        let finished = self.outbox().finish_orphans().await.map(|finished| {
            if finished > 0 {
                tracing::debug!(finished, "changes of accounts were finished for others");
            }
        });
        let records = self.outbox().finish_orphaned_records().await;
        let records = records.map(|records| {
            if records > 0 {
                tracing::debug!(records, "changes of records were finished for others");
            }
        });
        if keys {
            let given = self.give_keys(&Lines).await?;
            if given > 0 {
                tracing::info!(given, "accounts of another application got their keys");
            }
        }
        ended.and(finished).and(records)
    }
}
