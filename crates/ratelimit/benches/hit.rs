//! What one check costs with a million keys in memory, and what a million keys take.
//!
//! `cargo bench -p portcullis-ratelimit`

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
};

use divan::{AllocProfiler, Bencher, black_box, counter::BytesCount};
use ratelimit::{
    Call, Capacity, Hit, Key, KeyHasher, Limit, Limits, Mark, MemoryStore, Principal, Quota,
    Quotas, Strategy, Timestamp, TrustedProxies, Unit,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const MILLION: u32 = 1_000_000;
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const STRATEGIES: [Strategy; 3] = [
    Strategy::FixedWindow,
    Strategy::MovingWindow,
    Strategy::SlidingWindowCounter,
];

fn main() {
    divan::main();
}

/// An odd step through all numbers below a million: neighbours in time are none in memory.
fn next() -> u32 {
    static STEP: AtomicU32 = AtomicU32::new(0);
    STEP.fetch_add(7919, Ordering::Relaxed) % MILLION
}

fn hit(number: u32, strategy: Strategy) -> Hit {
    let both = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let quota = Quota::per(20, Unit::Hour);
    Hit {
        key: Key::from_bytes(both.to_le_bytes()),
        quota,
        strategy,
        cost: 1,
        charge: true,
        refundable: false,
        now: NOW,
    }
}

fn filled(keys: usize, strategy: Strategy) -> MemoryStore {
    let store = MemoryStore::new(Capacity::keys(keys));
    for number in 0..MILLION {
        store.hit(&hit(number, strategy));
    }
    store
}

/// One hit on one of a million keys, in random order.
#[divan::bench(args = STRATEGIES, sample_size = 10_000)]
fn one_of_a_million_keys(bencher: Bencher<'_, '_>, strategy: Strategy) {
    let store = filled(2_000_000, strategy);
    bencher.bench(|| store.hit(black_box(&hit(next(), strategy))));
}

/// One hit on the same key again and again.
#[divan::bench(args = STRATEGIES)]
fn the_same_key(bencher: Bencher<'_, '_>, strategy: Strategy) {
    let store = MemoryStore::default();
    bencher.bench(|| store.hit(black_box(&hit(1, strategy))));
}

/// A key that was never seen, where one of a million has to go for it.
#[divan::bench(sample_size = 10_000)]
fn a_new_key_when_full(bencher: Bencher<'_, '_>) {
    static NEW: AtomicU32 = AtomicU32::new(MILLION);
    let store = filled(1_000_000, Strategy::FixedWindow);
    bencher.bench(|| {
        let number = NEW.fetch_add(1, Ordering::Relaxed);
        store.hit(black_box(&hit(number, Strategy::FixedWindow)))
    });
}

/// A limit per day and one per hour, for one of so many addresses: keys, both counters, the decision.
#[divan::bench(args = [1, MILLION], sample_size = 10_000)]
fn check_of_two_limits(bencher: Bencher<'_, '_>, addresses: u32) {
    let quotas = [Unit::Day, Unit::Hour].map(|unit| Quota::per(1_000_000_000, unit));
    let limits = Limits::new(
        MemoryStore::new(Capacity::keys(4_000_000)),
        KeyHasher::random(),
    )
    .with_default(Limit::new(Quotas::from_iter(quotas)));
    let check = |number: u32| {
        let call = Call {
            caller: Principal::Address(Ipv4Addr::from_bits(number).into()),
            route: Some("/api/v1/login"),
            method: "POST",
            cost: 1,
            refundable: false,
            now: NOW,
        };
        poll_now(limits.check(&call))
    };
    for number in 0..addresses {
        check(number);
    }
    bencher.bench(|| check(black_box(next() % addresses)));
}

/// Memory after a million keys: `max alloc` and the bytes that stay.
#[divan::bench(args = STRATEGIES, sample_count = 1, sample_size = 1)]
fn fill_with_a_million_keys(bencher: Bencher<'_, '_>, strategy: Strategy) {
    bencher
        .counter(BytesCount::new(100 * MILLION))
        .bench(|| filled(1_100_000, strategy));
}

/// What a write-behind task does once a second when nothing, and when a thousand keys changed.
#[divan::bench(args = [0, 1000])]
fn changes_among_a_million_keys(bencher: Bencher<'_, '_>, changed: u32) {
    let store = filled(1_100_000, Strategy::FixedWindow);
    let mark = std::cell::Cell::new(store.changes(Mark::default(), drop));
    bencher
        .with_inputs(|| {
            for number in 0..changed {
                store.hit(&hit(number, Strategy::FixedWindow));
            }
        })
        .bench_local_values(|()| {
            mark.set(store.changes(mark.get(), |batch| drop(black_box(batch))));
        });
}

/// Ten million keys that come once against the room of the default, and a thousand that stay exact
/// throughout: it panics if one isn't.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn ten_million_keys_and_a_thousand_hot_ones(bencher: Bencher<'_, '_>) {
    let strategy = Strategy::FixedWindow;
    bencher.bench(|| {
        let store = MemoryStore::default();
        let mut asked = 0;
        for number in 0..10 * MILLION {
            // Some hundred thousand others come between two hits on a hot key.
            if number % 200_000 == 0 {
                asked += 1;
                for hot in 0..1000 {
                    let quota = Quota::per(1000, Unit::Day);
                    let usage = store.hit(&Hit {
                        quota,
                        ..hit(hot, strategy)
                    });
                    assert_eq!(usage.remaining, 1000 - asked, "hot key {hot} was lost");
                }
            }
            store.hit(&hit(MILLION + number, strategy));
        }
        assert!(store.len() <= 1_000_000, "{}", store.len());
        store
    });
}

/// The longest that one step of a sweep or a copy can hold a lock: a shard's worth of keys.
#[divan::bench]
fn copy_of_one_full_shard(bencher: Bencher<'_, '_>) {
    let store = MemoryStore::new(Capacity::keys(8192));
    for number in 0..8192 {
        store.hit(&hit(number, Strategy::FixedWindow));
    }
    bencher.bench(|| store.changes(Mark::default(), |batch| drop(black_box(batch))));
}

#[divan::bench(args = ["", "203.0.113.9", "1.1.1.1, 203.0.113.9, 10.0.0.2, 10.0.0.3"])]
fn client_address(bencher: Bencher<'_, '_>, forwarded: &str) {
    let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap_or_default();
    let mut headers = http::HeaderMap::new();
    if let (false, Ok(value)) = (forwarded.is_empty(), forwarded.parse()) {
        headers.insert("x-forwarded-for", value);
    }
    let peer = Ipv4Addr::new(10, 0, 0, 1).into();
    bencher.bench(|| proxies.client(black_box(peer), black_box(&headers)));
}

/// Polls a future that needs no waiting.
fn poll_now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
