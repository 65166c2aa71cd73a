use super::*;

const START: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

/// A budget with a clock, as a backend keeps it.
#[derive(Clone, Default)]
struct Kept {
    budget: Option<Budget>,
    seconds: i64,
}

impl Kept {
    fn reserve(&mut self) -> Result<Reservation, Refusal> {
        let (budget, reservation) = reserve(self.budget, at(self.seconds))?;
        self.budget = Some(budget);
        Ok(reservation)
    }

    /// Fails at once, and again after each wait, until there were `count` failures.
    fn fail(&mut self, count: u32) {
        for _ in 0..count {
            while let Err(refusal) = self.reserve().map(drop) {
                match refusal {
                    Refusal::Wait(wait) => self.seconds += i64::try_from(wait.as_secs()).unwrap(),
                    Refusal::Locked => panic!("locked"),
                }
            }
        }
    }

    fn give_back(&mut self, reservation: &Reservation) {
        let given = give_back(self.budget.unwrap(), reservation);
        self.budget = given.or(self.budget);
    }

    fn clear(&mut self) {
        self.budget = self.budget.map(clear);
    }

    fn wait(&mut self) -> u64 {
        match self.clone().reserve() {
            Ok(_) => 0,
            Err(Refusal::Wait(wait)) => wait.as_secs(),
            Err(Refusal::Locked) => u64::MAX,
        }
    }

    fn counts(&self) -> (u32, u32) {
        let budget = self.budget.unwrap();
        (budget.failures, budget.consecutive)
    }
}

#[test]
fn after_five_failures_each_wait_is_twice_as_long_up_to_five_minutes() {
    let mut kept = Kept::default();
    let mut waits = Vec::new();
    for _ in 0..12 {
        waits.push(kept.wait());
        kept.fail(1);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 10, 20, 40, 80, 160, 300, 300]);
}

#[test]
fn a_refused_try_does_not_lengthen_the_wait() {
    let mut kept = Kept::default();
    kept.fail(5);
    for left in (1..=10).rev() {
        assert_eq!(
            kept.reserve(),
            Err(Refusal::Wait(Duration::from_secs(left)))
        );
        kept.seconds += 1;
    }
    assert!(kept.reserve().is_ok());
}

#[test]
fn a_quiet_quarter_of_an_hour_starts_the_window_anew_but_not_the_count_towards_the_lock() {
    let mut kept = Kept::default();
    kept.fail(7);
    kept.seconds += 899;
    assert_eq!(kept.clone().wait(), 0);
    kept.fail(1);
    assert_eq!(kept.counts(), (8, 8), "a second too early");
    kept.seconds += 900;
    kept.fail(1);
    assert_eq!(kept.counts(), (1, 9));
}

#[test]
fn a_hundred_failures_in_a_row_lock_however_long_the_pauses() {
    let mut kept = Kept::default();
    for _ in 0..20 {
        kept.seconds += 20 * 86_400;
        kept.fail(5);
    }
    assert_eq!(kept.reserve(), Err(Refusal::Locked));
    kept.seconds += 86_399;
    assert_eq!(kept.reserve(), Err(Refusal::Locked));
}

#[test]
fn a_lock_decays_after_a_day_and_a_hundred_more_failures_lock_again() {
    let mut kept = Kept::default();
    kept.fail(100);
    let last = kept.reserve();
    assert_eq!(last, Err(Refusal::Locked));
    kept.seconds += 86_400;
    kept.fail(1);
    assert_eq!(kept.counts(), (1, 1));
    kept.fail(99);
    assert_eq!(kept.reserve(), Err(Refusal::Locked));
}

#[test]
fn a_try_from_before_a_lock_takes_no_failure_of_after_it_back() {
    let mut kept = Kept::default();
    kept.fail(99);
    kept.seconds += 300;
    let hundredth = kept.reserve().unwrap();
    kept.seconds += 86_400;
    kept.fail(1);
    kept.give_back(&hundredth);
    assert_eq!(kept.counts(), (1, 1));
}

#[test]
fn only_a_budget_with_failures_has_any() {
    let mut kept = Kept::default();
    let only = kept.reserve().unwrap();
    assert!(kept.budget.unwrap().has_failures());
    let mut cleared = kept.clone();
    cleared.clear();
    assert!(!cleared.budget.unwrap().has_failures());
    kept.give_back(&only);
    assert!(!kept.budget.unwrap().has_failures());
}

