//! Verified tokens, remembered to spare their signature's check.
//!
//! What is remembered is what holds at any time. Times and revocation are checked on every use.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;

use crate::Verified;

/// Places that one hash leads to: two tokens in use rarely drive each other out.
const WAYS: usize = 2;

/// Bytes of the longest token that is remembered, which bounds the memory of all.
const MAX_TOKEN_SIZE: usize = 1024;

/// A fixed number of places, each with a lock of its own. The hash is keyed, and only tokens that
/// are good come in, so that nobody chooses whom to drive out.
pub(super) struct Cache {
    places: Box<[Place]>,
    hasher: RandomState,
}

type Place = Mutex<Option<Remembered>>;

struct Remembered {
    token: Box<str>,
    verified: Arc<Verified>,
}

impl Cache {
    /// A cache for `entries` tokens, rounded up to a power of two; 0 remembers nothing.
    pub(super) fn new(entries: usize) -> Self {
        let places = match entries {
            0 => 0,
            entries => entries.next_power_of_two().max(WAYS),
        };
        Self {
            places: (0..places).map(|_| Place::default()).collect(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn get(&self, token: &str) -> Option<Arc<Verified>> {
        self.set(token)?.iter().find_map(|place| {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner);
            let remembered = place.as_ref()?;
            is_same(remembered.token.as_bytes(), token.as_bytes())
                .then(|| Arc::clone(&remembered.verified))
        })
    }

    pub(super) fn put(&self, token: &str, verified: &Arc<Verified>) {
        let Some([first, second]) = self.set(token) else {
            return;
        };
        if token.len() > MAX_TOKEN_SIZE {
            return;
        }
        let remembered = Remembered {
            token: token.into(),
            verified: Arc::clone(verified),
        };
        // The newest goes first, the one that was there second; what was second is forgotten.
        let older = first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(remembered);
        if older.is_some() {
            *second.lock().unwrap_or_else(PoisonError::into_inner) = older;
        }
    }

    /// The places for `token`, if there are any.
    fn set(&self, token: &str) -> Option<&[Place; WAYS]> {
        let sets = self.places.len() / WAYS;
        let mask = sets.checked_sub(1)?; // `sets` is a power of two
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the lowest bits count"
        )]
        let index = self.hasher.hash_one(token) as usize & mask;
        self.places.get(index * WAYS..)?.first_chunk()
    }
}

/// Compares all bytes, whether or not the first differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .fold(0, |differing, (a, b)| differing | (a ^ b))
            == 0
}
