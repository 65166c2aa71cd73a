//! Who may wait, and what waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::HasherConfig;
use super::permits::Permits;
use super::principal::Line;
use super::turns::{RUNNING_AT_ONCE, Turns};
use crate::memory::Memory;

/// Jobs in the order of their turns, bounded by the slots that are handed out.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    permits: Arc<Mutex<Permits>>,
    /// How long a job took of late, in microseconds; 0 before the first.
    job_micros: AtomicU64,
}

#[derive(Default)]
struct State {
    jobs: Turns<Job>,
    last_id: u64,
    closed: bool,
}

/// The right to be in the queue. It ends when its last holder drops it: the permit, or the job that
/// a thread has begun.
pub(super) struct Slot {
    line: Arc<Line>,
    permits: Arc<Mutex<Permits>>,
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
    line: Arc<Line>,
    id: u64,
}

impl Queue {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            permits: Arc::new(Mutex::new(Permits::new(slots))),
            job_micros: AtomicU64::new(0),
        }
    }

    /// A slot, unless there is none for this line, or its turn would not come within the patience.
    pub(super) fn take_slot(&self, line: Line, config: &HasherConfig) -> Option<Arc<Slot>> {
        let line = Arc::new(line);
        let mut permits = lock(&self.permits);
        let in_time = self.turn(&permits, &line, config.threads) <= config.patience;
        (in_time && permits.take(&line)).then(|| {
            Arc::new(Slot {
                line,
                permits: Arc::clone(&self.permits),
            })
        })
    }

    /// After how long it is the turn of this line's next job. With a thread to spare it is at once: however long a job
    /// took, the next may be quicker, and only a job that is done tells.
    fn turn(&self, permits: &Permits, line: &Line, threads: usize) -> Duration {
        let threads = threads.max(1);
        let behind_all = permits.ahead(line) / threads;
        let behind_own = permits.own(line) / threads.min(RUNNING_AT_ONCE);
        let rounds = u32::try_from(behind_all.max(behind_own)).unwrap_or(u32::MAX);
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
        lock(&self.permits).taken()
    }

    /// Adds a job that may begin until `latest`, or whenever it is its turn.
    pub(super) fn push(&self, slot: Arc<Slot>, run: Run, latest: Option<Instant>) -> Ticket<'_> {
        let line = Arc::clone(&slot.line);
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let job = Job {
            id,
            run,
            slot,
            latest,
        };
        state.jobs.push(&line, job);
        drop(state);
        self.changed.notify_one();
        Ticket {
            queue: self,
            line,
            id,
        }
    }

    /// Waits for the next job that may run now. `None` when the queue is closed and has none. Whoever has done
    /// a job says so ([`done`](Self::done)).
    ///
    /// After `idle` without one, `memory` goes back to the system.
    pub(super) fn next(&self, memory: &mut Memory, idle: Duration) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some((_, job)) = state.jobs.next() {
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

    /// A job that [`next`](Self::next) gave has ended, so another of its principal may run: the thread that did the
    /// one looks for the next itself.
    pub(super) fn done(&self, slot: &Slot) {
        self.lock().jobs.done(&slot.line);
    }

    fn remove(&self, line: &Line, id: u64) {
        let job = self.lock().jobs.remove(line, |job| job.id == id);
        drop(job); // wipes the password, outside the lock
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Nothing panics while it holds one of the locks, and what they guard is never half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        lock(&self.permits).give_back(&self.line);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.remove(&self.line, self.id);
    }
}
