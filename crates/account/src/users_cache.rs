//! A bounded read-through cache of accounts, and of what they look like outside.
//!
//! What this process changes, or hears from the feed, leaves the cache before it is acknowledged.
//! What foreign software changes is seen after five seconds at the latest, or when the store is back.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher as _;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use foldhash::quality::RandomState;
use model::{Timestamp, User, UserId};

/// An entry is read anew after this.
const MAX_AGE: Duration = Duration::from_secs(5);

/// Shards, so that a request seldom waits for another.
const SHARDS: usize = 16;

/// Accounts in one shard: 16,384 in all, some 8 MB at the most, and as much for what they look like.
const SHARD_CAPACITY: usize = 1024;

/// An account as it was read, and what it looks like outside, once somebody asked.
pub struct KnownUser {
    user: User,
    rendered: OnceLock<Bytes>,
}

impl KnownUser {
    pub(crate) const fn new(user: User) -> Self {
        Self {
            user,
            rendered: OnceLock::new(),
        }
    }

    /// What `render` makes of the account. It is made once and kept with it: there is one `render`.
    ///
    /// # Errors
    /// Those of `render`.
    pub fn rendered<E>(&self, render: impl FnOnce(&User) -> Result<Bytes, E>) -> Result<Bytes, E> {
        if let Some(rendered) = self.rendered.get() {
            return Ok(rendered.clone());
        }
        let rendered = render(&self.user)?;
        Ok(self.rendered.get_or_init(|| rendered).clone())
    }
}

impl fmt::Debug for KnownUser {
    /// As the account, which names nobody: what it looks like outside would.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.user.fmt(f)
    }
}

impl Deref for KnownUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

