//! The feed: documents `portcullis_feed` with dense numbers, which every node reads in order.
//!
//! # Why nothing in it is missed
//! - Document `n + 1` is inserted only by one who has seen `n`, and `_id` is unique: there are no
//!   gaps, and nothing lands below a number that someone has read past (`append.rs` also shows this for
//!   a writer that slept while what it had seen was pruned).
//! - A document is read once a majority has it (read concern `majority` on a replica set): no number
//!   that was read past is rolled back and used again for something else.
//! - What was written is pruned from the low end, one document after the other, and the highest is
//!   never pruned, so the next number is never forgotten. There is no TTL index on it: the server
//!   would delete in its own order, and the highest as well.
//! - A reader that finds its own place gone (it slept for long, or a backup was restored) reads
//!   everything anew, and does not say that the store was heard until it has (`follower.rs`).
//!
//! No clock takes part in any of it. `interleavings` has this code carried out in every order of its calls to
//! the store, with the failures that may come between.

mod append;
mod follower;
mod heartbeat;
#[cfg(test)]
mod interleavings;
mod outages;
mod readers;
mod row;
mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use model::Timestamp;
use storage::{Error, Feed, FeedRow, FeedSink};
use tokio::sync::oneshot;

use crate::MongoStore;
use crate::error::closed;

pub(crate) use append::{Append, Appender, Appends};
pub(crate) use follower::{Follow, Follower};
pub(crate) use heartbeat::Heartbeat;
pub(crate) use readers::{Readers, SILENCE};
pub(crate) use row::{from_fields, to_document};
pub(crate) use rows::Rows;

#[async_trait]
impl Feed for MongoStore {
    async fn follow(&self, _now: Timestamp, sink: Arc<dyn FeedSink>) -> Result<(), Error> {
        self.running
            .read(async {
                let (reply, answer) = oneshot::channel();
                let follow = Follow { sink, reply };
                self.follows.send(follow).await.map_err(|_| closed())?;
                answer.await.unwrap_or_else(|_| Err(closed()))
            })
            .await
    }

    async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.appends.append(rows).await })
            .await
    }

    fn may_write(&self, kind: &str) -> bool {
        self.core.heartbeat.all_read(kind)
    }

    async fn who_cannot_read(&self, kind: &str) -> Result<Vec<String>, Error> {
        let heartbeat = &self.core.heartbeat;
        self.running.read(heartbeat.who_cannot_read(kind)).await
    }
}
