//! What was acknowledged to clients, and every time that it didn't hold.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::person::Session;

/// What clients were told, and what of it was broken.
#[derive(Debug)]
pub(super) struct Ledger {
    /// For how long after the acknowledgement a server that hasn't heard may take a revoked token.
    staleness: Duration,
    pages: Mutex<Pages>,
}

/// The pages of the ledger.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) revoked: Vec<Revoked>,
    /// Accounts whose deletion was acknowledged: name and password.
    pub(super) gone: Vec<(String, String)>,
    /// Acknowledged changes by kind.
    pub(super) acknowledged: BTreeMap<&'static str, usize>,
    pub(super) violations: Vec<String>,
    /// Checks of revoked tokens, by how they were answered.
    pub(super) checks: Checks,
    /// Passwords that were not checked, since too many tries weren't answered.
    pub(super) throttled: usize,
    failing: bool,
}

/// Answers to revoked tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checks {
    pub(super) refused: usize,
    pub(super) unavailable: usize,
    /// By a server that had not heard of it, within what it is allowed.
    pub(super) taken_within_bound: usize,
    /// The longest after the acknowledgement, while all was well and while it wasn't.
    pub(super) latest_in_calm: Duration,
    pub(super) latest_in_failure: Duration,
}

/// A session whose end was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Revoked {
    pub(super) session: Session,
    /// What ended it: `logout`.
    by: &'static str,
    since: Instant,
    /// The servers that refused it already.
    refused_by: Vec<usize>,
}

impl Ledger {
    pub(super) fn new(staleness: Duration) -> Self {
        Self {
            staleness,
            pages: Mutex::default(),
        }
    }

    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        // What is in there is whole after each step.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on something is wrong with the store, or nothing is.
    pub(super) fn failing(&self, failing: bool) {
        self.pages().failing = failing;
    }

    /// A change was acknowledged.
    pub(super) fn acknowledged(&self, kind: &'static str) {
        *self.pages().acknowledged.entry(kind).or_default() += 1;
    }

    /// The end of a session was acknowledged.
    pub(super) fn revoked(&self, by: &'static str, session: Session) {
        self.pages().revoked.push(Revoked {
            session,
            by,
            since: Instant::now(),
            refused_by: Vec::new(),
        });
    }

    /// Something that was acknowledged did not hold.
    pub(super) fn violation(&self, what: String) {
        self.pages().violations.push(what);
    }

    /// How many sessions were revoked so far.
    pub(super) fn count_revoked(&self) -> usize {
        self.pages().revoked.len()
    }

    /// A server was asked, with an access token of a revoked session: `status` is nothing when it couldn't
    /// say.
    pub(super) fn checked(&self, place: usize, server: usize, asked: Instant, status: Option<u16>) {
        let mut pages = self.pages();
        let pages = &mut *pages;
        let Some(revoked) = pages.revoked.get_mut(place) else {
            return;
        };
        let age = asked.saturating_duration_since(revoked.since);
        match status {
            Some(401) => {
                pages.checks.refused += 1;
                if !revoked.refused_by.contains(&server) {
                    revoked.refused_by.push(server);
                }
            }
            Some(200) if age <= self.staleness && !revoked.refused_by.contains(&server) => {
                pages.checks.taken_within_bound += 1;
                let latest = if pages.failing {
                    &mut pages.checks.latest_in_failure
                } else {
                    &mut pages.checks.latest_in_calm
                };
                *latest = age.max(*latest);
            }
            Some(status) => {
                let had = if revoked.refused_by.contains(&server) {
                    " (it had refused it before)"
                } else {
                    ""
                };
                pages.violations.push(format!(
                    "server {server} answered {status} to an access token {age:?} after the acknowledged {}{had}",
                    revoked.by
                ));
            }
            None => pages.checks.unavailable += 1,
        }
    }

    /// A server was asked with the refresh token of a revoked session, for which it reads the store: there
    /// is no delay.
    pub(super) fn checked_refresh(&self, place: usize, server: usize, status: Option<u16>) {
        let mut pages = self.pages();
        let pages = &mut *pages;
        match status {
            Some(401) => pages.checks.refused += 1,
            None => pages.checks.unavailable += 1,
            Some(status) => {
                let by = pages.revoked.get(place).map_or("end", |revoked| revoked.by);
                pages.violations.push(format!(
                    "server {server} answered {status} to a refresh token after the acknowledged {by}"
                ));
            }
        }
    }
}