pub(crate) struct UsersCache {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

#[derive(Default)]
struct Shard {
    /// How many invalidations this shard has seen.
    version: u64,
    users: HashMap<UserId, (Arc<KnownUser>, Timestamp), RandomState>,
}

/// The right to put an account in, unless one of its shard was changed in between.
pub(crate) struct Ticket {
    shard: usize,
    version: u64,
}

impl UsersCache {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::default(),
        }
    }

    /// The account, unless it is unknown here or too old.
    pub(crate) fn get(&self, id: &str, now: Timestamp) -> Option<Arc<KnownUser>> {
        let shard = self.lock(self.shard_of(id));
        let (user, read_at) = shard.users.get(id)?;
        let age = now.since(*read_at);
        // A clock that was set back makes an entry too old, not young for ever.
        (age < MAX_AGE && now >= *read_at).then(|| Arc::clone(user))
    }

    /// The account as it was last read, when the store can't be asked: it was not too old when the store
    /// was last heard, which was at most `unheard` ago.
    pub(crate) fn last_known(
        &self,
        id: &str,
        now: Timestamp,
        unheard: Duration,
    ) -> Option<Arc<KnownUser>> {
        let shard = self.lock(self.shard_of(id));
        let (user, read_at) = shard.users.get(id)?;
        let age = now.since(*read_at);
        (age < MAX_AGE.saturating_add(unheard) && now >= *read_at).then(|| Arc::clone(user))
    }

    /// To be taken before the account is read from the store.
    pub(crate) fn ticket(&self, id: &str) -> Ticket {
        let shard = self.shard_of(id);
        let version = self.lock(shard).version;
        Ticket { shard, version }
    }

    /// Puts in what was read since the ticket was taken at `read_at`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a ticket is good for one account"
    )]
    pub(crate) fn insert(&self, ticket: Ticket, user: Arc<KnownUser>, read_at: Timestamp) {
        let mut shard = self.lock(ticket.shard);
        if shard.version != ticket.version {
            return;
        }
        if shard.users.len() >= SHARD_CAPACITY {
            shard
                .users
                .retain(|_, (_, then)| read_at.since(*then) < MAX_AGE);
            if shard.users.len() >= SHARD_CAPACITY {
                shard.users.clear();
            }
        }
        shard.users.insert(user.id.clone(), (user, read_at));
    }

    /// Forgets the account, also for those who are reading it now.
    pub(crate) fn forget(&self, id: &UserId) {
        let mut shard = self.lock(self.shard_of(id.as_str()));
        shard.version += 1;
        shard.users.remove(id);
    }

    fn shard_of(&self, id: &str) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low bits choose the shard"
        )]
        let hash = self.hasher.hash_one(id) as usize;
        hash % SHARDS
    }

    fn lock(&self, shard: usize) -> std::sync::MutexGuard<'_, Shard> {
        // Nothing in here can panic half-way through a change.
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Generation;

    fn user(id: &str) -> Arc<KnownUser> {
        Arc::new(KnownUser::new(User {
            id: UserId::parse(id).unwrap(),
            username: Some(id.into()),
            email: Some(format!("{id}@example.org")),
            email_verified: false,
            generation: Generation(0),
            keep: None,
            disabled: false,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        }))
    }

    #[test]
    fn an_account_is_served_for_five_seconds_and_no_longer() {
        let cache = UsersCache::new();
        let start = Timestamp::from_seconds(100);
        cache.insert(cache.ticket("a"), user("a"), start);
        assert!(
            cache
                .get("a", start.plus(Duration::from_millis(4999)))
                .is_some()
        );
        assert!(cache.get("a", start.plus(MAX_AGE)).is_none());
        assert!(
            cache.get("a", Timestamp::from_seconds(99)).is_none(),
            "the clock was set back"
        );
    }

    #[test]
    fn without_the_store_an_account_is_known_for_as_long_as_tokens_are_taken() {
        let cache = UsersCache::new();
        let (start, bound) = (Timestamp::from_seconds(100), Duration::from_secs(30));
        cache.insert(cache.ticket("a"), user("a"), start);
        let at = |seconds| cache.last_known("a", Timestamp::from_seconds(seconds), bound);
        assert!(at(134).is_some());
        assert!(at(135).is_none());
        assert!(at(99).is_none(), "the clock was set back");
        cache.forget(&UserId::parse("a").unwrap());
        assert!(at(101).is_none(), "it was changed");
    }

    #[test]
    fn what_was_read_before_a_change_is_not_put_in_after_it() {
        let cache = UsersCache::new();
        let now = Timestamp::from_seconds(100);
        let ticket = cache.ticket("a");
        cache.forget(&UserId::parse("a").unwrap());
        cache.insert(ticket, user("a"), now);
        assert!(cache.get("a", now).is_none());
    }

    #[test]
    fn an_account_is_rendered_once_and_a_failure_is_not_kept() {
        let alice = user("a");
        assert_eq!(alice.rendered(|_| Err("full")), Err("full"));
        let id = |user: &User| Ok::<_, &str>(Bytes::copy_from_slice(user.id.as_str().as_bytes()));
        assert_eq!(alice.rendered(id).unwrap(), "a");
        assert_eq!(alice.rendered(|_| Err("again")).unwrap(), "a");
        assert_eq!(user("b").rendered(id).unwrap(), "b");
    }

    #[test]
    fn an_account_that_was_rendered_tells_a_log_neither_name_nor_address() {
        let alice = user("a");
        let view = |user: &User| Ok::<_, ()>(Bytes::from(user.email.clone().unwrap()));
        alice.rendered(view).unwrap();
        let told = format!("{alice:?}");
        assert_eq!(told, format!("{:?}", alice.user));
        assert!(!told.contains("example.org"), "{told}");
    }

    #[test]
    fn it_is_bounded() {
        let cache = UsersCache::new();
        let now = Timestamp::from_seconds(100);
        for n in 0..100_000 {
            let id = n.to_string();
            cache.insert(cache.ticket(&id), user(&id), now);
        }
        let kept: usize = (0..SHARDS).map(|shard| cache.lock(shard).users.len()).sum();
        assert!(kept <= SHARDS * SHARD_CAPACITY, "{kept}");
    }
}