#[test]
fn the_hundredth_try_is_checked_and_may_succeed_or_be_given_back() {
    let mut kept = Kept::default();
    kept.fail(99);
    kept.seconds += 300;
    let hundredth = kept.reserve().unwrap();
    assert_eq!(kept.clone().reserve(), Err(Refusal::Locked));
    let mut cleared = kept.clone();
    cleared.clear();
    assert!(cleared.reserve().is_ok());
    kept.give_back(&hundredth);
    assert!(kept.reserve().is_ok());
}

#[test]
fn a_try_given_back_is_as_if_it_had_not_been() {
    let mut kept = Kept::default();
    kept.fail(7);
    kept.seconds += 40;
    let before = kept.budget.unwrap();
    let reservation = kept.reserve().unwrap();
    assert_eq!(kept.wait(), 80);
    kept.give_back(&reservation);
    let after = kept.budget.unwrap();
    assert_eq!(kept.wait(), 0);
    let version = after.version;
    assert_eq!(after, Budget { version, ..before });
}

#[test]
fn a_try_given_back_after_a_success_or_in_another_window_takes_nobodys_failure() {
    let mut kept = Kept::default();
    let before = kept.reserve().unwrap();
    kept.clear();
    kept.fail(1);
    kept.give_back(&before);
    assert_eq!(kept.counts(), (1, 1));

    let before = kept.reserve().unwrap();
    kept.seconds += 900;
    kept.fail(1);
    kept.give_back(&before);
    assert_eq!(kept.counts(), (1, 3));
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let mut kept = Kept::default();
    kept.fail(8);
    kept.seconds -= 1;
    assert_eq!(kept.wait(), 80, "a little: the whole wait at the most");
    kept.seconds -= 86_400;
    assert_eq!(kept.wait(), 0);
    kept.fail(1);
    assert_eq!(kept.wait(), 160, "and the waits go on from there");
}

#[test]
fn a_budget_is_kept_while_it_may_count() {
    let mut kept = Kept::default();
    let days = |kept: &Kept| {
        let budget = kept.budget.unwrap();
        budget.expires_at().since(budget.last_failure).as_secs() / 86_400
    };
    kept.fail(1);
    assert_eq!(days(&kept), 30);
    kept.fail(99);
    assert_eq!(days(&kept), 1, "then it is open again");
    kept.clear();
    assert_eq!(days(&kept), 0);
    let kept_for = kept.budget.unwrap().expires_at().since(at(kept.seconds));
    assert!(
        kept_for > Duration::from_mins(10),
        "longer than any try is out"
    );
}

/// What each of several guessers does: reserves, then fails, gives back or succeeds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Fails,
    GivesBack,
    Succeeds,
}

/// Every order in which `actors` make their two steps.
fn orders(actors: usize) -> Vec<Vec<usize>> {
    fn extend(left: &mut [usize], order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if left.iter().all(|left| *left == 0) {
            all.push(order.clone());
        }
        for actor in 0..left.len() {
            if left[actor] > 0 {
                left[actor] -= 1;
                order.push(actor);
                extend(left, order, all);
                order.pop();
                left[actor] += 1;
            }
        }
    }
    let mut all = Vec::new();
    extend(&mut vec![2; actors], &mut Vec::new(), &mut all);
    all
}

#[test]
fn in_every_order_exactly_the_failures_since_the_last_success_are_counted() {
    let ends = [End::Fails, End::GivesBack, End::Succeeds];
    let mut played = 0;
    for order in orders(4) {
        for choice in 0..ends.len().pow(4) {
            let end =
                |actor: usize| ends[choice / ends.len().pow(u32::try_from(actor).unwrap()) % 3];
            let mut kept = Kept::default();
            let mut reservations: [Option<Reservation>; 4] = [const { None }; 4];
            // Who has reserved since the last success and has not given back.
            let mut counted = std::collections::BTreeSet::new();
            for actor in &order {
                match reservations[*actor].take() {
                    None => {
                        reservations[*actor] = Some(kept.reserve().unwrap());
                        counted.insert(*actor);
                    }
                    Some(reservation) => match end(*actor) {
                        End::Fails => {}
                        End::GivesBack => {
                            kept.give_back(&reservation);
                            counted.remove(actor);
                        }
                        End::Succeeds => {
                            kept.clear();
                            counted.clear();
                        }
                    },
                }
                let expected = u32::try_from(counted.len()).unwrap();
                assert_eq!(kept.counts(), (expected, expected), "{order:?} {choice}");
            }
            played += 1;
        }
    }
    assert_eq!(played, 2520 * 81);
}
