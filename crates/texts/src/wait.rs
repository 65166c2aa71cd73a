//! How long something takes, in words.

use std::time::Duration;

use crate::{Language, Texts};

/// The units and how many seconds they have, the largest first.
const UNITS: [(&str, u64); 4] = [
    ("wait-days", 24 * 60 * 60),
    ("wait-hours", 60 * 60),
    ("wait-minutes", 60),
    ("wait-seconds", 1),
];

impl Texts {
    /// `1 minute and 30 seconds`, `2 hours`: in two units at most, and rounded up, so that whoever waits so long has
    /// waited long enough.
    pub fn wait(&self, language: &Language, wait: Duration) -> String {
        let seconds = wait
            .as_secs()
            .saturating_add(u64::from(wait.subsec_nanos() > 0));
        let seconds = rounded(seconds.max(1));
        let mut rest = seconds;
        let counts = UNITS.map(|(key, unit)| {
            let count = rest / unit;
            rest %= unit;
            (key, count)
        });
        let mut said = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| self.say(language, key, &[("count", count.into())]));
        let first = said.next().unwrap_or_default();
        match said.next() {
            None => first,
            Some(second) => {
                let parts = [("first", (&first).into()), ("second", (&second).into())];
                self.say(language, "wait-and", &parts)
            }
        }
    }
}

/// Up to the unit below the largest one that it has.
fn rounded(seconds: u64) -> u64 {
    let largest = UNITS.iter().position(|(_, unit)| seconds >= *unit);
    let below = largest.and_then(|largest| UNITS.get(largest + 1));
    let finest = below.map_or(1, |(_, unit)| *unit);
    seconds.div_ceil(finest).saturating_mul(finest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_two_units_at_most_and_never_too_short() {
        let texts = Texts::load(None).unwrap();
        let english = texts.english();
        for (millis, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (1_001, "2 seconds"),
            (60_000, "1 minute"),
            (90_000, "1 minute and 30 seconds"),
            (3_599_001, "1 hour"),
            (3_600_000, "1 hour"),
            (3_661_000, "1 hour and 2 minutes"),
            (7_200_000, "2 hours"),
            (86_400_000, "1 day"),
            (86_399_999, "1 day"),
            (90_000_000, "1 day and 1 hour"),
            (604_800_000, "7 days"),
        ] {
            let said = texts.wait(&english, Duration::from_millis(millis));
            assert_eq!(said, words, "{millis} ms");
        }
        texts.wait(&english, Duration::MAX);
    }
}
