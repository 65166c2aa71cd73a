//! What is told for a lasting store, and what comes back.

use super::*;

/// A store of several shards, each with room for few keys.
fn small() -> MemoryStore {
    MemoryStore {
        shards: (0..4).map(|_| Mutex::new(Shard::new(12, 100))).collect(),
        round: AtomicU32::new(1),
    }
}

/// All of a round.
fn round(backlog: &mut Backlog, store: &MemoryStore) -> Vec<Entry> {
    backlog.begin(store, Worth::Once);
    let steps = std::iter::from_fn(|| backlog.step(store));
    steps.flat_map(|(_, entries)| entries).collect()
}

fn all(store: &MemoryStore) -> Vec<Entry> {
    let mut all = Vec::new();
    store.changes(Mark::default(), |batch| all.extend(batch));
    all
}

#[test]
fn changes_are_told_once_and_restored_elsewhere() {
    let store = MemoryStore::default();
    let told = |mark| {
        let mut all = Vec::new();
        let next = store.changes(mark, |batch| all.extend(batch));
        (next, all)
    };
    for number in 0..100 {
        store.hit(&hit(number, START));
    }
    let (mark, all) = told(Mark::default());
    assert_eq!(all.len(), 100);
    let (mark, none) = told(mark);
    assert!(none.is_empty());

    store.hit(&hit(7, START));
    let (mark, one) = told(mark);
    assert_eq!(
        one.iter().map(|entry| entry.key).collect::<Vec<_>>(),
        [key(7)]
    );
    // What moved within the store when another key left it did not change.
    store.clear(key(3));
    assert!(told(mark).1.is_empty());

    let restarted = MemoryStore::default();
    for entry in all.into_iter().chain(one) {
        let state = State::from_bytes(&entry.state.to_bytes()).unwrap();
        restarted.restore(Entry { state, ..entry }, START);
    }
    assert_eq!(restarted.hit(&hit(8, START)).remaining, 18);

    let entry = Entry {
        worth: Worth::Once,
        key: key(1000),
        expires: START,
        state: State::new(Strategy::FixedWindow),
    };
    assert!(!restarted.restore(entry, START));
}

#[test]
fn a_key_that_moved_is_told_if_it_changed() {
    let store = MemoryStore::new(Capacity::keys(1000));
    for number in 0..130 {
        store.hit(&hit(number, START));
    }
    let mark = store.changes(Mark::default(), |_| ());
    store.hit(&hit(129, START));
    store.clear(key(0));
    let mut changed = Vec::new();
    store.changes(mark, |batch| changed.extend(batch));
    assert_eq!(
        changed.iter().map(|entry| entry.key).collect::<Vec<_>>(),
        [key(129)]
    );
}

#[test]
fn the_worthiest_are_told_first_and_a_round_goes_on_where_it_was() {
    let store = MemoryStore::new(Capacity::keys(100_000));
    for number in 0..1000 {
        store.hit(&hit(number, START));
    }
    for (number, hits) in [(2000, 20), (2001, 4), (2002, 2)] {
        for _ in 0..hits {
            store.hit(&hit(number, START));
        }
    }
    let mut backlog = Backlog::default();
    let told = round(&mut backlog, &store);
    let first: Vec<_> = told.iter().map(|entry| (entry.key, entry.worth)).collect();
    let expected = [
        (key(2000), Worth::Exhausted),
        (key(2001), Worth::Often),
        (key(2002), Worth::Again),
    ];
    assert_eq!((&first[..3], first.len()), (&expected[..], 1003));
    assert!(round(&mut backlog, &store).is_empty());

    // A flood that no round comes to the end of holds up no exhausted key.
    for number in 3000..4000 {
        store.hit(&hit(number, START));
    }
    backlog.begin(&store, Worth::Once);
    let mut once = 0;
    while once < 300 {
        let (worth, entries) = backlog.step(&store).unwrap();
        assert!(worth == Worth::Once || entries.is_empty());
        once += entries.len();
    }
    store.hit(&hit(2000, START));
    let rest = round(&mut backlog, &store);
    assert_eq!((rest[0].key, rest[0].worth), (key(2000), Worth::Exhausted));
    assert_eq!(once + rest.len(), 1001);
}

#[test]
fn a_copy_from_before_a_round_tells_it_again() {
    let store = small();
    store.hit(&hit(1, START));
    let mut backlog = Backlog::default();
    let before = backlog;
    let told = round(&mut backlog, &store);
    backlog = before;
    assert_eq!(told.len(), 1);
    assert_eq!(round(&mut backlog, &store), told);
}

