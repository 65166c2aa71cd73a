//! The set itself.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::quality::RandomState;

use super::entry::{Entry, Revoked};
use super::id::{Id, Lookup};
use super::rule::UserRule;
use super::shard::{Expiry, Shard};
use super::staleness::Staleness;
use crate::{Claims, TokenError};

/// Parts with a lock of their own. At a million entries a part has some 2,000: growing or sweeping
/// one takes microseconds, and that is the longest that a check waits.
const SHARDS: usize = 512;

/// What is revoked, in memory, for any number of threads.
///
/// A check takes no lock that is held for longer than some microseconds, and none at all where
/// nothing of a kind is revoked. A revoked token or session takes 35 to 53 bytes, a user 80 to 120
/// (`cargo bench --bench memory`): what bounds the memory is how many revocations there are within
/// the lifetime of a token.
#[derive(Debug)]
pub struct RevocationSet {
    tokens: Table<()>,
    sessions: Table<()>,
    users: Table<UserRule>,
    staleness: Option<Arc<Staleness>>,
}

impl Default for RevocationSet {
    fn default() -> Self {
        Self::new()
    }
}

impl RevocationSet {
    /// An empty set that is always taken to be complete.
    pub fn new() -> Self {
        Self {
            tokens: Table::new(),
            sessions: Table::new(),
            users: Table::new(),
            staleness: None,
        }
    }

    /// A set that counts as complete only while `staleness` says so. Otherwise tokens are refused
    /// with [`TokenError::Unavailable`].
    pub fn with_staleness(staleness: Arc<Staleness>) -> Self {
        Self {
            staleness: Some(staleness),
            ..Self::new()
        }
    }

    /// Adds a revocation. Repeating one, or adding several in another order, makes no difference.
    pub fn add(&self, entry: &Entry) {
        let expires = Expiry::at(entry.expires);
        match &entry.subject {
            Revoked::Token(jti) => self.tokens.add(Id::of(jti), (), expires, |(), ()| ()),
            Revoked::Session(sid) => self.sessions.add(Id::of(sid), (), expires, |(), ()| ()),
            Revoked::User { id, min_gen, keep } => {
                let rule = UserRule {
                    min_gen: *min_gen,
                    keep: keep.as_deref().map(Id::of),
                };
                self.users.add(Id::of(id), rule, expires, UserRule::join);
            }
        }
    }

    /// Whether the token with these claims is known to be revoked: its `jti` or `sid` is, or its
    /// `gen` is below its user's and its session isn't kept.
    pub fn is_revoked(&self, claims: &Claims) -> bool {
        self.holds(&Lookup::of(claims))
    }

    /// Whether a token may be accepted, as far as revocation goes.
    pub(crate) fn check(&self, lookup: &Lookup) -> Result<(), TokenError> {
        if self.holds(lookup) {
            return Err(TokenError::Revoked);
        }
        if self.is_stale() {
            return Err(TokenError::Unavailable);
        }
        Ok(())
    }

    /// As [`is_revoked`](Self::is_revoked), for claims that are asked about often.
    pub fn holds(&self, lookup: &Lookup) -> bool {
        lookup
            .token
            .is_some_and(|id| self.tokens.get(&id).is_some())
            || lookup
                .session
                .is_some_and(|id| self.sessions.get(&id).is_some())
            || self
                .users
                .get(&lookup.user)
                .is_some_and(|rule| rule.refuses(lookup.generation, lookup.session))
    }

    /// Whether the set may lack what others revoked.
    pub fn is_stale(&self) -> bool {
        self.staleness
            .as_ref()
            .is_some_and(|staleness| staleness.is_stale())
    }

    /// Forgets what has expired at `now` (Unix seconds), one part after the other, and says how many
    /// entries those were. To be called now and then; once a minute is plenty.
    pub fn sweep(&self, now: u64) -> usize {
        let now = Expiry::at(now);
        self.tokens.sweep(now) + self.sessions.sweep(now) + self.users.sweep(now)
    }

    /// How many tokens, sessions and users are remembered.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.sessions.len() + self.users.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One kind of name, over all shards.
#[derive(Debug)]
struct Table<V> {
    shards: Box<[RwLock<Shard<V, RandomState>>]>,
    hasher: RandomState,
    /// Read without a lock: most tables are empty most of the time.
    len: AtomicUsize,
}

impl<V: Copy> Table<V> {
    fn new() -> Self {
        let hasher = RandomState::default();
        Self {
            shards: (0..SHARDS)
                .map(|_| RwLock::new(Shard::new(hasher.clone())))
                .collect(),
            hasher,
            len: AtomicUsize::new(0),
        }
    }

    /// The shard of `id`, by bits of its hash that the table inside doesn't go by.
    fn shard(&self, id: &Id) -> &RwLock<Shard<V, RandomState>> {
        let index = (self.hasher.hash_one(id) >> 40) as usize % SHARDS;
        &self.shards[index]
    }

    fn get(&self, id: &Id) -> Option<V> {
        if self.len() == 0 {
            return None;
        }
        self.shard(id)
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
    }

    fn add(&self, id: Id, value: V, expires: Expiry, join: impl FnOnce(V, V) -> V) {
        let mut shard = self
            .shard(&id)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if shard.add(id, value, expires, join) {
            // Under the shard's lock, so that whoever sees the entry's writer return sees the count.
            self.len.fetch_add(1, Ordering::Release);
        }
    }

    fn sweep(&self, now: Expiry) -> usize {
        self.shards
            .iter()
            .map(|shard| {
                let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
                let forgotten = shard.sweep(now);
                self.len.fetch_sub(forgotten, Ordering::Release);
                forgotten
            })
            .sum()
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }
}
