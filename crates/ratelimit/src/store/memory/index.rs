//! Where the slot of a key is: open addressing with linear probing.
//!
//! A cell holds a place and a part of the key's hash, in 4 bytes, so that most look-ups touch one cache
//! line here and one slot: with a million keys it is these lines that a hit waits for, and a general
//! table, with control bytes apart from its entries, has one more. The keys are hashes under a secret,
//! so nobody can make them collide.

/// Bits of a cell that hold the place plus one; 0 is an empty cell. The rest is the tag.
const PLACE_BITS: u32 = 14;
const PLACE: u32 = (1 << PLACE_BITS) - 1;

/// The most places that an index tells apart.
pub(super) const MAX_PLACES: usize = PLACE as usize;

/// The cells of the smallest index.
const MIN_CELLS: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two, or none at all; at most three quarters are in use.
    cells: Box<[u32]>,
    len: usize,
}

impl Index {
    /// The place of the key with `hash` for which `is_it` holds.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        self.probe(hash, is_it).map(|(_, place)| place)
    }

    /// Adds a key. `hash_at` tells the hashes of the keys that are in already.
    pub(super) fn insert(&mut self, hash: u64, place: usize, hash_at: impl Fn(usize) -> u64) {
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.resize((self.cells.len() * 2).max(MIN_CELLS), hash_at);
        }
        self.put(hash, place);
    }

    /// Removes the key with `hash` at `place`.
    pub(super) fn remove(&mut self, hash: u64, place: usize, hash_at: impl Fn(usize) -> u64) {
        let Some((mut hole, _)) = self.probe(hash, |at| at == place) else {
            return;
        };
        self.len -= 1;
        // Keys behind the hole move up, unless they would get in front of where their probe begins.
        let mut cell = hole;
        loop {
            cell = self.next(cell);
            let Some(place) = place_in(self.cells[cell]) else {
                break;
            };
            let from_home = self.distance(self.home(hash_at(place)), cell);
            if from_home >= self.distance(hole, cell) {
                self.cells[hole] = self.cells[cell];
                hole = cell;
            }
        }
        self.cells[hole] = 0;
    }

    /// Notes that the key with `hash` moved.
    pub(super) fn relocate(&mut self, hash: u64, from: usize, to: usize) {
        if let Some((cell, _)) = self.probe(hash, |at| at == from) {
            self.cells[cell] = filled(hash, to);
        }
    }

    /// Gives memory back when most of it is unused.
    pub(super) fn shrink(&mut self, hash_at: impl Fn(usize) -> u64) {
        let enough = match self.len {
            0 => 0,
            len => (len * 2).next_power_of_two().max(MIN_CELLS),
        };
        if self.cells.len() > 2 * enough {
            self.resize(enough, hash_at);
        }
    }

    fn probe(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
        if self.cells.is_empty() {
            return None;
        }
        let mut cell = self.home(hash);
        loop {
            let place = place_in(self.cells[cell])?;
            if self.cells[cell] & !PLACE == tag(hash) && is_it(place) {
                return Some((cell, place));
            }
            cell = self.next(cell);
        }
    }

    fn put(&mut self, hash: u64, place: usize) {
        let mut cell = self.home(hash);
        while self.cells[cell] != 0 {
            cell = self.next(cell);
        }
        self.cells[cell] = filled(hash, place);
        self.len += 1;
    }

    fn resize(&mut self, cells: usize, hash_at: impl Fn(usize) -> u64) {
        let old = std::mem::replace(&mut self.cells, vec![0; cells].into_boxed_slice());
        self.len = 0;
        for place in old.into_iter().filter_map(place_in) {
            self.put(hash_at(place), place);
        }
    }

    /// Where the probe for a key begins.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    const fn home(&self, hash: u64) -> usize {
        hash as usize & (self.cells.len() - 1)
    }

    const fn next(&self, cell: usize) -> usize {
        (cell + 1) & (self.cells.len() - 1)
    }

    /// How many steps it is from one cell on to another.
    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.cells.len() - 1)
    }
}

fn filled(hash: u64, place: usize) -> u32 {
    // A shard has fewer than `MAX_PLACES` keys.
    tag(hash) | u32::try_from(place + 1).unwrap_or(PLACE).min(PLACE)
}

/// The upper bits of the hash, of which the home uses the lower ones.
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & !PLACE
}

fn place_in(cell: u32) -> Option<usize> {
    (cell & PLACE).checked_sub(1).map(|place| place as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few different hashes, so that probes are long, wrap around and cross each other.
        #[test]
        fn the_index_finds_what_a_map_holds(
            steps in proptest::collection::vec((0u64..24, 0usize..60, any::<bool>()), 1..300),
        ) {
            let mut index = Index::default();
            let mut hashes: HashMap<usize, u64> = HashMap::new();
            for (hash, place, add) in steps {
                match hashes.get(&place).copied() {
                    None if add => {
                        index.insert(hash, place, |place| hashes[&place]);
                        hashes.insert(place, hash);
                    }
                    Some(hash) if !add => {
                        index.remove(hash, place, |place| hashes[&place]);
                        hashes.remove(&place);
                        index.shrink(|place| hashes[&place]);
                    }
                    _ => {}
                }
                for (place, hash) in &hashes {
                    prop_assert_eq!(index.find(*hash, |at| at == *place), Some(*place));
                }
                prop_assert_eq!(index.len, hashes.len());
            }
        }
    }
}
