//! Lines of dependencies: so many a minute of each.
//!
//! What they warn of is mostly what a client did, at every one of thousands of connections if it likes. Lines
//! at `debug` and `trace` are not counted: nobody gets them who hasn't asked for them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one dependency in a minute.
const A_MINUTE: u32 = 10;

/// What isn't a dependency, by the first part of its targets.
const OURS: &[&str] = &[
    "account",
    "cli",
    "config",
    "csrf",
    "factors",
    "headers",
    "jwt",
    "mail",
    "model",
    "password",
    "private_files",
    "problem",
    "ratelimit",
    "secret",
    "server",
    "storage",
    "storage_mongodb",
    "storage_sqlite",
    "texts",
];

/// Counts the lines of dependencies.
#[derive(Debug)]
pub(super) struct Capped {
    began: Instant,
    counts: Mutex<HashMap<&'static str, Count>>,
}

#[derive(Debug, Default)]
struct Count {
    minute: u64,
    written: u32,
    left_out: u64,
}

impl Default for Capped {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            counts: Mutex::default(),
        }
    }
}

impl Capped {
    /// Says what was left out in minutes that are over.
    pub(super) fn tell(&self) {
        self.tell_before(self.minute());
    }

    /// Says what was left out up to now: nobody will later.
    pub(super) fn tell_all(&self) {
        self.tell_before(u64::MAX);
    }

    fn tell_before(&self, minute: u64) {
        for (dependency, lines) in self.left_out(minute) {
            tracing::warn!(dependency, lines, "lines of a dependency were left out");
        }
    }

    fn left_out(&self, minute: u64) -> Vec<(&'static str, u64)> {
        let mut counts = self.counts();
        let over = counts
            .iter_mut()
            .filter(|(_, count)| count.minute < minute && count.left_out > 0);
        over.map(|(dependency, count)| (*dependency, std::mem::take(&mut count.left_out)))
            .collect()
    }

    /// Whether one more line of a dependency may be written.
    fn admits(&self, target: &'static str, minute: u64) -> bool {
        let mut counts = self.counts();
        let count = counts.entry(first_part(target)).or_default();
        if count.minute != minute {
            (count.minute, count.written) = (minute, 0);
        }
        let admitted = count.written < A_MINUTE;
        if admitted {
            count.written += 1;
        } else {
            count.left_out += 1;
        }
        admitted
    }

    fn minute(&self) -> u64 {
        self.began.elapsed().as_secs() / 60
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<&'static str, Count>> {
        // The counts are whole after each step.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Filter<S> for Capped {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_counted(metadata) {
            Interest::sometimes()
        } else {
            Interest::always()
        }
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        !is_counted(metadata) || self.admits(metadata.target(), self.minute())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE) // it leaves no level out
    }
}

fn is_counted(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO && !OURS.contains(&first_part(metadata.target()))
}

fn first_part(target: &str) -> &str {
    target.split("::").next().unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_ours_is_known() {
        let workspace = include_str!("../../../../Cargo.toml");
        let crates = workspace.lines().filter_map(|line| {
            let (name, _) = line.split_once(" = { package = \"portcullis-")?;
            Some(name)
        });
        let for_tests = [
            "faulty-network",
            "replica-set",
            "scratch-database",
            "smtp-testing",
            "storage-testing",
        ];
        for name in crates.filter(|name| !for_tests.contains(name)) {
            assert!(OURS.contains(&&*name.replace('-', "_")), "{name}");
        }
    }

    #[test]
    fn a_dependency_writes_so_many_lines_a_minute_and_what_is_left_out_is_told() {
        let capped = Capped::default();
        let admitted = |target, minute| (0..25).filter(|_| capped.admits(target, minute)).count();
        assert_eq!(admitted("h2::proto::ping_pong", 0), 10);
        assert_eq!(admitted("h2::codec", 0), 0, "it is one dependency");
        assert_eq!(admitted("hyper", 0), 10);
        assert_eq!(capped.left_out(0), [], "the minute isn't over");
        let mut told = capped.left_out(1);
        told.sort_unstable();
        assert_eq!(told, [("h2", 40), ("hyper", 15)]);
        assert_eq!(capped.left_out(1), [], "it is told once");
        assert_eq!(admitted("h2::codec", 1), 10);
    }
}
