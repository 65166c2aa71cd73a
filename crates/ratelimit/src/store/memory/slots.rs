//! The keys of a shard side by side, in pieces of a fixed size, so that growing copies nothing.
//!
//! A piece is as large as what the system's allocator may be told to map by itself. It goes back to the
//! system on its own then, in some microseconds. From a heap it may go back with all that is free beside
//! it, when a million keys went 60 MB at once: that takes milliseconds, under locks.

use super::{Entry, Worth};
use crate::{Key, State, Timestamp};

/// Slots in a piece: 64 KiB.
const PIECE: usize = 1024;

/// Slots in a part of a piece that is looked at together for what changed.
const PART: usize = 64;

/// The most often that a key is passed over when room is needed.
const MAX_CREDIT: u32 = 3;

/// Bits of [`Slot::marks`]: the credit, whether nothing is left, the round of the last change.
const CREDIT: u32 = 0b11;
const EXHAUSTED: u32 = 0b100;
const ROUND_SHIFT: u32 = 3;

/// Rounds are counted up to here: at one a second, 17 years.
pub(super) const MAX_ROUND: u32 = u32::MAX >> ROUND_SHIFT;

/// One key and what is known of it, in one cache line: each hit on a key out of many waits for it.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    key: [u64; 2],
    pub(super) state: State,
    /// From when on the state says nothing, in seconds, rounded up.
    expires: u32,
    marks: u32,
}

impl Slot {
    pub(super) fn new(key: Key, state: State) -> Self {
        let key = key.words();
        Self {
            key,
            state,
            expires: 0,
            marks: 0,
        }
    }

    pub(super) const fn key(&self) -> Key {
        Key::from_words(self.key)
    }

    pub(super) const fn expires(&self) -> Timestamp {
        Timestamp::from_secs(self.expires as u64)
    }

    pub(super) fn set_expires(&mut self, expires: Timestamp) {
        let seconds = expires.as_micros().div_ceil(1_000_000);
        self.expires = u32::try_from(seconds).unwrap_or(u32::MAX);
    }

    /// How often the slot is passed over when room is needed.
    pub(super) const fn credit(&self) -> u32 {
        self.marks & CREDIT
    }

    pub(super) fn raise_credit(&mut self) {
        self.marks += u32::from(self.credit() < MAX_CREDIT);
    }

    pub(super) fn lower_credit(&mut self) {
        self.marks -= u32::from(self.credit() > 0);
    }

    /// Whether the last hit was refused, or took what was left.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.marks & EXHAUSTED != 0
    }

    pub(super) const fn set_exhausted(&mut self, exhausted: bool) {
        self.marks &= !EXHAUSTED;
        if exhausted {
            self.marks |= EXHAUSTED;
        }
    }

    /// What losing it would cost.
    pub(super) const fn worth(&self) -> Worth {
        match (self.is_exhausted(), self.credit()) {
            (true, _) => Worth::Exhausted,
            (false, 0) => Worth::Once,
            (false, 1) => Worth::Again,
            (false, _) => Worth::Often,
        }
    }

    /// Adds what was counted later, under the same key.
    pub(super) fn add(&mut self, later: &Self) {
        self.state.add(&later.state);
        self.expires = self.expires.max(later.expires);
        self.set_exhausted(self.is_exhausted() || later.is_exhausted());
        for _ in 0..=later.credit() {
            self.raise_credit();
        }
    }

    /// The round of [`changes`](super::MemoryStore::changes) in which the state last changed.
    const fn changed(&self) -> u32 {
        self.marks >> ROUND_SHIFT
    }

    const fn set_changed(&mut self, round: u32) {
        self.marks = self.marks & (CREDIT | EXHAUSTED) | round << ROUND_SHIFT;
    }
}

impl From<&Slot> for Entry {
    fn from(slot: &Slot) -> Self {
        Self {
            key: slot.key(),
            expires: slot.expires(),
            worth: slot.worth(),
            state: slot.state.clone(),
        }
    }
}

impl From<Entry> for Slot {
    fn from(entry: Entry) -> Self {
        let mut slot = Self::new(entry.key, entry.state);
        slot.set_expires(entry.expires);
        slot.set_exhausted(entry.worth == Worth::Exhausted);
        let credit = match entry.worth {
            Worth::Once => 0,
            Worth::Again => 1,
            Worth::Often | Worth::Exhausted => MAX_CREDIT,
        };
        slot.marks |= credit;
        slot
    }
}

#[derive(Debug, Default)]
pub(super) struct Slots {
    pieces: Vec<Piece>,
    len: usize,
}

#[derive(Debug)]
struct Piece {
    slots: Vec<Slot>,
    /// For each part the latest round in which a slot of it changed, or came to it.
    changed: [u32; PIECE / PART],
}

impl Piece {
    fn new() -> Self {
        Self {
            slots: Vec::with_capacity(PIECE),
            changed: [0; PIECE / PART],
        }
    }

