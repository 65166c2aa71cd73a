//! A permit for the queue, and what can be done from it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secret::Secret;
use tokio::sync::oneshot;

use super::queue::Slot;
use super::worker::now;
use super::{Busy, Hasher};
use crate::memory::Memory;
use crate::verify::verify_in;
#[cfg(feature = "policy")]
use crate::{BreachedList, Fault, Policy};
use crate::{HashError, Malformed, PasswordHash, Verdict, decoy};

/// A permit for the queue of a [`Hasher`], good for any number of hashes, one after the other.
///
/// It is given back when it is dropped. A job that still waits then (a request that was cancelled)
/// leaves the queue at once; one that a thread has begun keeps the permit until it ends, so that
/// cancelling requests can't make the pool take on more than it can do.
///
/// Every job has its turn within the [`patience`](super::HasherConfig::patience), or is not done at all:
/// the first one counts from the admission, a later one from when it is asked for.
pub struct Permit {
    hasher: Hasher,
    slot: Arc<Slot>,
    admitted: Instant,
    used: AtomicBool,
}

/// Why a job has no outcome.
pub(super) enum NotRun {
    /// Its turn came too late: it was not begun.
    Late(Busy),
    /// It panicked.
    Panicked,
}

impl Permit {
    pub(super) fn new(hasher: Hasher, slot: Arc<Slot>) -> Self {
        Self {
            hasher,
            slot,
            admitted: now(),
            used: AtomicBool::new(false),
        }
    }

    /// Checks a password against a stored hash; see [`verify`](crate::verify()).
    ///
    /// A malformed hash takes as long as a new one, so that the account it belongs
    /// to is not told from an unknown one.
    ///
    /// # Errors
    /// [`Busy`] when its turn came too late: nothing was compared.
    pub async fn verify(
        &self,
        password: Secret<String>,
        hash: PasswordHash,
    ) -> Result<Verdict, Busy> {
        Ok(self.verify_timed(password, hash).await?.0)
    }

    /// [`verify`](Self::verify), and how long it took from its turn on: the wait for it does not count.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_timed(
        &self,
        password: Secret<String>,
        hash: PasswordHash,
    ) -> Result<(Verdict, Duration), Busy> {
        let (params, kind) = (*self.hasher.params(), self.hasher.config().kind());
        let foreign = Arc::clone(self.hasher.foreign());
        let verifying = self.run(move |memory| {
            let began = now();
            let verdict = verify_in(&password, &hash, &params, &foreign, memory);
            if matches!(verdict, Verdict::Malformed(_)) {
                let in_its_place = decoy(&kind);
                let _ = verify_in(&password, &in_its_place, &params, &foreign, memory);
            }
            (verdict, now().saturating_duration_since(began))
        });
        match verifying.await {
            Ok(timed) => Ok(timed),
            Err(NotRun::Late(busy)) => Err(busy),
            Err(NotRun::Panicked) => {
                Ok((Verdict::Malformed(Malformed::NotChecked), Duration::ZERO))
            }
        }
    }

    /// Hashes a new password by the configured [`Scheme`](crate::Scheme); see
    /// [`hash`](crate::hash()).
    ///
    /// # Errors
    /// See [`HashError`].
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, HashError> {
        let config = *self.hasher.config();
        let hashing = self.run(move |memory| config.scheme.hash(&password, &config.params, memory));
        match hashing.await {
            Ok(hash) => hash,
            Err(NotRun::Late(busy)) => Err(busy.into()),
            Err(NotRun::Panicked) => Err(HashError::NotHashed),
        }
    }

    /// Holds a new password against the rules, see [`Policy::check`], and against the list of the pool, if it has one.
    ///
    /// # Errors
    /// [`HashError::Busy`] when its turn came too late, [`HashError::Unjudged`] when the list can't be read. Within, every
    /// fault that was found: a password that could not be scored counts as too weak.
    #[cfg(feature = "policy")]
    pub async fn check(
        &self,
        policy: Policy,
        password: Secret<String>,
        identities: Vec<String>,
    ) -> Result<Result<(), Vec<Fault>>, HashError> {
        let hasher = self.hasher.clone();
        let checking = self.run(move |_| {
            let identities: Vec<&str> = identities.iter().map(String::as_str).collect();
            let checked = policy.check(&password, &identities);
            look_up(hasher.breached(), &password, checked)
        });
        match checking.await {
            Ok(checked) => checked,
            Err(NotRun::Late(busy)) => Err(busy.into()),
            Err(NotRun::Panicked) => Ok(Err(vec![Fault::TooWeak { warning: None }])),
        }
    }

    /// Runs `work` on a thread of the pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        let (answer, answered) = oneshot::channel();
        let slot = Arc::clone(&self.slot);
        let _ticket = self.hasher.queue().push(
            slot,
            Box::new(move |memory| {
                // Nobody may be waiting any more.
                let _ = answer.send(memory.map(work));
            }),
            self.latest(),
        );
        match answered.await {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) => Err(NotRun::Late(self.hasher.busy())),
            Err(_) => Err(NotRun::Panicked),
        }
    }

    /// Until when the next job may begin; `None` when that is beyond what a clock shows.
    pub(super) fn latest(&self) -> Option<Instant> {
        let since = if self.used.swap(true, Ordering::Relaxed) {
            now()
        } else {
            self.admitted
        };
        since.checked_add(self.hasher.config().patience)
    }
}

/// What was found, and whether the password is on the list. One that is too long is on none, and is not looked up.
#[cfg(feature = "policy")]
fn look_up(
    list: Option<&BreachedList>,
    password: &Secret<String>,
    checked: Result<(), Vec<Fault>>,
) -> Result<Result<(), Vec<Fault>>, HashError> {
    let mut faults = checked.err().unwrap_or_default();
    let is_known = faults.contains(&Fault::Breached) || faults.contains(&Fault::TooLong);
    if let Some(list) = list.filter(|_| !is_known) {
        let listed = list.contains(password);
        if listed.map_err(|error| HashError::Unjudged(error.kind()))? {
            faults.push(Fault::Breached);
        }
    }
    Ok(if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    })
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}
