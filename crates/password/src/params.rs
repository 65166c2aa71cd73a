//! What a new hash costs.

use crate::bounds;

/// The cost of a new Argon2id hash (RFC 9106).
///
/// The default is OWASP's first recommendation: 19 MiB, 2 passes, 1 lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Argon2 has no such cost, or it is beyond what this crate would verify again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2 needs 1 to 255 lanes, at least 1 pass and 8 KiB per lane; at most {} KiB, and passes × KiB at most {}",
    bounds::MAX_ARGON2_KIB,
    bounds::MAX_ARGON2_KIB_PASSES
)]
pub struct InvalidParams;

impl Params {
    /// OWASP's first recommendation: 19,456 KiB, 2 passes, 1 lane.
    pub const OWASP: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// The cost of `passes` over `memory_kib` KiB, in `lanes` lanes.
    ///
    /// Nothing is said about strength: a test may want `Params::new(8, 1, 1)`, a deployment should
    /// stay at or above [`Params::OWASP`].
    ///
    /// # Errors
    /// [`InvalidParams`] when Argon2 has no such cost, or when a hash made with it would be refused
    /// as too costly when it is verified.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidParams> {
        let params = Self {
            memory_kib,
            passes,
            lanes,
        };
        if bounds::argon2_exists(memory_kib, passes, lanes)
            && bounds::argon2_is_affordable(memory_kib, passes)
        {
            Ok(params)
        } else {
            Err(InvalidParams)
        }
    }

    /// Memory, in KiB.
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes. They are computed one after the other: more of them make a hash no faster here.
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::OWASP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_argon2_lacks_or_nobody_would_verify_is_refused() {
        for (memory, passes, lanes) in [
            (7, 1, 1),
            (8, 0, 1),
            (8, 1, 0),
            (15, 1, 2),
            (u32::MAX, 1, 1),
            (bounds::MAX_ARGON2_KIB, 5, 1),
            (8 * 256, 1, 256),
        ] {
            assert_eq!(Params::new(memory, passes, lanes), Err(InvalidParams));
        }
        assert!(Params::new(8, 1, 1).is_ok());
        assert!(Params::new(bounds::MAX_ARGON2_KIB, 4, 1).is_ok());
    }

    #[test]
    fn the_default_is_what_owasp_recommends() {
        assert_eq!(Params::new(19_456, 2, 1), Ok(Params::default()));
    }
}
