//! How many passwords one thread hashes in a second, in memory that it keeps, and nothing else: the peer
//! of `scripts/bench` for sign-ins. Takes the seconds to measure.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "this measures time and tells it"
)]

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let params = Params::new(19_456, 2, 1, Some(32))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    let (start, bound) = (Instant::now(), Duration::from_secs(seconds));
    let mut done = 0_u32;
    while start.elapsed() < bound {
        let password = b"correct horse battery staple";
        argon2.hash_password_into_with_memory(password, &[7; 16], &mut tag, &mut memory)?;
        done += 1;
    }
    println!("{:.2}", f64::from(done) / start.elapsed().as_secs_f64());
    Ok(())
}
