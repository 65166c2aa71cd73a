//! A collection of the model: each call on it waits until the schedule has it happen.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use mongodb::bson::{Document, doc};
use storage::Error;

use super::world::{Asked, Call, Progress, Reply, Which, World};
use crate::documents::Documents;
use crate::error::{Failure, late};
use crate::table::Query;

#[derive(Clone)]
pub(super) struct Collection {
    pub(super) world: Arc<World>,
    pub(super) which: Which,
}

impl Collection {
    async fn ask(&self, call: Call) -> Reply {
        let task = {
            let mut state = self.world.lock();
            let task = state.current;
            state.asked[task] = Some(Asked {
                which: self.which,
                call,
                progress: Progress::Fresh,
            });
            task
        };
        // Polled again when there is an answer, whatever the waker.
        poll_fn(|_| match self.world.lock().replies[task].take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        })
        .await
    }

    /// Waits until it is time to go on.
    pub(super) async fn tick(&self) {
        self.ask(Call::Tick).await;
    }

    async fn done(&self, call: Call) -> Result<bool, Failure> {
        match self.ask(call).await {
            Reply::Done(done) => Ok(done),
            Reply::Duplicate => Err(Failure::Duplicate),
            Reply::Found(_) | Reply::Lost => Err(Failure::Other(late())),
        }
    }
}

impl Documents for Collection {
    fn name(&self) -> &'static str {
        "modelled"
    }

    async fn insert(&self, document: Document) -> Result<(), Failure> {
        self.done(Call::Insert(document)).await.map(drop)
    }

    async fn all(&self, query: Query) -> Result<Vec<Document>, Error> {
        match self.ask(Call::Find(query)).await {
            Reply::Found(found) => Ok(found),
            _ => Err(late()),
        }
    }

    async fn update(&self, filter: Document, _: Document) -> Result<bool, Failure> {
        // The only update of the outbox: `portcullis_pending` is cleared.
        self.done(Call::Update(filter)).await
    }

    async fn upserted(&self, _: &str, _: Document) -> Result<Document, Error> {
        self.done(Call::Beat).await?;
        Ok(doc! { "access_lifetime_millis": 0_i64 })
    }

    async fn delete(&self, filter: Document) -> Result<bool, Error> {
        Ok(self.done(Call::Delete(filter)).await?)
    }

    /// The sessions are not in the model, and nothing of the feed is deleted in this way.
    async fn delete_all(&self, _: Document) -> Result<u64, Error> {
        Ok(0)
    }

    /// However long it lasts, what others do meanwhile may also happen before the next call.
    async fn pause(&self) {}
}
