//! What goes wrong, and how it is mended.

use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;

use crate::ReplicaSet;
use crate::watch::until;

/// A primary that goes on alone: what it takes now is not confirmed, and is rolled back in the end.
#[derive(Debug)]
pub struct CutOff {
    /// Which member it is.
    pub member: usize,
    /// What was written there alone.
    mark: ObjectId,
}

impl ReplicaSet {
    /// Kills a member (SIGKILL), as a power cut would.
    pub fn kill(&mut self, member: usize) {
        self.members[member].kill();
    }

    /// Starts a member that was killed, with the data it had.
    pub async fn restart(&mut self, member: usize) {
        self.members[member].restart().await;
    }

    /// Freezes a member (SIGSTOP): its connections stand, and nothing is answered.
    pub fn freeze(&mut self, member: usize) {
        self.members[member].freeze();
    }

    /// Lets a frozen member go on.
    pub fn thaw(&mut self, member: usize) {
        self.members[member].thaw();
    }

    /// Has the primary step down (`replSetStepDown`) in favour of another member, as for maintenance, and
    /// gives its successor.
    pub async fn step_down(&self) -> usize {
        let primary = self.primary().await;
        until("the primary steps down", async || {
            // Refused while no other member has what is written: it is asked again.
            let command = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5 };
            self.command(primary, "admin", command).await.is_ok() || self.primary().await != primary
        })
        .await;
        self.another_primary_than(primary).await
    }

    /// Freezes as many secondaries as a majority lacks then. The primary stays, until it notices.
    pub async fn freeze_majority(&mut self) {
        for member in self.majority_without_primary().await {
            self.freeze(member);
        }
    }

    /// Kills as many secondaries as a majority lacks then.
    pub async fn kill_majority(&mut self) {
        for member in self.majority_without_primary().await {
            self.kill(member);
        }
    }

    /// Thaws and restarts whatever is frozen or killed, and waits until every member has everything that
    /// was written.
    ///
    /// One after the other, with a primary before the next one: where a majority was missing, the first one
    /// that is back can't be elected by the old primary, which has more, so that what that one took alone is
    /// kept and confirmed in the end.
    pub async fn mend(&mut self) {
        for member in 0..self.len() {
            if self.members[member].is_frozen() {
                self.thaw(member);
            } else if !self.members[member].runs() {
                self.restart(member).await;
            }
            let running = self.members.iter().filter(|member| member.runs());
            if running.count() > self.len() / 2 {
                self.primary().await;
            }
        }
        self.until_all_have_what_is_written().await;
    }

    /// Begins a rollback: kills the secondaries, and writes to the primary, which does not know yet that it
    /// is alone.
    pub async fn cut_primary_off(&mut self) -> CutOff {
        // One that was elected by nobody in the meantime still is primary after the kill.
        loop {
            let member = self.primary().await;
            self.kill_majority().await;
            if let Some(mark) = self.mark(member, doc! { "w": 1 }).await {
                return CutOff { member, mark };
            }
            self.mend().await;
        }
    }

    /// Completes a rollback: kills the primary that was cut off, has the others elect one and write to it,
    /// and restarts the old one. What that one took alone is gone then.
    pub async fn roll_back(&mut self, cut_off: CutOff) {
        self.kill(cut_off.member);
        for place in 0..self.len() {
            if place != cut_off.member && !self.members[place].runs() {
                self.restart(place).await;
            }
        }
        // From here on the old one can't be elected: what it has is of an earlier term.
        self.until_a_majority_confirms().await;
        self.mend().await;
        until("what was written alone is rolled back", async || {
            !self.has_mark(cut_off.member, cut_off.mark).await
        })
        .await;
    }

    /// Secondaries without which there is no majority.
    async fn majority_without_primary(&self) -> Vec<usize> {
        let mut secondaries = self.secondaries().await;
        let largest_minority = self.len() / 2;
        secondaries.truncate((secondaries.len() + 1).saturating_sub(largest_minority));
        secondaries
    }
}
