//! Work to be done later: mails, calls to other servers.
//!
//! A kind of job is a type that is a [`Job`], and a line in `kinds.rs`. [`Outbox::post`] keeps one in the store, encrypted;
//! whichever process is first to claim it runs it (`worker.rs`). A crash between the work and its settling does it once
//! more, so a job must bear to be done twice.

mod backlog;
mod desk;
mod kinds;
mod places;
mod post;
#[cfg(test)]
mod tests;
mod worker;

use std::time::Duration;

use model::{Rng, Timestamp, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::Kind;
use storage::outbox::JobId;

use crate::Accounts;

pub use backlog::Backlog;
pub(crate) use desk::Desk;
pub(crate) use post::Outbox;

/// The first wait after a try that failed.
const FIRST_WAIT: Duration = Duration::from_mins(1);

/// The longest.
const LONGEST_WAIT: Duration = Duration::from_hours(4);

/// A time at random, of this one at the longest, so that what is done after it falls together with nothing.
pub(crate) fn share_of(longest: Duration, rng: &dyn Rng) -> Duration {
    let mut random = [0; 4];
    rng.fill(&mut random);
    let share = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
    longest.mul_f64(0.1 + 0.9 * share)
}

/// Work to be done later. What it holds is stored as encrypted JSON: a later version reads what this one wrote, and
/// leaves fields out that are not there.
pub(crate) trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind: stored with it, so it never changes.
    const KIND: Kind;

    /// What it comes before.
    const URGENCY: Urgency;

    /// Does the work, within a minute.
    fn run(self, accounts: &Accounts, at: &Running) -> impl Future<Output = Outcome> + Send;

    /// What it has in common with jobs that should not run beside it, such as the server that they all talk to.
    fn lane(&self) -> Option<String> {
        None
    }

    /// How long to wait after so many tries, of which the last one has failed.
    fn wait_after(tries: u32) -> Duration {
        default_wait(tries)
    }
}

/// Which jobs come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// It secures an account, or tells its owner.
    Urgent,
    /// It may wait for what is urgent.
    Ordinary,
}

/// What came of a try. The codes go into the log: they name no person and no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The work is done.
    Done,
    /// It can't be done now: it is tried again, unless it would have expired.
    Later(&'static str),
    /// It can never be done.
    Never(&'static str),
}

/// A job that runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    /// Which one it is: the same in every try.
    pub(crate) id: JobId,
    /// How often it was begun, this time included.
    pub(crate) tries: u32,
    /// From when on it is not tried any more.
    pub(crate) expires: Timestamp,
}

/// How a job is posted.
#[derive(Clone)]
pub(crate) struct Posting {
    lifetime: Duration,
    key: Option<Vec<u8>>,
    owner: Option<UserId>,
    not_before: Option<Timestamp>,
}

/// A minute, and twice as long after each further try.
fn default_wait(tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

impl Posting {
    /// It is due at once, and tried for so long.
    pub(crate) const fn within(lifetime: Duration) -> Self {
        Self {
            lifetime,
            key: None,
            owner: None,
            not_before: None,
        }
    }

    /// Until it has expired, done or not, no other of its kind is kept that has the same key.
    pub(crate) fn once_for(mut self, key: impl AsRef<[u8]>) -> Self {
        self.key = Some(key.as_ref().to_vec());
        self
    }

    /// It goes with this account.
    pub(crate) fn of(mut self, owner: &UserId) -> Self {
        self.owner = Some(owner.clone());
        self
    }

    /// It is not due before this time. It expires as if it were due at once.
    pub(crate) const fn not_before(mut self, time: Timestamp) -> Self {
        self.not_before = Some(time);
        self
    }
}
