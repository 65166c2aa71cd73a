//! Who may wait, and what waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::HasherConfig;
use crate::memory::Memory;

/// Jobs in the order they came, bounded by the slots that are handed out.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    slots: usize,
    taken: Arc<AtomicUsize>,
    /// How long a job took of late, in microseconds; 0 before the first.
    job_micros: AtomicU64,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    last_id: u64,
    closed: bool,
}

/// The right to be in the queue. It ends when its last holder drops it: the place, or the job that
/// a thread has begun.
pub(super) struct Slot {
    taken: Arc<AtomicUsize>,
}

/// Work for one thread.
pub(super) struct Job {
    id: u64,
    run: Run,
    slot: Arc<Slot>,
    /// Until when it may begin.
    latest: Option<Instant>,
}

/// What a job does, with memory, or without any when it is too late to begin.
pub(super) type Run = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// A job that is waiting: dropped, it is taken out of the queue, if no thread has begun it.
pub(super) struct Ticket<'a> {
    queue: &'a Queue,
    id: u64,
}

impl Queue {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            slots,
            taken: Arc::default(),
            job_micros: AtomicU64::new(0),
        }
    }

    /// A slot, unless all are taken or the turn would not come within the patience.
    pub(super) fn take_slot(&self, config: &HasherConfig) -> Option<Arc<Slot>> {
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                let in_time = self.turn_behind(taken, config.threads) <= config.patience;
                (taken < self.slots && in_time).then_some(taken + 1)
            })
            .ok()?;
        Some(Arc::new(Slot {
            taken: Arc::clone(&self.taken),
        }))
    }

    /// After how long it is one's turn behind so many others. With a thread to spare it is at once: however long a job
    /// took, the next may be quicker, and only a job that is done tells.
    fn turn_behind(&self, others: usize, threads: usize) -> Duration {
        let rounds = u32::try_from(others / threads.max(1)).unwrap_or(u32::MAX);
        let job = Duration::from_micros(self.job_micros.load(Ordering::Relaxed));
        job.saturating_mul(rounds)
    }

    /// Remembers how long a job took: the present figure counts a quarter, so that one odd job says little.
    pub(super) fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 4);
        let before = self.job_micros.load(Ordering::Relaxed);
        let now = if before == 0 {
            took
        } else {
            before - before / 4 + took / 4
        };
        // Of two threads at once one is forgotten, which does no harm.
        self.job_micros.store(now, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Adds a job that may begin until `latest`, or whenever it is its turn.
    pub(super) fn push(&self, slot: Arc<Slot>, run: Run, latest: Option<Instant>) -> Ticket<'_> {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        state.jobs.push_back(Job {
            id,
            run,
            slot,
            latest,
        });
        drop(state);
        self.changed.notify_one();
        Ticket { queue: self, id }
    }

    /// Waits for the next job. `None` when the queue is closed and empty.
    ///
    /// After `idle` without one, `memory` goes back to the system.
    pub(super) fn next(&self, memory: &mut Memory, idle: Duration) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            if memory.is_empty() {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (waited, timeout) = self
                .changed
                .wait_timeout(state, idle)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if timeout.timed_out() && state.jobs.is_empty() {
                drop(state); // unmapping takes a while
                *memory = Memory::default();
                state = self.lock();
            }
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn remove(&self, id: u64) {
        let mut state = self.lock();
        let waiting = state.jobs.iter().position(|job| job.id == id);
        let job = waiting.and_then(|index| state.jobs.remove(index));
        drop(state);
        drop(job); // wipes the password, outside the lock
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; and a queue of jobs is never half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// Whether nobody counts on it any more at `now`.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.latest.is_some_and(|latest| now > latest)
    }

    /// What to run, and the slot to hold meanwhile.
    pub(super) fn begin(self) -> (Run, Arc<Slot>) {
        (self.run, self.slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.remove(self.id);
    }
}
