//! Guesses at a password.

use std::sync::Arc;
use std::time::Duration;

use storage::attempts::{AttemptKey, FREE_FAILURES, MAX_CONSECUTIVE};
use storage::{Allowance, Refusal, Reservation, Reserved, Storage};

use super::Backend;
use super::fixtures::{at, at_once};

pub async fn five_failures_need_no_waiting_and_each_further_one_waits_longer(
    backend: &dyn Backend,
) {
    let store = backend.open().await;
    fail(&store, KEY, 5, 0).await;
    assert_waits(&store, KEY, 0, 10).await;
    assert_waits(&store, KEY, 7, 3).await;
    fail(&store, KEY, 1, 10).await;
    assert_waits(&store, KEY, 10, 20).await;
    fail(&store, KEY, 1, 30).await;
    assert_waits(&store, KEY, 30, 40).await;
    // A quiet quarter of an hour later there are five again.
    fail(&store, KEY, 5, 30 + 900).await;
    assert_waits(&store, KEY, 930, 10).await;
}

pub async fn of_fifty_tries_at_once_five_are_granted(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(granted(&tries(&store, 50, 0).await), 5);
    assert_eq!(granted(&tries(&store, 50, 9).await), 0);
    assert_eq!(granted(&tries(&store, 50, 10).await), 1);
}

pub async fn of_fifty_tries_at_once_as_many_are_granted_as_were_given_back(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut out = reservations(tries(&store, 50, 0).await);
    out.truncate(3);
    let giving = out.into_iter().map(|out| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.give_back_attempt(KEY, out).await.unwrap() })
    });
    for given in giving.collect::<Vec<_>>() {
        given.await.unwrap();
    }
    assert_eq!(granted(&tries(&store, 50, 0).await), 3);
}

pub async fn a_try_that_was_given_back_was_none(backend: &dyn Backend) {
    let store = backend.open().await;
    fail(&store, KEY, 5, 0).await;
    for _ in 0..3 {
        let again = reserved(&store, KEY, 10).await;
        store.give_back_attempt(KEY, again).await.unwrap();
    }
    fail(&store, KEY, 1, 10).await;
    assert_waits(&store, KEY, 10, 20).await;
}

pub async fn a_success_ends_the_counting(backend: &dyn Backend) {
    let store = backend.open().await;
    fail(&store, KEY, 5, 0).await;
    store.clear_attempts(KEY).await.unwrap();
    fail(&store, KEY, 5, 0).await;
    assert_waits(&store, KEY, 0, 10).await;
    // Of what was never counted there is nothing to clear.
    store.clear_attempts(OTHER).await.unwrap();
}

pub async fn a_try_from_before_a_success_takes_no_failure_back(backend: &dyn Backend) {
    let store = backend.open().await;
    let before = reserved(&store, KEY, 0).await;
    store.clear_attempts(KEY).await.unwrap();
    fail(&store, KEY, 5, 0).await;
    store.give_back_attempt(KEY, before).await.unwrap();
    assert_waits(&store, KEY, 0, 10).await;
}

pub async fn budgets_know_nothing_of_each_other(backend: &dyn Backend) {
    let store = backend.open().await;
    fail(&store, KEY, 5, 0).await;
    let other = reserved(&store, OTHER, 0).await;
    store.clear_attempts(OTHER).await.unwrap();
    store.give_back_attempt(OTHER, other).await.unwrap();
    assert_waits(&store, KEY, 0, 10).await;
    fail(&store, OTHER, 5, 0).await;
}

pub async fn a_hundred_failures_in_a_row_lock_for_a_day(backend: &dyn Backend) {
    let store = backend.open().await;
    let last = locked(&store, KEY).await;
    for later in [0, 900, DAY - 1] {
        assert_locked(&store, KEY, last + later).await;
        assert_eq!(store.sweep(at(last + later), 10).await.unwrap(), 0);
    }
    // Then it is open, as if nothing had been.
    fail(&store, KEY, FREE_FAILURES, last + DAY).await;
    assert_waits(&store, KEY, last + DAY, 10).await;
}

pub async fn a_success_opens_a_lock(backend: &dyn Backend) {
    let store = backend.open().await;
    let last = locked(&store, KEY).await;
    store.clear_attempts(KEY).await.unwrap();
    fail(&store, KEY, 1, last).await;
}

pub async fn an_operator_opens_a_lock(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let last = locked(&store, KEY).await;
    fail(&store, OTHER, 5, last).await;
    assert!(beside.unlock_attempts(KEY).await.unwrap());
    // There is nothing left to be opened, and no other was.
    assert!(!beside.unlock_attempts(KEY).await.unwrap());
    assert_waits(&store, OTHER, last, 10).await;
    fail(&store, KEY, FREE_FAILURES, last).await;
    assert_waits(&store, KEY, last, 10).await;
    // One that waits is opened as well; one that was never used is none.
    assert!(store.unlock_attempts(KEY).await.unwrap());
    fail(&store, KEY, 1, last).await;
    let unused = AttemptKey::new([3; 32]);
    assert!(!store.unlock_attempts(unused).await.unwrap());
}

