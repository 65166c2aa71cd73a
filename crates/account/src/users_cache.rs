//! A bounded read-through cache of accounts.
//!
//! What this process changes, or hears from the feed, leaves the cache before it is acknowledged.
//! What foreign software changes is seen after five seconds at the latest, or when the store is back.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foldhash::quality::RandomState;
use model::{Timestamp, UserId};

use crate::known_user::KnownUser;

/// An entry is read anew after this.
const MAX_AGE: Duration = Duration::from_secs(5);

/// Shards, so that a request seldom waits for another.
const SHARDS: usize = 16;

/// Accounts in one shard: 16,384 in all, some 8 MB at the most, and as much for what they look like outside.
const SHARD_CAPACITY: usize = 1024;

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
    use model::{AddressNumber, Generation, User};

    fn user(id: &str) -> Arc<KnownUser> {
        Arc::new(KnownUser::new(User {
            id: UserId::parse(id).unwrap(),
            username: Some(id.into()),
            email: Some(format!("{id}@example.org")),
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(0),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
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
