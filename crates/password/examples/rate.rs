//! How many passwords one thread hashes in a second, and nothing else: the peer of `scripts/bench` for
//! sign-ins. Takes the seconds to measure.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "this measures time and tells it"
)]

use std::time::{Duration, Instant};

use password::{Params, hash, verify};
use secret::Secret;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let password = Secret::from("correct horse battery staple");
    let params = Params::default();
    let stored = hash(&password, &params)?;
    let (start, bound) = (Instant::now(), Duration::from_secs(seconds));
    let mut done = 0_u32;
    while start.elapsed() < bound {
        assert!(verify(&password, &stored, &params).is_match());
        done += 1;
    }
    println!("{:.2}", f64::from(done) / start.elapsed().as_secs_f64());
    Ok(())
}