    /// Notes that the slot at `place` of the piece changed in `round`, if not in a later one.
    fn note(&mut self, place: usize, round: u32) {
        if let Some(changed) = self.changed.get_mut(place / PART) {
            *changed = round.max(*changed);
        }
    }

    fn changed_since(&self, round: u32) -> impl Iterator<Item = &Slot> {
        self.slots
            .chunks(PART)
            .zip(&self.changed)
            .filter(move |(_, changed)| **changed >= round)
            .flat_map(|(part, _)| part)
    }
}

impl Slots {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, place: usize) -> Option<&Slot> {
        self.pieces.get(place / PIECE)?.slots.get(place % PIECE)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        self.pieces
            .get_mut(place / PIECE)?
            .slots
            .get_mut(place % PIECE)
    }

    /// Puts `slot` where another one with its key is.
    pub(super) fn replace(&mut self, place: usize, slot: Slot) {
        if let Some(old) = self.get_mut(place) {
            *old = slot;
        }
    }

    /// Notes that the slot at `place` changed in `round`.
    pub(super) fn touch(&mut self, place: usize, round: u32) {
        if let Some(piece) = self.pieces.get_mut(place / PIECE) {
            piece.note(place % PIECE, round);
            if let Some(slot) = piece.slots.get_mut(place % PIECE) {
                slot.set_changed(round);
            }
        }
    }

    /// Appends `slot`, and says where.
    pub(super) fn push(&mut self, slot: Slot) -> usize {
        let place = self.len;
        if place / PIECE == self.pieces.len() {
            self.pieces.push(Piece::new());
        }
        if let Some(piece) = self.pieces.get_mut(place / PIECE) {
            piece.note(place % PIECE, slot.changed());
            piece.slots.push(slot);
        }
        self.len += 1;
        place
    }

    /// Takes the slot at `place` out; the last one moves there. One piece that is empty stays, for keys
    /// that come and go around its beginning; the next one is given back.
    pub(super) fn swap_remove(&mut self, place: usize) -> Option<Slot> {
        if place >= self.len {
            return None;
        }
        let end = self.len - 1;
        let last = self.pieces.get_mut(end / PIECE)?.slots.pop()?;
        self.len = end;
        self.pieces.truncate(end.div_ceil(PIECE) + 1);
        if place == end {
            return Some(last);
        }
        let piece = self.pieces.get_mut(place / PIECE)?;
        piece.note(place % PIECE, last.changed());
        Some(std::mem::replace(piece.slots.get_mut(place % PIECE)?, last))
    }

    /// The slots that changed in `round` or later.
    pub(super) fn changed_since(&self, round: u32) -> impl Iterator<Item = &Slot> {
        self.pieces
            .iter()
            .flat_map(move |piece| piece.changed_since(round))
            .filter(move |slot| slot.changed() >= round)
    }

    /// Gives back the piece that is empty, and what the list of pieces has reserved beyond its need.
    pub(super) fn shrink(&mut self) {
        self.pieces.truncate(self.len.div_ceil(PIECE));
        if self.pieces.capacity() > 4 * self.pieces.len() {
            self.pieces.shrink_to(2 * self.pieces.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Push(u16),
        Remove(u16),
        Touch(u16),
        Shrink,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            1 => (1u16..1500).prop_map(Step::Push),
            1 => (1u16..1500).prop_map(Step::Remove),
            4 => any::<u16>().prop_map(Step::Touch),
            1 => Just(Step::Shrink),
        ];
        proptest::collection::vec(step, 1..20)
    }

    proptest! {
        /// Slots over several pieces hold what a list does, and miss no change.
        #[test]
        fn slots_hold_what_a_list_does(steps in steps()) {
            let (mut slots, mut list) = (Slots::default(), Vec::<(u64, u32)>::new());
            let mut keys = 0..;
            for (round, step) in (1u32..).zip(steps) {
                match step {
                    Step::Push(count) => for key in keys.by_ref().take(count.into()) {
                        let place = slots.push(Slot::new(Key::from_words([key, 0]), State::new(crate::Strategy::FixedWindow)));
                        slots.touch(place, round);
                        list.push((key, round));
                    },
                    Step::Remove(count) => for _ in 0..usize::from(count).min(list.len()) {
                        let place = list.len() / 3;
                        let removed = slots.swap_remove(place).unwrap();
                        prop_assert_eq!(removed.key().words()[0], list.swap_remove(place).0);
                    },
                    Step::Touch(place) => if !list.is_empty() {
                        let place = usize::from(place) % list.len();
                        slots.touch(place, round);
                        list[place].1 = round;
                    },
                    Step::Shrink => slots.shrink(),
                }
                prop_assert_eq!(slots.len(), list.len());
                prop_assert!(slots.pieces.len() <= list.len().div_ceil(PIECE) + 1);
                for since in [round, round / 2, 0] {
                    let changed: Vec<_> = slots.changed_since(since).map(|slot| slot.key().words()[0]).collect();
                    let expected: Vec<_> = list.iter().filter(|(_, at)| *at >= since).map(|(key, _)| *key).collect();
                    prop_assert_eq!(changed, expected);
                }
            }
        }
    }
}
