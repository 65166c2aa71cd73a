//! Sessions that the feed says have ended.
//!
//! Whoever ends a session tells the feed, then deletes the document. Should that not happen, because the
//! node died in between or the store was gone again, the document must not outlive the entry in the feed:
//! its refresh token would be good once more. So every node that hears of an end deletes the document,
//! too, also one that reads the feed from its beginning. Mostly there is none left by then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::SessionId;
use mongodb::bson::doc;
use storage::{Error, FeedEntry, FeedRow};

use crate::Core;

/// Documents that one command deletes.
const AT_ONCE: usize = 1000;

/// What was heard of, and not looked after yet.
#[derive(Clone, Default)]
pub(crate) struct Ended(Arc<Mutex<Vec<SessionId>>>);

impl Ended {
    /// Takes in what the feed says.
    pub(crate) fn hear(&self, rows: &[FeedRow]) {
        let sessions = rows.iter().filter_map(|row| match &row.entry {
            FeedEntry::Session(id) => Some(*id),
            FeedEntry::Token(_)
            | FeedEntry::Generation { .. }
            | FeedEntry::Closed(_)
            | FeedEntry::Changed(_) => None,
        });
        self.lock().extend(sessions);
    }

    fn take(&self) -> Vec<SessionId> {
        let mut ended = self.lock();
        let rest = ended.len().saturating_sub(AT_ONCE);
        ended.split_off(rest)
    }

    fn put_back(&self, sessions: Vec<SessionId>) {
        self.lock().extend(sessions);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SessionId>> {
        // A list is whole after each step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Deletes the sessions whose end was heard of, and says how many were left.
    pub(crate) async fn delete_ended(&self) -> Result<u64, Error> {
        let mut deleted = 0;
        loop {
            let sessions = self.ended.take();
            if sessions.is_empty() {
                return Ok(deleted);
            }
            let ids: Vec<_> = sessions.iter().map(SessionId::to_string).collect();
            let filter = doc! { "_id": { "$in": ids } };
            match self.sessions.delete_all(filter).await {
                Ok(count) => deleted += count,
                Err(error) => {
                    self.ended.put_back(sessions);
                    return Err(error);
                }
            }
        }
    }
}