pub async fn a_budget_is_swept_when_it_counts_no_more(backend: &dyn Backend) {
    let store = backend.open().await;
    fail(&store, KEY, 5, 0).await;
    fail(&store, OTHER, 1, 0).await;
    store.clear_attempts(OTHER).await.unwrap();
    let day = 86_400;
    assert_eq!(store.sweep(at(60), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(at(day), 10).await.unwrap(), 1);
    assert_eq!(store.sweep(at(29 * day), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(at(30 * day), 10).await.unwrap(), 1);
}

const DAY: i64 = 86_400;

/// Fails a hundred times in a row, with pauses in between, and says when that was.
async fn locked(store: &Arc<dyn Storage>, key: AttemptKey) -> i64 {
    let mut seconds = 0;
    for _ in 0..MAX_CONSECUTIVE / FREE_FAILURES {
        seconds += DAY;
        fail(store, key, FREE_FAILURES, seconds).await;
    }
    assert_locked(store, key, seconds).await;
    seconds
}

async fn assert_locked(store: &Arc<dyn Storage>, key: AttemptKey, seconds: i64) {
    let answer = store.reserve_attempt(key, at(seconds)).await.unwrap();
    assert_eq!(answer, Reserved::Refused(Refusal::Locked));
}

pub(super) const KEY: AttemptKey = AttemptKey::new([1; 32]);
const OTHER: AttemptKey = AttemptKey::new([2; 32]);

/// Fails `count` times at once, so many seconds after the start.
pub(super) async fn fail(store: &Arc<dyn Storage>, key: AttemptKey, count: u32, seconds: i64) {
    for _ in 0..count {
        reserved(store, key, seconds).await;
    }
}

/// A try at that time must wait so many seconds more.
pub(super) async fn assert_waits(
    store: &Arc<dyn Storage>,
    key: AttemptKey,
    seconds: i64,
    wait: u64,
) {
    let answer = store.reserve_attempt(key, at(seconds)).await.unwrap();
    let wait = Refusal::Wait(Duration::from_secs(wait));
    assert_eq!(answer, Reserved::Refused(wait));
}

pub(super) async fn reserved(
    store: &Arc<dyn Storage>,
    key: AttemptKey,
    seconds: i64,
) -> Reservation {
    match store.reserve_attempt(key, at(seconds)).await.unwrap() {
        Reserved::Granted(reservation) => reservation,
        Reserved::Refused(refusal) => panic!("{refusal:?}"),
    }
}

async fn tries(store: &Arc<dyn Storage>, count: u32, seconds: i64) -> Vec<Reserved> {
    at_once(count, |_| {
        let store = Arc::clone(store);
        async move { store.reserve_attempt(KEY, at(seconds)).await.unwrap() }
    })
    .await
}

fn reservations(answers: Vec<Reserved>) -> Vec<Reservation> {
    let granted = |answer| match answer {
        Reserved::Granted(reservation) => Some(reservation),
        Reserved::Refused(_) => None,
    };
    answers.into_iter().filter_map(granted).collect()
}

fn granted(answers: &[Reserved]) -> usize {
    let granted = |answer: &&Reserved| matches!(answer, Reserved::Granted(_));
    answers.iter().filter(granted).count()
}

const THREE_A_DAY: Allowance = Allowance {
    most: 3,
    per: Duration::from_secs(86_400),
};

async fn spent(store: &Arc<dyn Storage>, seconds: i64) -> bool {
    let spending = store.spend_attempt(KEY, THREE_A_DAY, at(seconds));
    spending.await.unwrap()
}

pub async fn an_allowance_is_used_up_until_its_time_is_over(backend: &dyn Backend) {
    let store = backend.open().await;
    for seconds in [0, 1, 86_399] {
        assert!(spent(&store, seconds).await);
    }
    assert!(!spent(&store, 86_399).await);
    // Of another node, whose clock is behind.
    assert!(!spent(&store, -2).await);
    assert!(spent(&store, 86_400).await);
}

pub async fn of_fifty_who_spend_an_allowance_at_once_three_may(backend: &dyn Backend) {
    let store = backend.open().await;
    let answers = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move { spent(&store, 0).await }
    });
    assert_eq!(answers.await.into_iter().filter(|may| *may).count(), 3);
}

pub async fn an_operator_ends_the_counting_of_an_allowance(backend: &dyn Backend) {
    let store = backend.open().await;
    for _ in 0..3 {
        assert!(spent(&store, 0).await);
    }
    assert!(store.unlock_attempts(KEY).await.unwrap());
    assert!(spent(&store, 1).await);
}
