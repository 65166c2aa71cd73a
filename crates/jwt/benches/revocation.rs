//! What asking the set of revocations costs, with a million entries in it.

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use jwt::Claims;
use jwt::revocation::{Entry, Lookup, RevocationSet, Revoked};
use uuid::Uuid;

const NOW: u64 = 1_700_000_000;
const MILLION: usize = 1_000_000;
/// More tokens than fit into a processor's nearest caches.
const ASKED: usize = 1 << 16;

fn main() {
    divan::main();
}

/// A million revoked tokens, a thousand sessions and a thousand users.
static SET: LazyLock<RevocationSet> = LazyLock::new(|| {
    let set = RevocationSet::new();
    let expires = NOW + 1200;
    for _ in 0..MILLION {
        set.add(&Entry {
            subject: Revoked::Token(name()),
            expires,
        });
    }
    for _ in 0..1000 {
        set.add(&Entry {
            subject: Revoked::Session(name()),
            expires,
        });
        set.add(&Entry {
            subject: Revoked::whole_user(name()),
            expires,
        });
    }
    set
});

fn name() -> String {
    Uuid::new_v4().to_string()
}

fn claims() -> Vec<Claims> {
    let claims = || Claims::access(name(), name(), NOW, 900).with_session(name(), 7);
    (0..ASKED).map(|_| claims()).collect()
}

/// Reading three UUIDs, then looking them up.
#[divan::bench(threads = [1, 2])]
fn ask_by_claims(bencher: Bencher<'_, '_>) {
    let claims = claims();
    LazyLock::force(&SET);
    bencher.counter(ItemsCount::new(ASKED)).bench(|| {
        claims
            .iter()
            .filter(|claims| SET.is_revoked(claims))
            .count()
    });
}

/// Only the look-ups, as done on every use of a remembered token.
#[divan::bench(threads = [1, 2])]
fn ask_by_verified_token(bencher: Bencher<'_, '_>) {
    let lookups: Vec<_> = claims().iter().map(Lookup::of).collect();
    LazyLock::force(&SET);
    bencher
        .counter(ItemsCount::new(ASKED))
        .bench(|| lookups.iter().filter(|lookup| SET.holds(lookup)).count());
}

#[divan::bench]
fn ask_an_empty_set(bencher: Bencher<'_, '_>) {
    let set = RevocationSet::new();
    let claims = Claims::access(name(), name(), NOW, 900).with_session(name(), 7);
    bencher.bench_local(|| set.is_revoked(&claims));
}

#[divan::bench]
fn add(bencher: Bencher<'_, '_>) {
    let set = RevocationSet::new();
    bencher
        .with_inputs(|| Entry {
            subject: Revoked::Token(name()),
            expires: NOW + 1200,
        })
        .bench_local_refs(|entry| set.add(entry));
}

/// A sweep over a million entries of which none has expired.
#[divan::bench]
fn sweep_nothing(bencher: Bencher<'_, '_>) {
    LazyLock::force(&SET);
    bencher.bench_local(|| SET.sweep(NOW));
}

/// A sweep that forgets half of a million entries, one part after the other.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn sweep_half_a_million(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| {
            let set = RevocationSet::new();
            for number in 0..MILLION as u64 {
                set.add(&Entry {
                    subject: Revoked::Token(name()),
                    expires: NOW + number % 2,
                });
            }
            set
        })
        .bench_local_refs(|set| set.sweep(NOW));
}
