//! Hits that are given back.

use super::*;

const STRATEGIES: [Strategy; 3] = [
    Strategy::FixedWindow,
    Strategy::MovingWindow,
    Strategy::SlidingWindowCounter,
];

fn refundable(amount: u64, strategy: Strategy, now: Timestamp) -> Hit {
    Hit {
        quota: Quota::per(amount, Unit::Hour),
        strategy,
        refundable: true,
        ..hit(1, now)
    }
}

#[test]
fn what_all_give_back_is_there_again_however_many_were_refused_meanwhile() {
    for strategy in STRATEGIES {
        let store = MemoryStore::default();
        let hit = refundable(20, strategy, START);
        let usages: Vec<_> = (0..60).map(|_| store.hit(&hit)).collect();
        let admitted = || usages.iter().filter(|usage| usage.allowed);
        assert_eq!(admitted().count(), 20, "{strategy}");
        for usage in admitted() {
            store.give_back(&hit, usage);
        }
        let again = (0..60).filter(|_| store.hit(&hit).allowed).count();
        assert_eq!(again, 20, "{strategy}");
    }
}

#[test]
fn nothing_is_given_back_to_a_later_window() {
    for strategy in STRATEGIES {
        let store = MemoryStore::default();
        let early = refundable(3, strategy, START);
        let usage = store.hit(&early);
        // Where windows go by the clock the one before still has weight an hour later.
        let later = refundable(3, strategy, START.after(Duration::from_hours(3)));
        for _ in 0..3 {
            assert!(store.hit(&later).allowed, "{strategy}");
        }
        store.give_back(&early, &usage);
        assert!(!store.hit(&later).allowed, "{strategy}");
    }
}

#[test]
fn a_hit_that_a_clock_put_back_has_counted_later_than_its_own_time_is_given_back() {
    for strategy in STRATEGIES {
        let store = MemoryStore::default();
        let ahead = refundable(3, strategy, START.after(Duration::from_secs(10)));
        assert!(store.hit(&ahead).allowed, "{strategy}");
        let put_back = refundable(3, strategy, START);
        for _ in 0..5 {
            let usage = store.hit(&put_back);
            assert!(usage.allowed, "{strategy}");
            store.give_back(&put_back, &usage);
        }
        let left = store.hit(&put_back).remaining;
        assert_eq!(
            left, 1,
            "{strategy}: the hit of before the change counts on"
        );
    }
}

proptest! {
    /// Hits that were given back at once leave no trace in later answers.
    #[test]
    fn a_hit_that_was_given_back_is_as_if_it_had_never_been(
        steps in proptest::collection::vec((0u64..1500, 1u32..4, any::<bool>()), 1..100),
    ) {
        for strategy in STRATEGIES {
            let (mut all, mut kept) = (State::new(strategy), State::new(strategy));
            let mut now = START;
            for (seconds, cost, given_back) in &steps {
                now = now.after(Duration::from_secs(*seconds));
                let hit = Hit { cost: *cost, ..refundable(7, strategy, now) };
                let usage = all.charge(&hit);
                if *given_back {
                    if usage.allowed {
                        all.give_back(&hit, &usage);
                    }
                } else {
                    prop_assert_eq!(usage, kept.charge(&hit), "{}", strategy);
                }
            }
        }
    }
}
