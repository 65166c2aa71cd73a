//! Guesses at a password: the rule once for every backend, and what a backend keeps of it.
//!
//! Whoever guesses is slowed down and at last stopped (NIST SP 800-63B-4 §3.2.2): a budget allows five
//! failures; after that each further try must wait 10, 20, 40, 80, 160, then 300 seconds after the one
//! before it; after a hundred failures in a row without a success it is locked for a day.
//!
//! - **A try is counted before it is checked.** It is reserved as a failure, and given back only when
//!   the password was not checked at all. So of fifty guesses sent at once five are checked, and who
//!   hangs up before the answer has failed.
//! - **A quiet time** of 15 minutes since the last failure starts the window anew, with five tries. It
//!   does not touch the count of failures in a row: pausing gains nothing towards the lock.
//! - **A lock decays** 24 hours after the failure that closed it: counting begins anew. NIST knows no such
//!   end. But a hundred failures cost a stranger some hours, and without it they would shut the owner of a
//!   name out for as long as the stranger likes, wherever no device is known and no operator is awake. With
//!   it a name can be guessed at a hundred times a day at the most, which finds no password that the
//!   rules for new ones let in; those are what they are because of it.
//! - **An operator's word** ends both counts as well ([`Attempts::unlock_attempts`]).
//! - **A success** ends both counts. Only one who knows the password can bring it about, so that a
//!   guesser gains by it only what the owner's own signing in gives away: five more tries, each time.
//! - **Giving back takes one count and no more**: it undoes the try that it was reserved for, and
//!   never the failure of another. A try that was reserved before a success, or in an earlier window,
//!   is in neither of the present counts: [`Budget::run`] tells, and giving it back does nothing.
//!
//! At most five tries of a budget are out at once, five more after each success, and one more each
//! time that a wait has passed: what is out is counted, and a success starts a new run.
//!
//! A backend reads the budget, asks [`reserve`], [`give_back`] or [`clear`], and writes the answer so
//! that no other change of the same budget comes between: in one transaction, or by compare-and-set
//! on [`Budget::version`], deciding again when that fails.
//!
//! # Allowances
//! The same rows count what may be done so often and no more, without a failure or a success: mails to one address,
//! tries at a code ([`Allowance`], [`spend`]).
//!
//! Each name that is tried makes a row, whether it exists or not. A row has a fixed size and runs out
//! ([`Budget::expires_at`]); how many a stranger can make is bounded by what each try costs, a password
//! hash, and by the limits that stand before it, by network address.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;

use crate::Error;

/// Failures within a window that need no waiting.
pub const FREE_FAILURES: u32 = 5;

/// After so long without a failure a new window begins.
pub const WINDOW: Duration = Duration::from_mins(15);

/// How long to wait after the last of the [`FREE_FAILURES`]; twice as long after each further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(10);

/// The longest wait.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Failures in a row after which a budget is locked.
pub const MAX_CONSECUTIVE: u32 = 100;

/// A budget with failures is kept for so long after the last of them: longer than anyone would wait to
/// begin anew with counting towards the lock.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A locked one is open again so long after the last failure, and counting begins anew.
pub const LOCKED_FOR: Duration = Duration::from_hours(24);

/// One without failures is kept for so long after the last try, which may still be out.
const CLEARED_KEPT: Duration = Duration::from_secs(3600);

/// Which budget: a keyed hash of what was typed, so that the store holds no name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey([u8; 32]);

/// The failures of one budget, as they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Failures within the window, tries that are out among them.
    pub failures: u32,
    /// Failures since the last success, likewise.
    pub consecutive: u32,
    /// When the last of them was reserved.
    pub last_failure: Timestamp,
    /// How often counting has begun anew.
    pub run: u64,
    /// How often this has changed.
    pub version: u64,
}

/// How often something may be done: so many times within `per` of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How often.
    pub most: u32,
    /// Within which time: a day at the most.
    pub per: Duration,
}

/// A try that was counted, to be given back if the password is not checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The run in which it is counted.
    run: u64,
    /// The version that it made.
    version: u64,
    /// The last failure before it.
    previous: Option<Timestamp>,
}

/// Why a try is refused, unchecked and uncounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It comes too early: by how much.
    Wait(Duration),
    /// The budget is locked, until [`LOCKED_FOR`] after its last failure.
    Locked,
}

/// What became of a try.
#[derive(Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It is counted: the password may be checked.
    Granted(Reservation),
    /// It is not to be checked.
    Refused(Refusal),
}

/// Budgets of guesses.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts a try as a failure, durably, or refuses it, by [`reserve`].
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error>;

    /// Counts one more of what `allowance` bounds, durably, by [`spend`]; `false` when it is used up.
    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error>;

    /// Takes back a try whose password was not checked, by [`give_back`].
    async fn give_back_attempt(
        &self,
        key: AttemptKey,
        reservation: Reservation,
    ) -> Result<(), Error>;

    /// Notes a success, by [`clear`]. Nothing happens when there is no such budget.
    async fn clear_attempts(&self, key: AttemptKey) -> Result<(), Error>;

    /// The budget as it is, if there is one. Nothing is counted.
    async fn attempts(&self, key: AttemptKey) -> Result<Option<Budget>, Error>;

    /// Opens a budget again by an operator's word, by [`clear`], and says whether it had counted any
    /// failure. Every process that serves the store goes by it at once.
    async fn unlock_attempts(&self, key: AttemptKey) -> Result<bool, Error>;
}

