//! Building indexes: it may take minutes, and nobody shall wait in silence, nor for ever.

use mongodb::IndexModel;
use mongodb::options::CommitQuorum;
use storage::Error;
use tokio::time::Instant;

use crate::Core;
use crate::error::Failure;
use crate::progress::{Progress, Shown, Task};
use crate::table::Table;

/// For how many deadlines no majority may have confirmed a write before a build is given up.
const WITHOUT_MAJORITY: u32 = 6;

/// How often servers are asked for the same indexes, one after the other as they fail.
const ASKED: u32 = 5;

impl Core {
    /// Makes the indexes that are missing, on the most members of a replica set: the others follow when they are back.
    pub(crate) async fn build(
        &self,
        table: &Table,
        indexes: &[IndexModel],
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let task = Task::Indexes { of: table.name };
        let mut shown = Shown::new(progress, task, table.estimated_count().await?);
        let quorum = self.replicated.then_some(CommitQuorum::Majority);
        for asked in 1.. {
            let primary = self.primary().await?;
            let made = tokio::select! {
                made = table.index(indexes.to_vec(), quorum.clone()) => made,
                left = self.watch(&primary, table, &mut shown) => Err(Failure::Other(left)),
            };
            match made {
                // The next primary goes on with what this one began.
                Err(Failure::Other(Error::Unavailable(reason))) if asked < ASKED => {
                    self.majority(table).await?;
                    // Members that have sent their votes to a primary that is frozen wait for its answer, and send
                    // them to no other meanwhile.
                    tracing::warn!(
                        reason,
                        "the indexes of {} are asked for again; where the primary before neither answers nor ends, MongoDB may wait for it: end it",
                        table.name
                    );
                }
                made => return made,
            }
        }
        Ok(())
    }

    /// Shows how a build goes on, until its answer isn't worth waiting for any more: another server is the primary, or
    /// none. A server that was cut off may not answer for ever, and one that builds waits without an end for
    /// members that are needed and gone.
    async fn watch(&self, primary: &str, table: &Table, shown: &mut Shown<'_>) -> Error {
        let mut is_told = true;
        loop {
            tokio::time::sleep(shown.every()).await;
            let read = if is_told {
                table.read_by_builds().await
            } else {
                Ok(None)
            };
            // Only administrators may look: it is not tried again.
            is_told = is_told && read.is_ok();
            shown.now(read.unwrap_or_default());
            if let Err(error) = self.majority(table).await {
                return error;
            }

            match self.primary().await {
                Ok(now) if now != primary => {
                    return Error::Unavailable("another server is the primary".to_owned());
                }
                _ => {}
            }
        }
    }

    /// What the server that takes writes calls itself, in a replica set.
    async fn primary(&self) -> Result<String, Error> {
        let hello = self.hello().await?;
        Ok(hello.get_str("me").unwrap_or_default().to_owned())
    }

    /// Waits until a majority confirms a write, but not for ever.
    async fn majority(&self, table: &Table) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            match self.heartbeat.beat().await {
                Ok(()) => return Ok(()),
                Err(error) if began.elapsed() > self.deadline * WITHOUT_MAJORITY => {
                    let name = table.name;
                    return Err(Error::Unavailable(format!(
                        "the indexes of {name} are not built, and no majority of its servers confirms writes ({error})"
                    )));
                }
                Err(_) => Table::pause().await,
            }
        }
    }
}
