//! One Argon2id hash against one of libsodium's with the same parameters, turn by turn.
//!
//! `benches/libsodium.sh` builds the other side and runs this.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use password::{Hasher, HasherConfig, Principal, Purpose};

const TURNS: usize = 101;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(peer) = std::env::var_os("LIBSODIUM_PEER") else {
        println!("run benches/libsodium.sh, which builds the side to compare with");
        return Ok(());
    };
    let mut peer = Command::new(peer)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut questions), Some(answers)) = (peer.stdin.take(), peer.stdout.take()) else {
        return Err("the peer has no pipes".into());
    };
    let mut answers = BufReader::new(answers).lines();

    let hasher = Hasher::new(HasherConfig::default().threads(1))?;
    let permit = hasher.admit(Purpose::SignIn, Principal::Name("alice".to_owned()))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let start = Instant::now();
        permit.hash("correct horse battery staple".into()).await?;
        ours.push(start.elapsed());

        writeln!(questions)?;
        let nanoseconds = answers.next().ok_or("the peer has ended")??;
        theirs.push(Duration::from_nanos(nanoseconds.parse()?));
    }
    drop(questions);
    peer.wait()?;

    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("here {ours:?}, libsodium {theirs:?}: {ratio:.2} of its time (medians of {TURNS})");
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
