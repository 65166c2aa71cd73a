//! Random numbers that can run out.

use std::sync::atomic::{AtomicBool, Ordering};

use model::{Rng, SystemRng};

/// The operating system's random numbers, until there are no more: whoever asks then panics, as
/// [`Rng`] demands.
#[derive(Debug, Default)]
pub(crate) struct Exhaustible(AtomicBool);

impl Exhaustible {
    /// From now on there are none.
    pub(crate) fn exhaust(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Rng for Exhaustible {
    fn fill(&self, bytes: &mut [u8]) {
        assert!(
            !self.0.load(Ordering::SeqCst),
            "the test has used up the random numbers"
        );
        SystemRng.fill(bytes);
    }
}
