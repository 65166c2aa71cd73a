//! The way of events into the store, beside the requests: nobody who signs in waits for it.
//!
//! What was done is written at once, and whoever is told that it was done waits for that. What was refused is written a while
//! later, at random: else the next request could feel whether there was an account to write it for. Whatever is
//! written of an account is written in the order in which it happened.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use model::UserId;
use storage::{Error, NewEvent, Storage};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

/// Events that may wait: what comes beyond is in the log only.
const MOST_WAITING: usize = 10_000;

/// Accounts that are written at once.
const AT_ONCE: usize = 8;

/// How long an account is left alone that could not be written.
const PAUSE: Duration = Duration::from_secs(1);

/// How often it is tried.
const TRIES: u32 = 600;

/// How long whoever did something waits until it is in the store.
const PATIENCE: Duration = Duration::from_secs(2);

/// Events of one sort and one account that are kept of one day: what comes beyond is in the log only. So neither a stranger who is
/// refused nor whoever has got hold of a token can push out what happened before.
const OF_ONE_DAY: u32 = 100;

/// Sorts of accounts that are counted.
const COUNTED: usize = 200_000;

/// The events that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    state: Mutex<State>,
    /// Something waits that did not, or for a shorter time.
    came: Notify,
    /// Something has been written, or given up.
    went: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<UserId, Waiting>,
    /// How many events wait, all together.
    events: usize,
    /// How much there was on a day, which is counted from 1970, by the hash of account and sort: of a busy day these are many.
    counts: (u64, HashMap<u64, u32>),
    hashing: RandomState,
    is_full: bool,
}

/// What waits of one account.
#[derive(Debug)]
struct Waiting {
    events: Vec<NewEvent>,
    due: Instant,
    /// Whether some of it is being written: then nothing else is.
    is_under_way: bool,
    failures: u32,
}

/// How much of a sort of events of an account is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    /// This is the last one of its day.
    Last,
    No,
}

impl Trail {
    /// Takes an event of an account, to be written after this time.
    pub(super) fn take(&self, user: &UserId, event: NewEvent, after: Duration) {
        let mut state = self.lock();
        if state.events >= MOST_WAITING {
            if !state.is_full {
                tracing::error!("too many events wait for the store: some are in the log only");
            }
            state.is_full = true;
            return;
        }
        state.is_full = false;
        state.events += 1;
        let due = Instant::now() + after;
        let waiting = state.waiting.entry(user.clone()).or_insert(Waiting {
            events: Vec::new(),
            due,
            is_under_way: false,
            failures: 0,
        });
        waiting.events.push(event);
        waiting.due = waiting.due.min(due);
        drop(state);
        self.came.notify_one();
    }

    /// Counts an event of this sort of an account, on this day.
    pub(super) fn count(&self, user: &UserId, sort: &'static str, day: u64) -> Kept {
        let mut state = self.lock();
        if state.counts.0 != day {
            state.counts = (day, HashMap::new());
        }
        let key = state.hashing.hash_one((user, sort));
        let counts = &mut state.counts.1;
        if counts.len() >= COUNTED && !counts.contains_key(&key) {
            return Kept::Last; // how many there were is not known
        }
        let count = counts.entry(key).or_default();
        *count = count.saturating_add(1);
        match *count {
            ..OF_ONE_DAY => Kept::All,
            OF_ONE_DAY => Kept::Last,
            _ => Kept::No,
        }
    }

    /// Waits until all that happened to an account so far is in the store, a short while at most; whether it is.
    pub(super) async fn settled(&self, user: &UserId) -> bool {
        self.hasten(|id| id == user);
        let settled = self.until(|state| !state.waiting.contains_key(user));
        timeout(PATIENCE, settled).await.is_ok()
    }

    /// Waits until all of it is in the store.
    pub(crate) async fn drain(&self) {
        self.hasten(|_| true);
        self.until(|state| state.waiting.is_empty()).await;
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().events
    }

    /// Writes what comes, for as long as it is polled.
    pub(crate) async fn write(&self, storage: &dyn Storage) {
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < AT_ONCE
                && let Some((user, events)) = self.next_due()
            {
                under_way.push(async move {
                    let written = storage.append_events(&user, events.clone()).await;
                    (user, events, written)
                });
            }
            let next = self.next_time();
            tokio::select! {
                Some((user, events, written)) = under_way.next(), if !under_way.is_empty() => {
                    self.note(&user, events, written);
                }
                () = self.came.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() && under_way.len() < AT_ONCE => {}
            }
        }
    }

    fn next_due(&self) -> Option<(UserId, Vec<NewEvent>)> {
        let (mut state, now) = (self.lock(), Instant::now());
        let mut due = state.waiting.iter_mut();
        let (user, waiting) = due.find(|(_, it)| !it.is_under_way && it.due <= now)?;
        waiting.is_under_way = true;
        Some((user.clone(), std::mem::take(&mut waiting.events)))
    }

    fn next_time(&self) -> Option<Instant> {
        let state = self.lock();
        let idle = state.waiting.values().filter(|it| !it.is_under_way);
        idle.map(|it| it.due).min()
    }

    /// Notes what came of writing these events.
    fn note(&self, user: &UserId, events: Vec<NewEvent>, written: Result<bool, Error>) {
        let mut state = self.lock();
        let state = &mut *state;
        let Some(waiting) = state.waiting.get_mut(user) else {
            return;
        };
        waiting.is_under_way = false;
        let count = events.len();
        match written {
            Ok(_) => {
                waiting.failures = 0; // of an account that is gone nothing is kept
                state.events -= count;
            }
            Err(error) if waiting.failures + 1 < TRIES => {
                tracing::debug!(%error, "events could not be written yet");
                waiting.failures += 1;
                waiting.due = Instant::now() + PAUSE;
                waiting.events.splice(0..0, events);
            }
            Err(error) => {
                tracing::error!(%error, account = %user, count, "events could not be written: they are in the log only");
                waiting.failures = 0;
                state.events -= count;
            }
        }
        if waiting.events.is_empty() {
            state.waiting.remove(user);
        }
        self.went.notify_waiters();
    }

    /// Has what waits of these accounts be written now.
    fn hasten(&self, whose: impl Fn(&UserId) -> bool) {
        let (mut state, now) = (self.lock(), Instant::now());
        for (user, waiting) in &mut state.waiting {
            if whose(user) && waiting.failures == 0 {
                waiting.due = now;
            }
        }
        drop(state);
        self.came.notify_one();
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let went = self.went.notified();
            tokio::pin!(went);
            went.as_mut().enable(); // before it is looked, so that nothing is missed
            if is_so(&self.lock()) {
                return;
            }
            went.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
