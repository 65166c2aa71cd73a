//! What a million revocations take: "max alloc", divided by a million.

use divan::AllocProfiler;
use jwt::revocation::{Entry, RevocationSet, Revoked};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = [0, 10_000, 1_000_000, 1_500_000], sample_count = 1)]
fn tokens(number: u32) -> RevocationSet {
    fill(number, Revoked::Token)
}

#[divan::bench(args = [1_000_000], sample_count = 1)]
fn users(number: u32) -> RevocationSet {
    fill(number, |id| Revoked::User {
        id,
        min_gen: 3,
        keep: None,
    })
}

fn fill(number: u32, subject: impl Fn(String) -> Revoked) -> RevocationSet {
    let set = RevocationSet::new();
    for number in 0..number {
        let entry = Entry {
            subject: subject(number.to_string()),
            expires: 1_700_001_200,
        };
        set.add(&entry);
    }
    set
}
