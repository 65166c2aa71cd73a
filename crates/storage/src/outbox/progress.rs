//! How far a job has come, and what may become of it: the rule of the outbox, once for every backend.
//!
//! A backend reads the progress of a job, asks one of the methods here, and writes what that gives so that no other change
//! of the job comes between: in one transaction, or by compare-and-set on all that was read, deciding again when that fails.

use model::Timestamp;

/// The right to settle a job: the number of the try. No two claims of a job have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim(pub u32);

/// How far a job has come that is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// From when on it is due.
    pub not_before: Timestamp,
    /// From when on it can be claimed: `not_before`, or the end of the lease while it is claimed.
    pub free_from: Timestamp,
    /// From when on it is not done any more.
    pub expires: Timestamp,
    /// How often it was claimed.
    pub tries: u32,
    /// Who has claimed it, even when the lease has run out.
    pub claim: Option<Claim>,
}

impl Progress {
    /// That of a job that was just posted.
    pub const fn new(not_before: Timestamp, expires: Timestamp) -> Self {
        Self {
            not_before,
            free_from: not_before,
            expires,
            tries: 0,
            claim: None,
        }
    }

    /// Whether it can be claimed at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.not_before <= now && self.free_from <= now && now < self.expires
    }

    /// What a claim makes of it, and the claim: nothing when it is not due.
    pub fn claimed(&self, now: Timestamp, lease_until: Timestamp) -> Option<(Self, Claim)> {
        let tries = self.tries.checked_add(1)?;
        let claim = Claim(tries);
        let claimed = Self {
            free_from: lease_until,
            tries,
            claim: Some(claim),
            ..*self
        };
        self.is_due(now).then_some((claimed, claim))
    }

    /// Whether `claim` may settle it: also after its lease has run out, until another claims it.
    pub fn is_claimed_by(&self, claim: Claim) -> bool {
        self.claim == Some(claim)
    }

    /// What postponing makes of it: nothing when it isn't claimed by `claim` any more.
    pub fn postponed(&self, claim: Claim, not_before: Timestamp) -> Option<Self> {
        let postponed = Self {
            not_before,
            free_from: not_before,
            claim: None,
            ..*self
        };
        self.is_claimed_by(claim).then_some(postponed)
    }

    /// What hastening makes of it: nothing when it is claimed or has expired.
    pub fn hastened(&self, now: Timestamp) -> Option<Self> {
        let not_before = self.not_before.min(now);
        let hastened = Self {
            not_before,
            free_from: not_before,
            ..*self
        };
        (self.claim.is_none() && now < self.expires).then_some(hastened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn it_is_due_from_its_time_until_it_expires() {
        let job = Progress::new(at(10), at(20));
        assert!(!job.is_due(at(9)) && job.is_due(at(10)));
        assert!(job.is_due(at(19)) && !job.is_due(at(20)));
    }

    #[test]
    fn it_is_claimed_once_until_the_lease_runs_out() {
        let job = Progress::new(at(10), at(1000));
        assert_eq!(job.claimed(at(9), at(129)), None);
        let (job, first) = job.claimed(at(10), at(130)).unwrap();
        assert_eq!(job.claimed(at(129), at(249)), None);
        let (again, second) = job.claimed(at(130), at(250)).unwrap();
        assert_eq!((first, second), (Claim(1), Claim(2)));
        assert!(job.is_claimed_by(first), "nobody else has it yet");
        assert!(!again.is_claimed_by(first) && again.is_claimed_by(second));
        assert_eq!(again.postponed(first, at(300)), None);
    }

    #[test]
    fn a_postponed_one_is_nobody_s_until_its_new_time() {
        let (job, first) = Progress::new(at(10), at(1000))
            .claimed(at(10), at(130))
            .unwrap();
        let job = job.postponed(first, at(70)).unwrap();
        assert!(!job.is_claimed_by(first) && !job.is_due(at(69)));
        assert_eq!(job.claimed(at(70), at(190)).unwrap().1, Claim(2));
    }

    #[test]
    fn only_one_that_waits_is_hastened_and_none_is_delayed() {
        let job = Progress::new(at(100), at(1000));
        assert!(job.hastened(at(50)).unwrap().is_due(at(50)));
        assert_eq!(job.hastened(at(200)), Some(job));
        assert_eq!(job.hastened(at(1000)), None);
        let (claimed, _) = job.claimed(at(100), at(220)).unwrap();
        assert_eq!(claimed.hastened(at(110)), None);
    }
}
