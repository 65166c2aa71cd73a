//! Randomness as an argument.

/// Where random bytes come from. Tests seed it, the server asks the operating system.
pub trait Rng: Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    ///
    /// # Panics
    /// When there are none to give: nothing that protects goes on with predictable ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no token may be made; the request ends as a 500"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}

/// Bytes that look random and are the same in each run (SplitMix64). For tests only.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct SeededRng(std::sync::atomic::AtomicU64);

#[cfg(feature = "testing")]
impl SeededRng {
    /// A source that gives the same bytes for the same `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(seed))
    }
}

#[cfg(feature = "testing")]
impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in bytes.chunks_mut(8) {
            let state = self
                .0
                .fetch_add(GOLDEN, std::sync::atomic::Ordering::SeqCst);
            let mut z = state.wrapping_add(GOLDEN);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}
