//! How long a failed sign-in takes.
//!
//! A decoy gives a name that nobody has the cost of one that somebody has. But a name and an address whose hashes
//! differ in kind can't be one account, and a decoy for the one that is unknown can't match both. So while the store holds
//! hashes of old kinds, every failed sign-in is answered when checking the dearest of them would have ended: it waits on a
//! timer, its permit for the hashing pool given back.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::{self, AtomicU64};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use password::{Busy, Kind, decoy};

use crate::Accounts;

/// The longest that anybody waits, however long a request may take. A hash that takes longer to check is reported.
const LONGEST: Duration = Duration::from_secs(1);

/// What failed sign-ins take.
#[derive(Default)]
pub(crate) struct SameTime {
    /// How long checking a hash takes, of the dearest kind of each algorithm in the store.
    measured: Mutex<HashMap<Kind, Duration>>,
    /// What a failed sign-in takes from its turn in the pool on, in microseconds.
    least: AtomicU64,
}

impl SameTime {
    /// How long a failed sign-in still waits whose check took so long. One that took longer than any should shows that
    /// the machine is busier than when it was measured: from then on the others wait longer, until the next time, but
    /// none longer than `longest`.
    fn left(&self, took: Duration, longest: Duration) -> Duration {
        let least = Duration::from_micros(self.least.load(atomic::Ordering::Relaxed));
        if !least.is_zero() && took > least {
            self.set(with_reserve(took, longest));
        }
        least.saturating_sub(took)
    }

    fn set(&self, least: Duration) {
        let micros = u64::try_from(least.as_micros()).unwrap_or(u64::MAX);
        self.least.store(micros, atomic::Ordering::Relaxed);
    }

    fn cost(&self, kind: &Kind) -> Option<Duration> {
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.get(kind).copied()
    }

    fn note(&self, kind: Kind, cost: Duration) {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.insert(kind, cost);
    }

    fn forget_all_but(&self, kinds: &[Kind]) {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.retain(|kind, _| kinds.contains(kind));
    }
}

/// Of each algorithm the kind that costs the most.
fn dearest_of_each(kinds: impl IntoIterator<Item = Kind>) -> Vec<Kind> {
    let mut dearest: Vec<Kind> = Vec::new();
    for kind in kinds {
        let other = dearest.iter_mut().find_map(|other| {
            let order = kind.compare_work(other)?;
            Some((other, order))
        });
        match other {
            Some((other, Ordering::Greater)) => *other = kind,
            Some((_, Ordering::Less | Ordering::Equal)) => {}
            None => dearest.push(kind),
        }
    }
    dearest
}

/// What failed sign-ins take where the dearest kind costs so much: half as much again, since no check takes exactly what
/// another took.
fn with_reserve(cost: Duration, longest: Duration) -> Duration {
    (cost + cost / 2).min(longest)
}

impl Accounts {
    /// Waits until a failed sign-in is answered whose check took so long. Its permit must be given back before.
    pub(crate) async fn wait_out(&self, took: Duration) {
        let same_time = self.0.live.decoys().same_time();
        let left = same_time.left(took, self.longest_failure());
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
    }

    /// What a failed sign-in takes at the longest.
    fn longest_failure(&self) -> Duration {
        self.0.settings.longest_failure.min(LONGEST)
    }

    /// Takes in that the store has these kinds of hash beside the `current` one, and how many of each.
    pub(crate) async fn agree_on_time(&self, current: Kind, old: &[(Kind, u64)]) {
        let same_time = self.0.live.decoys().same_time();
        if old.is_empty() {
            same_time.forget_all_but(&[]);
            same_time.set(Duration::ZERO);
            return;
        }
        let longest = self.longest_failure();
        let kinds = dearest_of_each(old.iter().map(|(kind, _)| *kind).chain([current]));
        same_time.forget_all_but(&kinds);
        for kind in &kinds {
            if same_time.cost(kind).is_some() {
                continue;
            }
            same_time.set(longest); // until it is known
            match self.measure(kind).await {
                Ok(cost) => {
                    same_time.note(*kind, cost);
                    if cost > longest {
                        report(kind, (cost, longest), old);
                    }
                }
                Err(busy) => {
                    tracing::warn!(%kind, %busy, "what checking a hash costs can't be measured now: until then a failed sign-in takes as long as it may");
                }
            }
        }
        let costs: Option<Vec<_>> = kinds.iter().map(|kind| same_time.cost(kind)).collect();
        let dearest = costs.and_then(|costs| costs.into_iter().max());
        same_time.set(dearest.map_or(longest, |cost| with_reserve(cost, longest)));
    }

