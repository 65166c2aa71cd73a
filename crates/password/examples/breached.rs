//! How long looking a password up takes, on a list that is made up of as many as the first argument says (10 million).
//!
//!     cargo run --release -p portcullis-password --example breached

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example measures, prints, and ends where something fails"
)]

use std::io::{BufReader, Read};
use std::time::{Duration, Instant};

use password::{BreachedList, ListBuilder};
use secret::Secret;

const LOOKS: u32 = 100_000;

/// Lines of made-up hashes, which are not in memory at once.
struct Lines {
    left: u64,
    state: u64,
    line: Vec<u8>,
}

impl Lines {
    fn random(&mut self) -> u64 {
        // SplitMix64: even, which is all that a hash has to be here.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.line.is_empty() && self.left > 0 {
            self.left -= 1;
            let hash = self.random();
            self.line = format!("{hash:016X}{:024X}:1\n", 0).into_bytes();
        }
        let read = self.line.len().min(buffer.len());
        buffer[..read].copy_from_slice(&self.line[..read]);
        self.line.drain(..read);
        Ok(read)
    }
}

fn main() {
    let count = std::env::args()
        .nth(1)
        .map_or(10_000_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breached.list");
    let lines = Lines {
        left: count,
        state: 7,
        line: Vec::new(),
    };
    let began = Instant::now();
    let mut progress = |_| {};
    let mut builder = ListBuilder::new(&path, 1, &mut progress).unwrap();
    builder
        .add_lines(BufReader::new(lines), "made up", "")
        .unwrap();
    let count = builder.finish().unwrap();
    println!("built of {count} hashes in {:.1?}", began.elapsed());

    let began = Instant::now();
    let list = BreachedList::open(&path).unwrap();
    println!("opened in {:.1?}", began.elapsed());

    let mut took: Vec<Duration> = (0..LOOKS)
        .map(|number| {
            let password = Secret::from(format!("correct horse {number}"));
            let began = Instant::now();
            assert!(!list.contains(&password).unwrap());
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!(
        "looked up {LOOKS} times: median {:.1?}, p99 {:.1?}, slowest {:.1?}",
        at(50),
        at(99),
        at(100)
    );
}
