//! The nodes: the real tasks of the feed, on collections of the model, and what is asked of them.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::{Bson, doc};
use storage::{FeedRow, FeedSink, Sinks};

use super::collection::Collection;
use super::world::{NOW, Which, World};
use crate::feed::{Appender, Appends, Follower, Heartbeat, Readers, Rows, SILENCE};
use crate::users::pending::{Outbox, Pending};

/// Something that a node does.
pub(super) struct Job {
    pub(super) node: usize,
    pub(super) future: Pin<Box<dyn Future<Output = ()>>>,
}

pub(super) struct Node {
    pub(super) number: usize,
    pub(super) world: Arc<World>,
    ear: Arc<Ear>,
    appends: Arc<Appends>,
    heartbeat: Arc<Heartbeat<Collection>>,
    /// Taken while it reads.
    follower: Arc<Mutex<Option<Follower<Collection>>>>,
    /// The task that appends, until it is started.
    appender: Option<Job>,
    follows: Arc<AtomicBool>,
}

/// The memory of a node.
struct Ear {
    world: Arc<World>,
    node: usize,
}

impl FeedSink for Ear {
    fn apply(&self, rows: &[FeedRow]) {
        self.world.lock().take_in(self.node, rows);
    }

    /// Not a time: what was acknowledged by then.
    fn asked(&self) -> u64 {
        self.world.lock().ask(self.node)
    }

    fn heard(&self, then: u64) {
        self.world.lock().claims(self.node, then);
    }
}

impl Node {
    /// A node that goes on appending a batch for so long after a failure.
    pub(super) fn new(world: &Arc<World>, patience: Duration) -> Self {
        let number = world.lock().add_node();
        let collection = |which| Collection {
            world: Arc::clone(world),
            which,
        };
        let sinks = Sinks::default();
        let ear = Arc::new(Ear {
            world: Arc::clone(world),
            node: number,
        });
        let (appends, waiting) = Appends::new();
        let (name, readers) = (format!("node{number}"), Arc::new(Readers::new(SILENCE)));
        let appender = Appender {
            rows: Rows(collection(Which::Feed)),
            sinks: sinks.clone(),
            readers: Arc::clone(&readers),
            node: name.clone(),
            batches: 0,
            deadline: patience,
            head: None,
        };
        let heartbeat = Heartbeat::new(collection(Which::Meta), sinks.clone(), &name, readers);
        let heartbeat = Arc::new(heartbeat);
        let rows = Rows(collection(Which::Feed));
        let follower = Follower::new(rows, sinks.clone(), Arc::clone(&heartbeat));
        sinks.add(Arc::clone(&ear) as Arc<dyn FeedSink>);
        Self {
            number,
            world: Arc::clone(world),
            ear,
            appends: Arc::new(appends),
            heartbeat,
            follower: Arc::new(Mutex::new(Some(follower))),
            appender: Some(Job {
                node: number,
                future: Box::pin(appender.run(waiting)),
            }),
            follows: Arc::default(),
        }
    }

    /// Whether it listens.
    pub(super) fn is_following(&self) -> bool {
        self.follows.load(Ordering::Relaxed)
    }

    pub(super) fn appender(&mut self) -> Option<Job> {
        self.appender.take()
    }

    fn job(&self, future: impl Future<Output = ()> + 'static) -> Job {
        Job {
            node: self.number,
            future: Box::pin(future),
        }
    }

    fn collection(&self, which: Which) -> Collection {
        Collection {
            world: Arc::clone(&self.world),
            which,
        }
    }

    /// Begins to listen.
    pub(super) fn follows(&self) -> Job {
        let (slot, ear) = (Arc::clone(&self.follower), Arc::clone(&self.ear));
        let follows = Arc::clone(&self.follows);
        self.job(async move {
            let Some(mut follower) = take(&slot) else {
                return;
            };
            let ear: Arc<dyn FeedSink> = ear;
            while follower.add(&ear).await.is_err() {}
            follows.store(true, Ordering::Relaxed);
            put(&slot, follower);
        })
    }

