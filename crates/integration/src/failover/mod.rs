//! Servers on a replica set of MongoDB that fails, and a storm of honest clients meanwhile: what was
//! acknowledged is checked on every server.
//!
//! The test in `tests/it/nodes/failover.rs` plays each failure once, with short elections;
//! `scripts/failover MINUTES` plays them at random with MongoDB's own.

mod asking;
mod audit;
mod failure;
mod latency;
mod ledger;
mod person;
mod report;
mod sentry;
mod servers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::{Rng as _, SeededRng};
use replica_set::ReplicaSet;
use tokio::task::JoinSet;
use tokio::time::Instant;

use asking::{Asking, Question, Reply};
use ledger::Ledger;
use person::Person;
use servers::Servers;

pub use failure::Failure;
pub use report::Report;

/// What is played.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Servers of ours.
    pub servers: usize,
    /// People who act at the same time.
    pub people: usize,
    /// How long a primary may be silent before another is elected.
    pub election_timeout: Duration,
    /// `PORTCULLIS_REFRESH_GRACE`.
    pub grace: Duration,
    /// `PORTCULLIS_REVOCATION_MAX_STALENESS`.
    pub staleness: Duration,
    /// How long all is well between two failures.
    pub calm: Duration,
    /// What people do, and when, comes from this.
    pub seed: u64,
}

/// What everybody in the storm knows.
#[derive(Debug)]
struct Storm {
    asking: Asking,
    ledger: Ledger,
    rng: SeededRng,
    stopping: AtomicBool,
}

/// Plays the failures one after the other under a storm of clients, checks everything, and says what
/// was seen. Nothing where there is no MongoDB to start.
pub async fn play(plan: &Plan, failures: impl Iterator<Item = Failure>) -> Option<Report> {
    let members = 3;
    let mut set = ReplicaSet::start(members, plan.election_timeout).await?;
    let servers = Servers::start(plan, &set.uri("portcullis")).await;
    let storm = Arc::new(Storm {
        asking: Asking::new(servers.urls.clone()),
        ledger: Ledger::new(plan.staleness),
        rng: SeededRng::new(plan.seed),
        stopping: AtomicBool::new(false),
    });
    let mut people = JoinSet::new();
    for _ in 0..plan.people {
        people.spawn(person::live(Arc::clone(&storm)));
    }
    let sentry = tokio::spawn(sentry::watch(Arc::clone(&storm)));

    tokio::time::sleep(plan.calm).await;
    for failure in failures {
        let begun = Instant::now();
        storm.ledger.failing(true);
        failure.play(&mut set, plan.election_timeout).await;
        storm.ledger.failing(false);
        storm.asking.note_failure(failure, begun);
        tokio::time::sleep(plan.calm).await;
    }

    storm.stopping.store(true, Ordering::SeqCst);
    let people: Vec<Person> = people.join_all().await.into_iter().flatten().collect();
    sentry.await.expect("the sentry comes to its end");
    // By then every server has heard of what was acknowledged last, or refuses everything.
    tokio::time::sleep(plan.staleness).await;
    audit::every_server(&storm, &people).await;
    let report = Report::of(&storm);
    if !report.violations.is_empty() {
        servers.keep_logs();
    }
    Some(report)
}

impl Storm {
    fn stops(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Something that was acknowledged did not hold.
    fn violation(&self, what: &str) {
        let at = self.asking.elapsed().as_secs_f32();
        self.ledger.violation(format!("{at:.1} s: {what}"));
    }

    /// An answer that an honest client can't get while every promise holds.
    fn unexpected(&self, question: &Question, reply: &Reply) {
        let Reply {
            status,
            code,
            server,
            unanswered,
            ..
        } = reply;
        let kind = question.kind;
        self.violation(&format!(
            "{kind}: server {server} answered {status} {code} after {unanswered} tries without an answer"
        ));
    }

    /// Nothing was checked, since tries that weren't answered count as wrong passwords.
    fn throttled(&self) {
        self.ledger.pages().throttled += 1;
    }

    /// A number below `bound`.
    fn below(&self, bound: usize) -> usize {
        below(&self.rng, bound)
    }

    /// Waits as long as people do between two clicks.
    async fn pause(&self, from_millis: usize, to_millis: usize) {
        let millis = from_millis + self.below(to_millis - from_millis);
        tokio::time::sleep(Duration::from_millis(millis as u64)).await;
    }
}

fn below(rng: &SeededRng, bound: usize) -> usize {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    let bound = u64::try_from(bound).unwrap_or(u64::MAX);
    usize::try_from(u64::from_le_bytes(bytes) % bound).unwrap_or_default()
}
