//! Sessions.
//!
//! How a session ends is in `end.rs`.

mod browser;
mod document;
mod end;
mod rotate;

use std::sync::Arc;

use async_trait::async_trait;
use model::{BrowserCookie, Session, SessionId, Timestamp, TokenId, UserId};
use mongodb::bson::{Document, doc};
use secret::HashedToken;
use storage::{Error, Moment, Rotated, Rotation, Sessions, SpentToken};

use crate::document::{Fields, date};
use crate::table::Query;
use crate::{Core, MongoStore};

use document::{lasting, read, to_document};

#[async_trait]
impl Sessions for MongoStore {
    async fn open_session(
        &self,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<(), Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.open_session(&session, limit, moment).await })
            .await
    }

    async fn open_session_once(
        &self,
        token: SpentToken,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move {
                let first = core.spend(token).await?;
                if first {
                    core.open_session(&session, limit, moment).await?;
                }
                Ok(first)
            })
            .await
    }

    async fn spend_token(&self, token: SpentToken) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.spend(token).await })
            .await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        self.running.read(self.core.find_session(id)).await
    }

    async fn session_by_cookie(&self, cookie: HashedToken) -> Result<Option<Session>, Error> {
        self.running.read(self.core.session_by_cookie(cookie)).await
    }

    async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.replace_cookie(id, old, new).await })
            .await
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.touch_session(id, now, refresh_expires).await })
            .await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
        let filter = doc! { "user": user.as_str(), "over_at": { "$gt": date(now) } };
        let query = Query::new(lasting(filter)).sort(doc! { "last_used_at": -1, "_id": -1 });
        let sessions = &self.core.sessions;
        let found = self.running.read(sessions.all(query)).await?;
        found
            .iter()
            .map(|document| read(&Fields::of(sessions.name, document)))
            .collect()
    }

    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.rotate(&rotation, moment).await })
            .await
    }

    async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: TokenId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.note_handed_out(id, &refresh, now).await })
            .await
    }

    async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move { core.end_session(&user, id, moment).await })
            .await
    }

    async fn end_other_sessions(
        &self,
        user: &UserId,
        keep: SessionId,
        moment: Moment,
    ) -> Result<u64, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move {
                let filter = doc! {
                    "user": user.as_str(), "_id": { "$ne": keep.to_string() },
                };
                let others = core.session_ids(Query::new(lasting(filter))).await?;
                core.end_all(&others, moment).await
            })
            .await
    }
}

impl Core {
    pub(crate) async fn find_session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let filter = lasting(doc! { "_id": id.to_string() });
        let found = self.sessions.first(filter).await?;
        found
            .map(|document| read(&Fields::of(self.sessions.name, &document)))
            .transpose()
    }

    async fn open_session(
        &self,
        session: &Session,
        limit: u32,
        moment: Moment,
    ) -> Result<(), Error> {
        self.sessions.insert(to_document(session)).await?;
        // Of several that open at once each ends those that it sees beyond the limit: what one of
        // them sees there is there for all.
        let query = Query::new(lasting(doc! { "user": session.user.as_str() }));
        let query = query.sort(doc! { "created_at": -1, "_id": -1 }).skip(limit);
        let oldest = self.session_ids(query).await?;
        self.end_all(&oldest, moment).await.map(drop)
    }

    async fn session_ids(&self, query: Query) -> Result<Vec<SessionId>, Error> {
        let found: Vec<Document> = self.sessions.all(query.only(doc! { "_id": 1 })).await?;
        found
            .iter()
            .map(|document| Fields::of(self.sessions.name, document).session_id("_id"))
            .collect()
    }
}