#[test]
fn a_restored_key_is_as_hard_to_push_out_as_before() {
    let store = MemoryStore::new(Capacity::keys(1000));
    for (number, hits) in [(0, 21), (1, 20), (2, 5)] {
        for _ in 0..hits {
            store.hit(&hit(number, START));
        }
    }
    let restarted = MemoryStore::new(Capacity::keys(1000));
    for entry in all(&store) {
        assert!(restarted.restore(entry, START));
    }
    let worths = |store| -> HashMap<_, _> {
        let entries = all(store).into_iter();
        entries.map(|entry| (entry.key, entry.worth)).collect()
    };
    assert_eq!(worths(&restarted), worths(&store));
    for number in 10..30_000 {
        restarted.hit(&hit(number, START));
    }
    assert!(!restarted.hit(&hit(0, START)).allowed);
    assert!(!restarted.hit(&hit(1, START)).allowed);
}

#[test]
fn what_is_restored_takes_no_place_of_what_is_known() {
    let store = MemoryStore::new(Capacity::keys(100));
    for number in 0..200 {
        let entry = Entry {
            key: key(number),
            expires: START.after(Duration::from_hours(1)),
            worth: Worth::Exhausted,
            state: State::new(Strategy::FixedWindow),
        };
        assert_eq!(store.restore(entry, START), number < 100);
    }
    assert!(store.contains(key(0)) && !store.contains(key(100)));
}

#[test]
fn a_count_that_was_restored_late_is_added_and_told() {
    let old = small();
    for _ in 0..15 {
        old.hit(&hit(1, START));
    }
    let store = small();
    for _ in 0..3 {
        store.hit(&hit(1, START.after(Duration::from_secs(9))));
    }
    let mut backlog = Backlog::since(store.next_round());
    for entry in all(&old) {
        assert!(store.restore(entry, START));
    }
    assert_eq!(round(&mut backlog, &store).len(), 1);
    let usage = store.hit(&hit(1, START.after(Duration::from_secs(10))));
    assert_eq!(usage.remaining, 1);
    assert_eq!(usage.reset, START.after(Duration::from_hours(1)));
}

proptest! {
    /// However rounds are broken off, and worth comes and goes: what was told last of a key is what is
    /// known of it.
    #[test]
    fn nothing_that_changed_is_left_out(
        steps in proptest::collection::vec((0u64..90, any::<u8>()), 1..600),
    ) {
        let store = small();
        let mut backlog = Backlog::default();
        let mut told = HashMap::new();
        for (number, what) in steps {
            match what {
                0..20 => backlog.begin(&store, Worth::DESCENDING[usize::from(what) % 4]),
                20..90 => {
                    for entry in backlog.step(&store).into_iter().flat_map(|(_, entries)| entries) {
                        told.insert(entry.key, entry);
                    }
                }
                90..95 => store.clear(key(number)),
                _ => drop(store.hit(&hit(if what < 200 { number } else { number % 5 }, START))),
            }
        }
        for entry in round(&mut backlog, &store) {
            told.insert(entry.key, entry);
        }
        for entry in all(&store) {
            let last = told.get(&entry.key);
            prop_assert_eq!(last.map(|last| &last.state), Some(&entry.state));
        }
        prop_assert!(round(&mut backlog, &store).is_empty());
    }

    #[test]
    fn what_is_counted_apart_and_added_counts_as_one(
        gaps in proptest::collection::vec((0u64..60, 0u32..4), 1..50),
        split in 0usize..50,
    ) {
        let quota = Quota::per(10_000, Unit::Hour);
        for strategy in [Strategy::FixedWindow, Strategy::MovingWindow, Strategy::SlidingWindowCounter] {
            let mut now = START;
            let (mut one, mut later) = (State::new(strategy), State::new(strategy));
            let mut earlier = State::new(strategy);
            for (step, (seconds, cost)) in gaps.iter().enumerate() {
                now = now.after(Duration::from_secs(*seconds));
                one.hit(quota, *cost, now);
                let part = if step < split { &mut earlier } else { &mut later };
                part.hit(quota, *cost, now);
            }
            earlier.add(&later);
            prop_assert_eq!(earlier.test(quota, 1, now), one.test(quota, 1, now), "{}", strategy);
        }
    }
}