    /// How long checking a hash of this kind takes: the shorter of two tries.
    async fn measure(&self, kind: &Kind) -> Result<Duration, Busy> {
        let permit = self.admit_ourselves()?;
        let mut cost = Duration::MAX;
        for _ in 0..2 {
            let (_, took) = permit.verify_timed("".into(), decoy(kind)).await?;
            cost = cost.min(took);
            if cost > self.longest_failure() {
                break;
            }
        }
        Ok(cost)
    }
}

fn report(kind: &Kind, (cost, longest): (Duration, Duration), old: &[(Kind, u64)]) {
    let of = |other: &&(Kind, u64)| kind.compare_work(&other.0).is_some();
    let accounts: u64 = old.iter().filter(of).map(|(_, count)| count).sum();
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(
        %kind,
        milliseconds = milliseconds(cost),
        longest = milliseconds(longest),
        accounts,
        "checking a hash takes longer than a failed sign-in may, so the time of a failed sign-in can tell that a name is one of those \
         accounts' with hashes of this algorithm: it can until they have signed in once, or have new passwords"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(labels: &[&str]) -> Vec<Kind> {
        labels.iter().map(|label| label.parse().unwrap()).collect()
    }

    #[test]
    fn of_many_kinds_the_dearest_of_each_algorithm_is_measured() {
        let many = (29_000..31_000).map(|rounds| format!("pbkdf2:sha256:{rounds}"));
        let many: Vec<Kind> = many.map(|label| label.parse().unwrap()).collect();
        let others = kinds(&["bcrypt:12", "argon2id:19456:2:1", "bcrypt:10"]);
        let dearest = dearest_of_each(many.into_iter().chain(others));
        let expected = ["pbkdf2:sha256:30999", "bcrypt:12", "argon2id:19456:2:1"];
        assert_eq!(dearest, kinds(&expected));
    }

    #[test]
    fn a_failure_takes_what_the_dearest_takes_with_something_to_spare_and_a_second_at_most() {
        let millis = Duration::from_millis;
        assert_eq!(with_reserve(millis(60), LONGEST), millis(90));
        assert_eq!(with_reserve(millis(900), LONGEST), LONGEST);
        assert_eq!(with_reserve(millis(5000), LONGEST), LONGEST);
    }

    #[test]
    fn on_a_machine_that_grew_busy_everybody_waits_longer() {
        let same_time = SameTime::default();
        let millis = Duration::from_millis;
        same_time.set(millis(90));
        assert_eq!(same_time.left(millis(120), LONGEST), Duration::ZERO);
        assert_eq!(same_time.left(millis(20), LONGEST), millis(160));
        assert_eq!(same_time.left(millis(4000), LONGEST), Duration::ZERO);
        assert_eq!(same_time.left(millis(20), LONGEST), millis(980));
    }

    #[test]
    fn where_a_request_may_not_take_long_nobody_waits_long() {
        let same_time = SameTime::default();
        let (millis, longest) = (Duration::from_millis, Duration::from_millis(300));
        same_time.set(with_reserve(millis(900), longest));
        assert_eq!(same_time.left(millis(20), longest), millis(280));
        assert_eq!(same_time.left(millis(4000), longest), Duration::ZERO);
        assert_eq!(same_time.left(millis(20), longest), millis(280));
    }

    #[test]
    fn without_old_kinds_nobody_waits_however_long_a_check_took() {
        let same_time = SameTime::default();
        assert_eq!(same_time.left(LONGEST, LONGEST), Duration::ZERO);
        assert_eq!(same_time.left(Duration::ZERO, LONGEST), Duration::ZERO);
    }

    #[test]
    fn what_the_check_took_is_waited_no_more() {
        let same_time = SameTime::default();
        let millis = Duration::from_millis;
        assert_eq!(same_time.left(Duration::ZERO, LONGEST), Duration::ZERO);
        same_time.set(millis(90));
        assert_eq!(same_time.left(millis(15), LONGEST), millis(75));
        assert_eq!(same_time.left(millis(60), LONGEST), millis(30));
        assert_eq!(same_time.left(millis(91), LONGEST), Duration::ZERO);
    }
}
