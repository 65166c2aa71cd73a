//! From which generation on a user's tokens are good.

use super::id::Id;

/// The rule for one user. Rules of one user are joined, in any order, to one and the same rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserRule {
    pub(super) min_gen: u64,
    pub(super) keep: Option<Id>,
}

impl UserRule {
    /// Both rules at once: the higher generation, with the session that it keeps. Where two of the
    /// same generation keep different sessions, neither is kept.
    pub(super) fn join(self, other: Self) -> Self {
        match self.min_gen.cmp(&other.min_gen) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => Self {
                min_gen: self.min_gen,
                keep: self.keep.filter(|_| self.keep == other.keep),
            },
        }
    }

    /// Whether a token of `generation` in `session` is refused.
    pub(super) fn refuses(&self, generation: u64, session: Option<Id>) -> bool {
        if self.min_gen == u64::MAX {
            return true;
        }
        let is_kept = self.keep.is_some() && self.keep == session;
        generation < self.min_gen && !is_kept
    }
}
