//! A part of the set, behind one lock.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use super::id::Id;

/// Tables with fewer places than this are never shrunk.
const SMALL: usize = 64;

/// A second at which an entry is forgotten, in 32 bits: the year 2106 is far enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expiry(u32);

impl Expiry {
    pub(super) const NEVER: Self = Self(u32::MAX);

    /// What lies beyond is never forgotten.
    pub(super) fn at(seconds: u64) -> Self {
        Self(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    fn has_passed(self, now: Self) -> bool {
        self <= now && self != Self::NEVER
    }
}

/// Names with what is known of them, and when each is forgotten.
///
/// `soonest` is a bound: nothing is forgotten before it, so that a sweep can pass by.
#[derive(Debug)]
pub(super) struct Shard<V, S> {
    entries: HashMap<Id, (V, Expiry), S>,
    soonest: Expiry,
}

impl<V: Copy, S: BuildHasher> Shard<V, S> {
    pub(super) fn new(hasher: S) -> Self {
        Self {
            entries: HashMap::with_hasher(hasher),
            soonest: Expiry::NEVER,
        }
    }

    pub(super) fn get(&self, id: &Id) -> Option<V>
    where
        Id: Hash,
    {
        self.entries.get(id).map(|(value, _)| *value)
    }

    /// Adds what is now known of `id` to what was, by `join`; the later expiry counts. Whether `id`
    /// is new here.
    pub(super) fn add(
        &mut self,
        id: Id,
        value: V,
        expires: Expiry,
        join: impl FnOnce(V, V) -> V,
    ) -> bool {
        use std::collections::hash_map::Entry;

        self.soonest = self.soonest.min(expires);
        match self.entries.entry(id) {
            Entry::Occupied(mut known) => {
                let (old, old_expires) = *known.get();
                known.insert((join(old, value), old_expires.max(expires)));
                false
            }
            Entry::Vacant(place) => {
                place.insert((value, expires));
                true
            }
        }
    }

    /// Forgets what has expired, and says how many entries those were.
    pub(super) fn sweep(&mut self, now: Expiry) -> usize {
        if !self.soonest.has_passed(now) {
            return 0;
        }
        let before = self.entries.len();
        let mut soonest = Expiry::NEVER;
        self.entries.retain(|_, (_, expires)| {
            let stays = !expires.has_passed(now);
            if stays {
                soonest = soonest.min(*expires);
            }
            stays
        });
        self.soonest = soonest;
        if self.entries.capacity() > SMALL && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        before - self.entries.len()
    }
}