    /// Looks for news, so many times.
    pub(super) fn polls(&self, times: usize) -> Job {
        let (slot, world, node) = (
            Arc::clone(&self.follower),
            Arc::clone(&self.world),
            self.number,
        );
        let clock = self.collection(Which::Meta);
        self.job(async move {
            let Some(mut follower) = take(&slot) else {
                return;
            };
            for left in (0..times).rev() {
                clock.tick().await;
                world.lock().read(node);
                follower.poll().await;
                let place = follower
                    .place
                    .as_ref()
                    .map(|place| (place.number, &*place.batch));
                world.lock().stand((left, place));
            }
            put(&slot, follower);
        })
    }

    /// Begins to listen while others write, and then looks for news.
    pub(super) fn follows_and_polls(&self, times: usize) -> Job {
        let (follows, polls) = (self.follows(), self.polls(times));
        self.job(async move {
            follows.future.await;
            polls.future.await;
        })
    }

    /// Proves that it is connected, so many times.
    pub(super) fn proves(&self, times: usize) -> Job {
        let (heartbeat, world) = (Arc::clone(&self.heartbeat), Arc::clone(&self.world));
        let (clock, node) = (self.collection(Which::Meta), self.number);
        self.job(async move {
            world.lock().proves(node);
            for left in (0..times).rev() {
                clock.tick().await;
                heartbeat.prove().await;
                world.lock().stand(left);
            }
        })
    }

    /// Revokes these, one after the other.
    pub(super) fn revokes(&self, rows: Vec<FeedRow>) -> Job {
        let (world, appends, node) = (
            Arc::clone(&self.world),
            Arc::clone(&self.appends),
            self.number,
        );
        self.job(async move {
            for (at, row) in rows.into_iter().enumerate() {
                world.lock().stand(at);
                let row = vec![row];
                if appends.append(row.clone()).await.is_ok() {
                    world.lock().acknowledge(node, &row);
                }
            }
            world.lock().stand(usize::MAX);
        })
    }

    /// Makes a change of an account that revokes `row`.
    pub(super) fn changes(&self, id: &'static str, row: FeedRow) -> Job {
        let (world, appends, node) = (
            Arc::clone(&self.world),
            Arc::clone(&self.appends),
            self.number,
        );
        let (users, sessions) = (
            self.collection(Which::Users),
            self.collection(Which::Sessions),
        );
        self.job(async move {
            let pending = Pending {
                operation: format!("change-{node}"),
                rows: vec![row],
                claim: None,
            };
            let changed = doc! { "_id": id, "portcullis_pending": pending.to_bson() };
            if crate::documents::Documents::insert(&users, changed)
                .await
                .is_err()
            {
                return; // whoever asked is told that it is not known
            }
            let outbox = Outbox {
                users: &users,
                sessions: &sessions,
                released: &users, // no change here takes a name, and none owns anything
                tickets: &users,
                records: &users,
                jobs: &users,
                appends: &appends,
                chains: None,
            };
            let id = Bson::String(id.to_owned());
            if outbox.finish(&id, &pending).await.is_ok() {
                world.lock().acknowledge(node, &pending.rows);
            }
        })
    }

    /// Finishes what others left, in so many rounds.
    pub(super) fn takes_care(&self, rounds: usize) -> Job {
        let (appends, world) = (Arc::clone(&self.appends), Arc::clone(&self.world));
        let (users, sessions) = (
            self.collection(Which::Users),
            self.collection(Which::Sessions),
        );
        self.job(async move {
            for left in (0..rounds).rev() {
                let outbox = Outbox {
                    users: &users,
                    sessions: &sessions,
                    released: &users,
                    tickets: &users,
                    records: &users,
                    jobs: &users,
                    appends: &appends,
                    chains: None,
                };
                let _ = outbox.finish_orphans().await; // the next round does it
                world.lock().stand(left);
            }
        })
    }

    /// Prunes, in so many rounds.
    pub(super) fn prunes(&self, rounds: usize) -> Job {
        let (rows, world) = (Rows(self.collection(Which::Feed)), Arc::clone(&self.world));
        self.job(async move {
            for left in (0..rounds).rev() {
                let _ = rows.prune(NOW, 100).await; // the next round does it
                world.lock().stand(left);
            }
        })
    }
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn put<T>(slot: &Mutex<Option<T>>, value: T) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}
