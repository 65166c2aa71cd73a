//! Where counters are kept.

mod memory;
mod shared;

use std::{error::Error, fmt};

use crate::{Key, Quota, Strategy, Timestamp, Usage};

pub use memory::{Backlog, Capacity, Entry, Mark, MemoryStore, Worth};
pub use shared::SharedStore;

/// A place for counters: [`MemoryStore`], or one that lasts and is shared by several processes.
///
/// # How to add one
///
/// Implement [`hit`](Self::hit), [`give_back`](Self::give_back) and [`clear`](Self::clear). A hit is one
/// atomic step: of several that race for the last place one gets it. The arithmetic of all strategies is
/// in [`State`](crate::State): read a state and its version, apply [`State::charge`](crate::State::charge),
/// write it back if the version is still the same, else try again. What can't be done is an
/// [`Unavailable`], never an admission. A store that remembers what is exhausted remembers it of a
/// [refundable](Hit::refundable) hit for one second at most: it can't see what others give back.
pub trait Store: Send + Sync + 'static {
    /// Charges one limit, or only looks (see [`Hit`]).
    fn hit(&self, hit: Hit) -> impl Future<Output = Result<Usage, Unavailable>> + Send;

    /// Gives back a [refundable](Hit::refundable) hit that was admitted with `usage`, in the window that it
    /// was charged to. Where that window is over, nothing is left to give back. Each hit at most once.
    fn give_back(
        &self,
        hit: Hit,
        usage: Usage,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Forgets what was counted under `key`.
    fn clear(&self, key: Key) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The answer to `hit` if it takes no waiting, such as from memory; `None` leaves it to
    /// [`hit`](Self::hit), and then nothing was charged.
    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        let _ = hit;
        None
    }
}

/// One request to charge one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose counter.
    pub key: Key,
    /// How much is allowed.
    pub quota: Quota,
    /// How it is counted.
    pub strategy: Strategy,
    /// How much this request counts, usually 1.
    pub cost: u32,
    /// Whether the cost is charged, or it is only asked whether it could be.
    pub charge: bool,
    /// Whether it may be [given back](Store::give_back). If so, a refusal does not count, by any strategy:
    /// nobody would give it back, and it would keep out those who come after what others give back.
    pub refundable: bool,
    /// The present.
    pub now: Timestamp,
}

/// The store can't be asked. The request was neither admitted nor refused: whoever gets this decides,
/// and "unlimited" is no answer.
#[derive(Debug)]
pub struct Unavailable {
    cause: Box<dyn Error + Send + Sync>,
    gone: bool,
}

impl Unavailable {
    /// The store's own error. It is there, but did not count this hit: too many came at once, or what
    /// it has can't be read.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: cause.into(),
            gone: false,
        }
    }

    /// The error of a store that can't be reached.
    pub fn gone(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            gone: true,
            ..Self::new(cause)
        }
    }

    /// Whether the store can't be reached. Only then may a process count for itself meanwhile: beside
    /// a store that counts, it would admit more than the limit.
    pub const fn is_gone(&self) -> bool {
        self.gone
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store of the rate limits is unavailable")
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}
