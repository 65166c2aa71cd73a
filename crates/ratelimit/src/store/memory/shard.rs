//! One part of the store, behind one lock.

use super::{
    index::{Index, MAX_PLACES},
    slots::{Slot, Slots},
};
use crate::{Hit, Key, State, Timestamp, Usage};

/// How many keys are looked at to find the one that goes when a new one comes.
const CANDIDATES: usize = 16;

/// From one of them to the next, as a part of all keys times 2^64: the golden ratio. They lie far apart, and
/// each key has its turn about once in a round: keys that came together, as after a restart the worthiest
/// do, are not looked at together.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many keys every new key looks at for expired ones.
const SWEPT_BY_A_HIT: usize = 2;

#[derive(Debug)]
pub(super) struct Shard {
    /// Where a key's slot is, by the second word of the key.
    index: Index,
    slots: Slots,
    /// Where the search for expired keys goes on.
    hand: usize,
    /// Where the search for a key to replace goes on, as a part of all keys times 2^64.
    search: u64,
    max_keys: usize,
    max_logged: usize,
    /// Room for the logged hits of all moving windows here.
    logged: usize,
}

impl Shard {
    pub(super) fn new(max_keys: usize, max_logged: usize) -> Self {
        let max_keys = max_keys.min(MAX_PLACES);
        let (index, slots) = (Index::default(), Slots::default());
        Self {
            index,
            slots,
            hand: 0,
            search: 0,
            max_keys,
            max_logged,
            logged: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    #[cfg(test)]
    pub(super) const fn logged(&self) -> usize {
        self.logged
    }

    pub(super) fn hit(&mut self, hit: &Hit, round: u32) -> Usage {
        let known = self.find(hit.key);
        if !hit.charge {
            let state = known
                .and_then(|place| self.slots.get(place))
                .map(|slot| &slot.state);
            return match state {
                Some(state) => state.test(hit.quota, hit.cost, hit.now),
                None => State::new(hit.strategy).test(hit.quota, hit.cost, hit.now),
            };
        }
        let place = known.unwrap_or_else(|| {
            self.sweep(hit.now, SWEPT_BY_A_HIT);
            self.make_room(hit.now);
            self.insert(Slot::new(hit.key, State::new(hit.strategy)))
        });
        self.charge(place, hit, known.is_some(), round)
    }

    fn charge(&mut self, place: usize, hit: &Hit, again: bool, round: u32) -> Usage {
        let Some(slot) = self.slots.get_mut(place) else {
            // Not reached: the index names slots that exist. Refusing is the safe side.
            return Usage {
                allowed: false,
                remaining: 0,
                reset: hit.now,
                at: hit.now,
            };
        };
        let logged = slot.state.logged();
        let usage = slot.state.charge(hit);
        slot.set_expires(slot.state.expires(hit.quota));
        slot.set_exhausted(!usage.allowed || usage.remaining == 0);
        if again {
            slot.raise_credit();
        }
        self.logged = self.logged + slot.state.logged() - logged;
        self.slots.touch(place, round);
        if self.logged > self.max_logged {
            self.make_room_for_logs(place, hit.now);
        }
        usage
    }

    /// Gives back what `hit` was charged, if it is still counted.
    pub(super) fn give_back(&mut self, hit: &Hit, usage: &Usage, round: u32) {
        let Some(place) = self.find(hit.key) else {
            return; // forgotten meanwhile
        };
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        let logged = slot.state.logged();
        slot.state.give_back(hit, usage);
        slot.set_expires(slot.state.expires(hit.quota));
        slot.set_exhausted(slot.state.test(hit.quota, 0, hit.now).remaining == 0);
        self.logged = self.logged + slot.state.logged() - logged;
        self.slots.touch(place, round);
    }

    /// Puts in what was known before a restart. What was counted here since is added to it. `false` if
    /// it expired, or there is no room: what is known here goes before it.
    pub(super) fn restore(&mut self, mut slot: Slot, now: Timestamp, round: u32) -> bool {
        if slot.expires() <= now {
            return false;
        }
        let known = self.find(slot.key());
        let newer = known.and_then(|place| self.slots.get(place));
        let counted = newer.map_or(0, |newer| newer.state.logged());
        if let Some(newer) = newer {
            slot.add(newer);
        }
        let logged = self.logged + slot.state.logged() - counted;
        if logged > self.max_logged || known.is_none() && self.slots.len() >= self.max_keys {
            return false;
        }
        self.logged = logged;
        match known {
            Some(place) => {
                self.slots.replace(place, slot);
                self.slots.touch(place, round);
            }
            None => drop(self.insert(slot)),
        }
        true
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.find(key).is_some()
    }

    pub(super) fn remove(&mut self, key: Key) {
        if let Some(place) = self.find(key) {
            self.remove_at(place);
        }
    }

    /// Looks at the next `count` keys, and removes those that expired.
    pub(super) fn sweep(&mut self, now: Timestamp, count: usize) {
        for _ in 0..count.min(self.slots.len()) {
            let place = self.hand();
            match self.slots.get(place) {
                // Another key stands there now: it is looked at next.
                Some(slot) if slot.expires() <= now => self.remove_at(place),
                _ => self.hand += 1,
            }
        }
    }

    /// Looks at the last `count` keys before `end`, removes those that expired, and returns where to
    /// go on.
    ///
    /// Backwards, as the key that takes a removed one's place comes from behind: from where the sweep
    /// has been, or from hits after it began.
    pub(super) fn sweep_below(&mut self, end: usize, now: Timestamp, count: usize) -> usize {
        let end = end.min(self.slots.len());
        let start = end.saturating_sub(count);
        for place in (start..end).rev() {
            if self
                .slots
                .get(place)
                .is_some_and(|slot| slot.expires() <= now)
            {
                self.remove_at(place);
            }
        }
        start
    }

    /// Gives memory back when most of it is unused.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink();
        let slots = &self.slots;
        self.index.shrink(|place| hash_at(slots, place));
    }

    pub(super) fn changed_since(&self, round: u32) -> impl Iterator<Item = &Slot> {
        self.slots.changed_since(round)
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.slots.len() >= self.max_keys {
            self.evict(now, None);
        }
    }

    /// Removes keys until the logs fit, as many as one hit can be asked to.
    fn make_room_for_logs(&mut self, kept: usize, now: Timestamp) {
        // The key just charged must stay: removing it would admit what its limit refuses.
        let kept = self.slots.get(kept).map(Slot::key);
        for _ in 0..CANDIDATES {
            if self.logged <= self.max_logged || self.slots.len() < 2 {
                return;
            }
            self.evict(now, kept);
        }
    }

    /// Removes the least useful of some keys, never `kept`.
    fn evict(&mut self, now: Timestamp, kept: Option<Key>) {
        let mut least = None;
        for _ in 0..CANDIDATES.min(self.slots.len()) {
            let place = self.search();
            let Some(slot) = self.slots.get_mut(place) else {
                continue;
            };
            if Some(slot.key()) == kept {
                continue;
            }
            let use_left = (
                slot.expires() > now,
                slot.is_exhausted(),
                slot.credit(),
                slot.expires(),
            );
            if !slot.is_exhausted() {
                slot.lower_credit();
            }
            if least.is_none_or(|(_, least)| use_left < least) {
                least = Some((place, use_left));
            }
            if matches!(use_left, (false, ..) | (_, false, 0, _)) {
                break;
            }
        }
        if let Some((place, _)) = least {
            self.remove_at(place);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is less than the length"
    )]
    const fn search(&mut self) -> usize {
        self.search = self.search.wrapping_add(STRIDE);
        ((self.search as u128 * self.slots.len() as u128) >> 64) as usize
    }

    fn hand(&mut self) -> usize {
        if self.hand >= self.slots.len() {
            self.hand = 0;
        }
        self.hand
    }

    fn find(&self, key: Key) -> Option<usize> {
        let is_it = |place| self.slots.get(place).is_some_and(|slot| slot.key() == key);
        self.index.find(hash(key), is_it)
    }

    fn insert(&mut self, slot: Slot) -> usize {
        let hash = hash(slot.key());
        let place = self.slots.push(slot);
        let slots = &self.slots;
        self.index
            .insert(hash, place, |place| hash_at(slots, place));
        place
    }

    fn remove_at(&mut self, place: usize) {
        let Some(key) = self.slots.get(place).map(Slot::key) else {
            return;
        };
        let slots = &self.slots;
        self.index
            .remove(hash(key), place, |place| hash_at(slots, place));
        if let Some(removed) = self.slots.swap_remove(place) {
            self.logged -= removed.state.logged();
        }
        // The last slot took the place of the removed one.
        if let Some(moved) = self.slots.get(place) {
            self.index
                .relocate(hash(moved.key()), self.slots.len(), place);
        }
    }
}

/// A key is a hash already. The shard was chosen by its first word.
const fn hash(key: Key) -> u64 {
    key.words()[1]
}

fn hash_at(slots: &Slots, place: usize) -> u64 {
    slots.get(place).map_or(0, |slot| hash(slot.key()))
}