/// Counts a try at `now` as a failure: the budget to be written in place of `old`, and what to keep for
/// giving the try back.
///
/// # Errors
/// When the try is refused: nothing is to be written.
pub fn reserve(old: Option<Budget>, now: Timestamp) -> Result<(Budget, Reservation), Refusal> {
    let before = old.unwrap_or(Budget::untouched(now));
    let quiet = now.since(before.last_failure);
    let consecutive = match before.consecutive {
        MAX_CONSECUTIVE.. if quiet < LOCKED_FOR => return Err(Refusal::Locked),
        MAX_CONSECUTIVE.. => 0, // the window is over, too: what is out counts in neither
        consecutive => consecutive,
    };
    let left = before.wait().saturating_sub(quiet);
    if !left.is_zero() && !before.lies_ahead_of(now) {
        return Err(Refusal::Wait(left));
    }
    let (failures, run) = if quiet >= WINDOW {
        (0, before.run.wrapping_add(1))
    } else {
        (before.failures, before.run)
    };
    let version = before.version.wrapping_add(1);
    let counted = Budget {
        failures: failures.saturating_add(1),
        consecutive: consecutive + 1,
        last_failure: now,
        run,
        version,
    };
    let reservation = Reservation {
        run,
        version,
        previous: old.map(|old| old.last_failure),
    };
    Ok((counted, reservation))
}

/// Counts one more of what `allowance` bounds at `now`: the budget to be written in place of `old`; nothing when it is
/// used up. Only a clock that was set back by minutes begins anew: those of two nodes differ by a little.
pub fn spend(old: Option<Budget>, allowance: Allowance, now: Timestamp) -> Option<Budget> {
    let before = old.unwrap_or(Budget::untouched(now));
    let is_over = before.failures == 0
        || now.since(before.last_failure) >= allowance.per
        || before.lies_ahead_of(now);
    let (spent, since) = if is_over {
        (0, now)
    } else {
        (before.failures, before.last_failure)
    };
    (spent < allowance.most).then(|| Budget {
        failures: spent + 1,
        consecutive: MAX_CONSECUTIVE, // kept for a day, which is as long as an allowance may be
        last_failure: since,
        run: before.run,
        version: before.version.wrapping_add(1),
    })
}

impl Allowance {
    /// How long what was spent of it counts, from `now` on.
    pub fn left(&self, spent: &Budget, now: Timestamp) -> Duration {
        self.per.saturating_sub(now.since(spent.last_failure))
    }
}

/// Takes a try back whose password was not checked: the budget to be written, or `None` when the try is
/// in neither count any more. When nothing has changed since, the wait is the one before it, too.
pub fn give_back(budget: Budget, reservation: &Reservation) -> Option<Budget> {
    if reservation.run != budget.run {
        return None;
    }
    let last_failure = reservation
        .previous
        .filter(|_| reservation.version == budget.version)
        .unwrap_or(budget.last_failure);
    Some(Budget {
        failures: budget.failures.saturating_sub(1),
        consecutive: budget.consecutive.saturating_sub(1),
        last_failure,
        version: budget.version.wrapping_add(1),
        ..budget
    })
}

/// Ends both counts, after a success or by an operator's word: the budget to be written.
///
/// It is written and not removed: a row that began anew would have the runs of the old one, and a
/// try from before the success could be given back on a failure that came after it.
#[must_use]
pub fn clear(budget: Budget) -> Budget {
    Budget {
        failures: 0,
        consecutive: 0,
        run: budget.run.wrapping_add(1),
        version: budget.version.wrapping_add(1),
        ..budget
    }
}

impl Budget {
    const fn untouched(now: Timestamp) -> Self {
        Self {
            failures: 0,
            consecutive: 0,
            last_failure: now,
            run: 0,
            version: 0,
        }
    }

    /// Whether it has counted any failure since the last success.
    pub const fn has_failures(&self) -> bool {
        self.consecutive > 0
    }

    /// From when on it may be removed.
    pub fn expires_at(&self) -> Timestamp {
        self.last_failure.plus(match self.consecutive {
            0 => CLEARED_KEPT,
            MAX_CONSECUTIVE.. => LOCKED_FOR,
            _ => KEPT,
        })
    }

    /// Until when tries are refused; nothing where one would be checked at `now`.
    pub fn refused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let wait = match reserve(Some(*self), now) {
            Ok(_) => return None,
            Err(Refusal::Wait(wait)) => return Some(now.plus(wait)),
            Err(Refusal::Locked) => LOCKED_FOR,
        };
        Some(self.last_failure.plus(wait))
    }

    /// How long the next try must wait after the last failure.
    fn wait(&self) -> Duration {
        match self.failures.checked_sub(FREE_FAILURES) {
            None => Duration::ZERO,
            Some(more) => FIRST_WAIT
                .saturating_mul(1_u32.checked_shl(more).unwrap_or(u32::MAX))
                .min(LONGEST_WAIT),
        }
    }

    /// Whether the clock was set back since the last failure: nobody waits until it has caught up.
    fn lies_ahead_of(&self, now: Timestamp) -> bool {
        self.last_failure.since(now) > LONGEST_WAIT
    }
}

impl AttemptKey {
    /// The budget with this keyed hash.
    pub const fn new(mac: [u8; 32]) -> Self {
        Self(mac)
    }

    /// The keyed hash, as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptKey([redacted])")
    }
}

#[cfg(test)]
mod tests;
