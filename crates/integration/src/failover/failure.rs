//! What goes wrong with the database.

use std::fmt;
use std::time::Duration;

use model::SeededRng;
use replica_set::ReplicaSet;
use tokio::time::Instant;

use super::below;

/// A failure, which passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The primary is killed, and restarted when it has a successor.
    Killed,
    /// The primary steps down.
    SteppedDown,
    /// The primary freezes, and goes on when it has been deposed.
    Frozen,
    /// Two of three freeze for so long. What the primary took alone is confirmed in the end.
    MajorityFrozen(Duration),
    /// Two of three are killed, and restarted after so long. What the primary took alone is confirmed in the
    /// end.
    MajorityKilled(Duration),
    /// The primary goes on alone, is killed, and what it took is rolled back.
    RolledBack,
}

impl Failure {
    /// Every one, once. `gap` is how long there is no majority.
    pub fn each(gap: Duration) -> [Self; 6] {
        [
            Self::Killed,
            Self::SteppedDown,
            Self::Frozen,
            Self::MajorityFrozen(gap),
            Self::MajorityKilled(gap),
            Self::RolledBack,
        ]
    }

    /// One after the other, until the time is over. Which, and how long there is no majority, comes from the
    /// seed.
    pub fn at_random(seed: u64, time: Duration) -> impl Iterator<Item = Self> {
        let (rng, end) = (SeededRng::new(seed), Instant::now() + time);
        std::iter::from_fn(move || {
            let gap = Duration::from_secs(11 + below(&rng, 10) as u64);
            let each = Self::each(gap);
            let next = each[below(&rng, each.len())];
            (Instant::now() < end).then_some(next)
        })
    }

    /// Brings it about and waits until it is mended.
    pub(super) async fn play(self, set: &mut ReplicaSet, election_timeout: Duration) {
        match self {
            Self::Killed => {
                let primary = set.primary().await;
                set.kill(primary);
                set.another_primary_than(primary).await;
            }
            Self::SteppedDown => {
                set.step_down().await;
            }
            Self::Frozen => {
                let primary = set.primary().await;
                set.freeze(primary);
                set.another_primary_than(primary).await;
                // Requests that wait for the old one are to find it as it goes on.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Self::MajorityFrozen(gap) => {
                set.freeze_majority().await;
                tokio::time::sleep(gap).await;
            }
            Self::MajorityKilled(gap) => {
                set.kill_majority().await;
                tokio::time::sleep(gap).await;
            }
            Self::RolledBack => {
                let cut_off = set.cut_primary_off().await;
                // Within this time it takes writes, since it does not know that it is alone.
                tokio::time::sleep(election_timeout / 2).await;
                return set.roll_back(cut_off).await;
            }
        }
        set.mend().await;
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Killed => "primary killed",
            Self::SteppedDown => "primary stepped down",
            Self::Frozen => "primary frozen and deposed",
            Self::MajorityFrozen(_) => "majority frozen",
            Self::MajorityKilled(_) => "majority killed",
            Self::RolledBack => "writes rolled back",
        };
        f.pad(name)
    }
}
