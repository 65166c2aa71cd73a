//! What was seen, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Storm;
use super::latency::{Outcome, Sample, Spell, percentile};
use super::ledger::Checks;

/// So many violations are told one by one.
const SHOWN: usize = 20;

/// What was seen.
#[derive(Clone, Debug)]
pub struct Report {
    /// Requests, those of the checks among them.
    pub requests: usize,
    /// Changes that were acknowledged, by kind.
    pub acknowledged: BTreeMap<&'static str, usize>,
    /// Whatever was acknowledged and did not hold, and whatever an honest client can't be answered.
    pub violations: Vec<String>,
    /// Sign-ins, and other proofs of a password, that were put off since tries that weren't answered count
    /// as failures.
    pub throttled: usize,
    checks: Checks,
    rows: Vec<Row>,
}

/// Answers to clients, in the times of one kind of failure or in none.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    times: usize,
    /// The longest time without an acknowledged change.
    without_service: Option<Duration>,
    requests: usize,
    unavailable: usize,
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Report {
    pub(super) fn of(storm: &Storm) -> Self {
        let seen = storm.asking.seen();
        let pages = storm.ledger.pages();
        let mut violations = pages.violations.clone();
        violations.extend(seen.internal.iter().cloned());
        Self {
            requests: seen.samples.len(),
            acknowledged: pages.acknowledged.clone(),
            violations,
            throttled: pages.throttled,
            checks: pages.checks,
            rows: rows(&seen.samples, &seen.failures),
        }
    }

    /// How often revoked tokens were tried.
    pub fn checks(&self) -> usize {
        self.checks.refused + self.checks.unavailable + self.checks.taken_within_bound
    }
}

fn rows(samples: &[Sample], failures: &[Spell]) -> Vec<Row> {
    let mut kinds: Vec<String> = failures
        .iter()
        .map(|spell| spell.failure.to_string())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let calm: Vec<_> = samples
        .iter()
        .filter(|sample| !failures.iter().any(|spell| spell.covers(sample)))
        .collect();
    let mut rows = vec![row("none", &calm, &[])];
    for kind in kinds {
        let is_it = |spell: &&Spell| spell.failure.to_string() == kind;
        let spells: Vec<Spell> = failures.iter().filter(is_it).copied().collect();
        let during: Vec<_> = samples
            .iter()
            .filter(|sample| spells.iter().any(|spell| spell.covers(sample)))
            .collect();
        let mut row = row(&kind, &during, &spells);
        let gaps = spells.iter().map(|spell| spell.without_service(samples));
        row.without_service = gaps.max();
        rows.push(row);
    }
    rows
}

fn row(name: &str, samples: &[&Sample], spells: &[Spell]) -> Row {
    let failed =
        |sample: &&&Sample| matches!(sample.outcome, Outcome::Unavailable | Outcome::Unanswered);
    let mut took: Vec<_> = samples.iter().map(|sample| sample.took).collect();
    took.sort_unstable();
    Row {
        name: name.to_owned(),
        times: spells.len(),
        without_service: None,
        requests: samples.len(),
        unavailable: samples.iter().filter(failed).count(),
        p50: percentile(&took, 50),
        p99: percentile(&took, 99),
        max: percentile(&took, 100),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "requests                {}", self.requests)?;
        writeln!(f, "acknowledged changes")?;
        for (kind, count) in &self.acknowledged {
            writeln!(f, "    {kind:<20}{count}")?;
        }
        let Checks {
            refused,
            unavailable,
            taken_within_bound,
            latest_in_calm,
            latest_in_failure,
        } = self.checks;
        writeln!(f, "checks of revoked tokens {}", self.checks())?;
        writeln!(f, "    refused (401)       {refused}")?;
        writeln!(f, "    can't say (503)     {unavailable}")?;
        writeln!(
            f,
            "    taken within bound  {taken_within_bound} (at most {} ms after the acknowledgement, {} ms while the store failed)",
            latest_in_calm.as_millis(),
            latest_in_failure.as_millis()
        )?;
        writeln!(f, "passwords put off (429) {}", self.throttled)?;
        writeln!(f, "violations              {}\n", self.violations.len())?;
        writeln!(
            f,
            "{:<26} {:>6} {:>9} {:>7} {:>8} {:>8} {:>8}  longest without an acknowledged change",
            "failure", "times", "requests", "503", "p50 ms", "p99 ms", "max ms"
        )?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for violation in self.violations.iter().take(SHOWN) {
            writeln!(f, "VIOLATION {violation}")?;
        }
        let more = self.violations.len().saturating_sub(SHOWN);
        if more > 0 {
            writeln!(f, "VIOLATION … and {more} more")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = self
            .without_service
            .map_or_else(String::new, |gap| format!("{:.1} s", gap.as_secs_f32()));
        write!(
            f,
            "{:<26} {:>6} {:>9} {:>7} {:>8} {:>8} {:>8}  {gap}",
            self.name,
            self.times,
            self.requests,
            self.unavailable,
            self.p50.as_millis(),
            self.p99.as_millis(),
            self.max.as_millis(),
        )
    }
}
