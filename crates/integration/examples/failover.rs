//! Servers on a replica set that fails at random, for as long as you like: see `scripts/failover`.
//!
//! The failures, and what clients do meanwhile, come from a seed, which is printed. Elections take as long
//! as MongoDB lets them, and our settings are the usual ones. Exit code 1: something that was acknowledged
//! did not hold, or an honest client was signed out.

#![allow(clippy::print_stdout, reason = "it prints what it sees")]

use std::process::ExitCode;
use std::time::Duration;

use integration::failover::{Failure, Plan, play};
use model::{Rng as _, SystemRng};
use replica_set::USUAL_ELECTIONS;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let Some(Ok(minutes)) = arguments.next() else {
        eprintln!("usage: failover MINUTES [SEED]");
        return ExitCode::from(2);
    };
    let seed = match arguments.next() {
        Some(Ok(seed)) => seed,
        _ => any_seed(),
    };
    println!("seed {seed}");
    let plan = Plan {
        servers: 3,
        people: 40,
        election_timeout: USUAL_ELECTIONS,
        grace: Duration::from_secs(10),
        staleness: Duration::from_secs(30),
        calm: Duration::from_secs(8),
        seed,
    };
    let failures = Failure::at_random(seed, Duration::from_mins(minutes));
    let Some(report) = play(&plan, failures).await else {
        return ExitCode::FAILURE;
    };
    print!("{report}");
    if report.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn any_seed() -> u64 {
    let mut bytes = [0; 4];
    SystemRng.fill(&mut bytes);
    u32::from_le_bytes(bytes).into()
}
