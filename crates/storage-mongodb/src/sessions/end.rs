//! The end of a session, in three steps: it is marked, the feed is told, it is deleted.
//!
//! The mark (`ended`: until when the feed is to remember it) ends the session for everyone who reads the
//! store: no refresh token of it is good from then on, and no cookie. Were the feed told first, a crash before
//! the deletion would leave a session that comes to life again when the feed forgets it; were it told last, a
//! crash would leave access tokens that nobody refuses. Wherever this stops after the mark, the caretaker of
//! any node goes on (`caretaker.rs`). Two may do so at once: the feed may hear an entry twice.

use model::{SessionId, Timestamp, UserId};
use mongodb::bson::doc;
use storage::{Error, FeedEntry, FeedRow, Moment};

use crate::Core;
use crate::document::{Fields, date};
use crate::sessions::document::lasting;
use crate::table::Query;

/// Sessions whose end is finished in one round.
const ROUND: u32 = 500;

impl Core {
    pub(crate) async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error> {
        let found = self.sessions.first(doc! { "_id": id.to_string() }).await?;
        if let Some(document) = &found {
            let fields = Fields::of(self.sessions.name, document);
            if fields.text("user")? != user.as_str() {
                return Ok(false);
            }
        }
        self.end_all(&[id], moment).await?;
        Ok(found.is_some())
    }

    /// Ends these sessions; how many of them there were. The feed is told also of those without a document.
    pub(crate) async fn end_all(&self, ids: &[SessionId], moment: Moment) -> Result<u64, Error> {
        if ids.is_empty() {
            return Ok(0);
        }
        let texts: Vec<_> = ids.iter().map(SessionId::to_string).collect();
        let mark = doc! { "$set": { "ended": date(moment.feed_until) } };
        let filter = lasting(doc! { "_id": { "$in": texts } });
        self.sessions.update_all(filter, mark).await?;
        let ends = ids.iter().map(|id| (*id, moment.feed_until));
        self.finish_ends(ends.collect()).await
    }

    /// Finishes the end of sessions that was interrupted, and says how many those were.
    pub(crate) async fn finish_ended(&self) -> Result<usize, Error> {
        let query = Query::new(doc! { "ended": { "$exists": true } }).limit(ROUND);
        let found = self.sessions.all(query.only(doc! { "ended": 1 })).await?;
        let mut ends = Vec::new();
        for document in &found {
            let fields = Fields::of(self.sessions.name, document);
            ends.push((fields.session_id("_id")?, fields.time("ended")?));
        }
        let finished = ends.len();
        if finished > 0 {
            self.finish_ends(ends).await?;
        }
        Ok(finished)
    }

    /// Tells the feed and deletes; how many were deleted.
    pub(super) async fn finish_ends(
        &self,
        ends: Vec<(SessionId, Timestamp)>,
    ) -> Result<u64, Error> {
        let texts: Vec<_> = ends.iter().map(|(id, _)| id.to_string()).collect();
        let rows = ends.into_iter().map(|(id, until)| FeedRow {
            entry: FeedEntry::Session(id),
            until,
        });
        self.appends.append(rows.collect()).await?;
        let filter = doc! { "_id": { "$in": texts } };
        self.sessions.delete_all(filter).await
    }
}
