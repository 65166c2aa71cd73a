//! The pool: a bounded number of hashing threads behind a bounded queue, of which everybody gets a fair share.

mod permit;
mod permits;
mod principal;
mod queue;
#[cfg(test)]
mod tests;
mod turns;
mod worker;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

pub use permit::Permit;
pub use principal::{Principal, Purpose};

#[cfg(feature = "policy")]
use crate::BreachedList;
use crate::{ForeignSettings, Kind, Params, Scheme};
use principal::Line;
use queue::Queue;

/// Threads and memory for hashing, shared by everything that hashes.
///
/// A clone is a handle to the same pool. Its threads end with the last handle and the last
/// [`Permit`].
#[derive(Clone)]
pub struct Hasher {
    owner: Arc<Owner>,
}

/// How a [`Hasher`] is built.
#[derive(Clone, Copy, Debug)]
pub struct HasherConfig {
    /// Threads that hash, at least one. Each holds `params.memory_kib()` of memory while there is
    /// work, and up to [`MAX_ARGON2_KIB`](crate::bounds::MAX_ARGON2_KIB) for a foreign hash.
    /// The default is one per core.
    pub threads: usize,
    /// Permits beyond one per thread: how many may wait. The default is 64.
    pub queue: usize,
    /// What new hashes are. The default is Argon2id.
    pub scheme: Scheme,
    /// The cost of new Argon2id hashes.
    pub params: Params,
    /// How long a thread without work keeps its memory. The default is three seconds.
    pub idle: Duration,
    /// What [`Busy`] says. The default is one second.
    pub retry_after: Duration,
    /// How long a permit may wait for its turn: one that would wait longer, by what jobs took of late, is refused at once,
    /// and a job that waits longer all the same is not done. The default is a minute.
    pub patience: Duration,
    /// How far the threads step back behind the rest of the process (`nice`, 0 to 19; Linux only),
    /// so that a flood of logins leaves the other requests their share of the cores. The default
    /// is 10.
    pub niceness: u8,
}

impl Default for HasherConfig {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            queue: 64,
            scheme: Scheme::default(),
            params: Params::default(),
            idle: Duration::from_secs(3),
            retry_after: Duration::from_secs(1),
            patience: Duration::from_mins(1),
            niceness: 10,
        }
    }
}

impl HasherConfig {
    /// The defaults, with new hashes of this cost.
    pub fn with_params(params: Params) -> Self {
        Self {
            params,
            ..Self::default()
        }
    }

    /// New hashes of this `scheme`.
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// What checking a new hash costs.
    pub fn kind(&self) -> Kind {
        self.scheme.kind(&self.params)
    }

    /// As many `threads` as given.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// A `patience` as long as given.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A `queue` as long as given.
    #[must_use]
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }
}

/// Every permit that one may have is taken, or the turn would come too late, or has come too late: nothing was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed, try again in {retry_after:?}")]
pub struct Busy {
    /// When to try again.
    pub retry_after: Duration,
}

struct Owner {
    queue: Arc<Queue>,
    config: HasherConfig,
    foreign: Arc<ForeignSettings>,
    #[cfg(feature = "policy")]
    breached: Option<BreachedList>,
}

/// What a [`Hasher`] works with besides.
#[derive(Debug, Default)]
pub struct HasherParts {
    /// The settings of the application that wrote the stored hashes.
    pub foreign: ForeignSettings,
    /// Passwords that no new one may be. Whatever checks a new password on the pool goes by it.
    #[cfg(feature = "policy")]
    pub breached: Option<BreachedList>,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the operating system has no thread to give.
    pub fn new(config: HasherConfig) -> io::Result<Self> {
        Self::with_parts(config, HasherParts::default())
    }

    /// [`new`](Self::new), with the settings of the application that wrote the stored hashes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_foreign(config: HasherConfig, settings: ForeignSettings) -> io::Result<Self> {
        let parts = HasherParts {
            foreign: settings,
            #[cfg(feature = "policy")]
            breached: None,
        };
        Self::with_parts(config, parts)
    }

    /// [`new`](Self::new), with everything there is besides.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_parts(config: HasherConfig, parts: HasherParts) -> io::Result<Self> {
        let threads = config.threads.max(1);
        let queue = Arc::new(Queue::new(threads.saturating_add(config.queue)));
        // Made before the threads, so that an error ends those that have started.
        let owner = Arc::new(Owner {
            queue,
            config,
            foreign: Arc::new(parts.foreign),
            #[cfg(feature = "policy")]
            breached: parts.breached,
        });
        for number in 1..=threads {
            let queue = Arc::clone(&owner.queue);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || worker::work(&queue, &config))?;
        }
        Ok(Self { owner })
    }

    /// Takes a permit in the queue, at once or not at all.
    ///
    /// Call it before anything is looked up: whether the pool is busy then says nothing about whom
    /// the request is for. `principal` must be known without that, too.
    ///
    /// Half of the permits are kept for [`Purpose::SignIn`], no principal gets more permits than it leaves to others,
    /// and whatever waits is done in turn: principal by principal, and every other job for signing in.
    ///
    /// # Errors
    /// [`Busy`] when there is no permit for this principal, and when its turn would come too late.
    pub fn admit(&self, purpose: Purpose, principal: Principal) -> Result<Permit, Busy> {
        let Owner { queue, config, .. } = &*self.owner;
        let line = Line { purpose, principal };
        let slot = queue.take_slot(line, config).ok_or_else(|| self.busy())?;
        Ok(Permit::new(self.clone(), slot))
    }

    /// How it was built.
    pub fn config(&self) -> &HasherConfig {
        &self.owner.config
    }

    /// The cost of new Argon2id hashes.
    pub fn params(&self) -> &Params {
        &self.config().params
    }

    /// Permits that are taken, for a gauge.
    pub fn taken(&self) -> usize {
        self.owner.queue.taken()
    }

    fn busy(&self) -> Busy {
        Busy {
            retry_after: self.config().retry_after,
        }
    }

    fn foreign(&self) -> &Arc<ForeignSettings> {
        &self.owner.foreign
    }

    #[cfg(feature = "policy")]
    fn breached(&self) -> Option<&BreachedList> {
        self.owner.breached.as_ref()
    }

    fn queue(&self) -> &Arc<Queue> {
        &self.owner.queue
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("config", &self.owner.config)
            .field("taken", &self.taken())
            .finish_non_exhaustive()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.queue.close();
    }
}
