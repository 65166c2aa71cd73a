//! One at a time: of the requests of this node that want the same counter at once each waits for the one
//! before it. So a node contends with the other nodes and never with itself, and a block of leases that
//! one has taken serves those behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ratelimit::{Key, Unavailable};
use storage::Error;
use tokio::sync::Mutex as Queue;
use tokio::time::Instant;

use crate::error::late;

/// Parts, each behind a lock of its own.
const SHARDS: usize = 16;

/// When the store last failed one whose turn it was.
type Failed = Option<Instant>;

/// The counters for which someone waits.
#[derive(Default)]
pub(super) struct Turns([Mutex<HashMap<Key, Arc<Queue<Failed>>>>; SHARDS]);

/// A place in the queue for a counter.
struct Place<'a> {
    turns: &'a Turns,
    key: Key,
    queue: Option<Arc<Queue<Failed>>>,
}

impl Turns {
    /// Does `work` when everyone before has done theirs.
    ///
    /// # Errors
    /// Those of `work`. Also busy, when the turn does not come within `patience`; and unavailable, when
    /// the store failed somebody before: who waited is not to wait as long once more.
    pub(super) async fn take<T>(
        &self,
        key: Key,
        patience: Duration,
        work: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        let began = Instant::now();
        let place = self.place(key);
        let Some(queue) = &place.queue else {
            return work.await; // it is there until the place is given up
        };
        let turn = tokio::time::timeout(patience, queue.lock()).await;
        let Ok(mut failed) = turn else {
            return Err(Unavailable::new(Error::Busy));
        };
        if failed.is_some_and(|failed| failed >= began) {
            return Err(Unavailable::gone(late()));
        }
        let done = work.await;
        if done.as_ref().is_err_and(Unavailable::is_gone) {
            *failed = Some(Instant::now());
        }
        done
    }

    fn place(&self, key: Key) -> Place<'_> {
        let queue = Arc::clone(self.shard(key).entry(key).or_default());
        Place {
            turns: self,
            key,
            queue: Some(queue),
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, HashMap<Key, Arc<Queue<Failed>>>> {
        let [first, ..] = *key.as_bytes();
        let shard = &self.0[usize::from(first) % SHARDS];
        // A map is whole after each step.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    /// Whoever leaves last, also without having had a turn, takes the queue away.
    fn drop(&mut self) {
        let mut shard = self.turns.shard(self.key);
        self.queue = None;
        if shard
            .get(&self.key)
            .is_some_and(|queue| Arc::strong_count(queue) == 1)
        {
            shard.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;
    use tokio::task::JoinSet;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn key(byte: u8) -> Key {
        Key::from_bytes([byte; 16])
    }

    fn queues(turns: &Turns) -> usize {
        turns
            .0
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum()
    }

    #[tokio::test]
    async fn one_at_a_time_has_its_turn_at_a_counter_and_leaves_nothing_behind() {
        let turns = Arc::new(Turns::default());
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = JoinSet::new();
        for _ in 0..50 {
            let (turns, at_work, most) =
                (Arc::clone(&turns), Arc::clone(&at_work), Arc::clone(&most));
            all.spawn(async move {
                let work = async {
                    most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    at_work.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                turns.take(key(1), PATIENCE, work).await.unwrap();
            });
        }
        all.join_all().await;
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert_eq!(queues(&turns), 0);
    }

    #[tokio::test]
    async fn counters_do_not_wait_for_one_another_and_no_turn_is_waited_for_without_end() {
        let turns = Turns::default();
        let entered = Notify::new();
        let stuck = turns.take(key(1), PATIENCE, async {
            entered.notify_one();
            std::future::pending::<Result<(), Unavailable>>().await
        });
        let others = async {
            entered.notified().await;
            turns
                .take(key(2), PATIENCE, async { Ok(()) })
                .await
                .unwrap();
            let behind = turns.take(key(1), Duration::ZERO, async { Ok(()) }).await;
            assert!(!behind.unwrap_err().is_gone());
        };
        tokio::select! {
            _ = stuck => unreachable!("it waits for ever"),
            () = others => {}
        }
        // Who left in the middle is as if they had never been there.
        assert_eq!(queues(&turns), 0);
        turns
            .take(key(1), PATIENCE, async { Ok(()) })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn who_waited_behind_a_failure_fails_with_it() {
        let turns = Turns::default();
        let (failing, fail) = (Notify::new(), Notify::new());
        let first = turns.take(key(1), PATIENCE, async {
            failing.notify_one();
            fail.notified().await;
            Err::<(), _>(Unavailable::gone(late()))
        });
        let second = async {
            failing.notified().await;
            let work = async { unreachable!("it has waited long enough") };
            let waiting = turns.take(key(1), PATIENCE, work);
            let failing = async {
                tokio::task::yield_now().await; // the other one waits by now
                fail.notify_one();
                std::future::pending::<Result<(), Unavailable>>().await
            };
            tokio::select! {
                biased;
                answer = waiting => answer,
                answer = failing => answer,
            }
        };
        let (first, second) = tokio::join!(first, second);
        assert!(first.unwrap_err().is_gone() && second.unwrap_err().is_gone());
        // Who comes later asks anew.
        turns
            .take(key(1), PATIENCE, async { Ok(()) })
            .await
            .unwrap();
    }
}
