//! A place in the queue, and what can be done from it.

use std::fmt;
use std::sync::Arc;

use secret::Secret;
use tokio::sync::oneshot;

use super::Hasher;
use super::queue::Slot;
use crate::memory::Memory;
use crate::verify::verify_in;
#[cfg(feature = "policy")]
use crate::{Fault, Policy};
use crate::{HashError, Malformed, PasswordHash, Verdict, decoy};

/// A place in the queue of a [`Hasher`], good for any number of hashes, one after the other.
///
/// It is given back when it is dropped. A job that still waits then (a request that was cancelled)
/// leaves the queue at once; one that a thread has begun keeps the place until it ends, so that
/// cancelling requests can't make the pool take on more than it can do.
pub struct Place {
    hasher: Hasher,
    slot: Arc<Slot>,
}

impl Place {
    pub(super) fn new(hasher: Hasher, slot: Arc<Slot>) -> Self {
        Self { hasher, slot }
    }

    /// Checks a password against a stored hash; see [`verify`](crate::verify()).
    ///
    /// A malformed hash takes as long as a new one, so that the account it belongs
    /// to is not told from an unknown one.
    pub async fn verify(&self, password: Secret<String>, hash: PasswordHash) -> Verdict {
        let (params, kind) = (*self.hasher.params(), self.hasher.config().kind());
        self.run(move |memory| {
            let verdict = verify_in(&password, &hash, &params, memory);
            if matches!(verdict, Verdict::Malformed(_)) {
                let in_its_place = decoy(&kind);
                let _ = verify_in(&password, &in_its_place, &params, memory);
            }
            verdict
        })
        .await
        .unwrap_or(Verdict::Malformed(Malformed::NotChecked))
    }

    /// Hashes a new password by the configured [`Scheme`](crate::Scheme); see
    /// [`hash`](crate::hash()).
    ///
    /// # Errors
    /// See [`HashError`].
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, HashError> {
        let config = *self.hasher.config();
        self.run(move |memory| config.scheme.hash(&password, &config.params, memory))
            .await
            .unwrap_or(Err(HashError::NotHashed))
    }

    /// Holds a new password against the rules; see [`Policy::check`].
    ///
    /// # Errors
    /// Every fault that was found. A password that could not be scored counts as too weak.
    #[cfg(feature = "policy")]
    pub async fn check(
        &self,
        policy: Policy,
        password: Secret<String>,
        identities: Vec<String>,
    ) -> Result<(), Vec<Fault>> {
        self.run(move |_| {
            let identities: Vec<&str> = identities.iter().map(String::as_str).collect();
            policy.check(&password, &identities)
        })
        .await
        .unwrap_or_else(|| Err(vec![Fault::TooWeak { warning: None }]))
    }

    /// Runs `work` on a thread of the pool. `None` when it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let slot = Arc::clone(&self.slot);
        let _ticket = self.hasher.queue().push(
            slot,
            Box::new(move |memory| {
                // Nobody may be waiting any more.
                let _ = answer.send(work(memory));
            }),
        );
        answered.await.ok()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}
