//! How long answers took, and how long there were none.

use std::time::Duration;

use super::failure::Failure;

/// What acknowledges no change.
const READINGS: [&str; 3] = ["me", "check", "ready"];

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Done.
    Done,
    /// Refused, for a reason.
    Refused,
    /// Answered that it can't be said now.
    Unavailable,
    /// Not answered.
    Unanswered,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Since the storm began.
    pub(super) at: Duration,
    pub(super) took: Duration,
    pub(super) kind: &'static str,
    pub(super) outcome: Outcome,
}

/// The time of one failure, until it was mended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) failure: Failure,
    pub(super) from: Duration,
    pub(super) to: Duration,
}

impl Outcome {
    pub(super) fn of(status: Option<u16>) -> Self {
        match status {
            None => Self::Unanswered,
            Some(200..400) => Self::Done,
            Some(400..500) => Self::Refused,
            Some(_) => Self::Unavailable,
        }
    }
}

impl Spell {
    pub(super) fn covers(&self, sample: &Sample) -> bool {
        let ended = sample.at + sample.took;
        sample.at <= self.to && ended >= self.from
    }

    /// The longest time, from when it began, without any change that was acknowledged.
    pub(super) fn without_service(&self, samples: &[Sample]) -> Duration {
        let changes = samples
            .iter()
            .filter(|sample| sample.outcome == Outcome::Done && !READINGS.contains(&sample.kind));
        let mut acknowledged: Vec<_> = changes
            .map(|sample| sample.at + sample.took)
            .filter(|at| *at >= self.from)
            .collect();
        acknowledged.push(self.from);
        acknowledged.sort_unstable();
        let gaps = acknowledged.windows(2).filter(|pair| pair[0] <= self.to);
        gaps.map(|pair| pair[1].saturating_sub(pair[0]))
            .max()
            .unwrap_or_default()
    }
}

/// The value that so many percent are not above.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100);
    let value = sorted.get(place.clamp(1, sorted.len().max(1)) - 1);
    value.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(at_millis: u64) -> Sample {
        Sample {
            at: Duration::from_millis(at_millis),
            took: Duration::ZERO,
            kind: "refresh",
            outcome: Outcome::Done,
        }
    }

    #[test]
    fn the_time_without_service_begins_with_the_failure_and_ends_with_an_acknowledgement() {
        let spell = Spell {
            failure: Failure::Killed,
            from: Duration::from_secs(1),
            to: Duration::from_secs(5),
        };
        let refused = Sample {
            outcome: Outcome::Unavailable,
            ..acknowledged(2000)
        };
        let samples = [900, 1100, 4100, 9000].map(acknowledged);
        let samples = [&samples[..], &[refused]].concat();
        // That it takes long after the failure has been mended counts, too.
        let gap = spell.without_service(&samples);
        assert_eq!(gap, Duration::from_millis(4900));
        let gap = spell.without_service(&samples[..3]);
        assert_eq!(gap, Duration::from_secs(3));
    }

    #[test]
    fn percentiles_of_nothing_and_of_something() {
        let durations: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&durations, 50), Duration::from_millis(100));
        assert_eq!(percentile(&durations, 99), Duration::from_millis(198));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
