//! What a thread of the pool does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::HasherConfig;
use super::queue::Queue;
use crate::memory::Memory;

/// Runs jobs until the queue is closed.
pub(super) fn work(queue: &Queue, config: &HasherConfig) {
    step_back(config.niceness);
    let mut memory = Memory::default();
    while let Some(job) = queue.next(&mut memory, config.idle) {
        let began = now();
        let late = job.is_late(began);
        let (run, slot) = job.begin();
        if late {
            run(None);
            queue.done(&slot);
            continue;
        }
        // A job that panics answers nobody, which its waiter sees. The thread lives on, with fresh
        // memory: what the job left in the old one does not matter to the next.
        if catch_unwind(AssertUnwindSafe(|| run(Some(&mut memory)))).is_err() {
            memory = Memory::default();
        }
        memory.keep_at_most(config.params.memory_kib());
        queue.note(now().saturating_duration_since(began));
        queue.done(&slot);
        drop(slot);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the hardware takes is no matter of a test's clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Lowers the priority of the calling thread, as far as the system allows.
#[cfg(target_os = "linux")]
fn step_back(niceness: u8) {
    // On Linux a nice value belongs to the thread. Where it can't be set, hashing is merely less
    // polite.
    let _ = rustix::process::setpriority_process(None, i32::from(niceness.min(19)));
}

#[cfg(not(target_os = "linux"))]
fn step_back(_: u8) {}
