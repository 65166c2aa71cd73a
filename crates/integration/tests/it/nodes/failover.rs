//! A replica set that fails, under a storm of clients: what was acknowledged holds on every node, what was
//! revoked is refused, and nobody is signed out by an outage.
//!
//! `scripts/failover` plays the same for longer.

use std::time::Duration;

use integration::failover::{Failure, Plan, play};
use replica_set::SHORT_ELECTIONS;
use scratch_database::aloud;

/// The shortest time in which a client that tries again still gets the answer that was lost.
const GRACE: Duration = Duration::from_secs(2);

/// Without a majority for longer than that, with time for clients to have been answered 503 before.
const GAP: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_the_store_what_was_acknowledged_holds_on_every_node() {
    let plan = Plan {
        servers: 3,
        people: 16,
        election_timeout: SHORT_ELECTIONS,
        grace: GRACE,
        staleness: Duration::from_secs(3),
        calm: Duration::from_secs(2),
        seed: 12,
    };
    let Some(report) = play(&plan, Failure::each(GAP).into_iter()).await else {
        return;
    };
    aloud(&report.to_string());
    assert!(report.violations.is_empty(), "see above");
    // It was a storm.
    for kind in ["sign-up", "sign-in", "refresh", "logout"] {
        let acknowledged = report.acknowledged.get(kind).copied().unwrap_or_default();
        assert!(acknowledged > 10, "{kind}: {acknowledged}");
    }
    assert!(report.checks() > 100, "{}", report.checks());
}
