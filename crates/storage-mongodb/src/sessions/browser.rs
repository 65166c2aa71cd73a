//! The cookies of sessions.

use model::{BrowserCookie, Session, SessionId, Timestamp};
use mongodb::bson::doc;
use secret::HashedToken;
use storage::Error;

use crate::Core;
use crate::document::{Fields, date, hex, integer};
use crate::sessions::document::{cookie, lasting, read};

impl Core {
    pub(crate) async fn session_by_cookie(
        &self,
        hash: HashedToken,
    ) -> Result<Option<Session>, Error> {
        let filter = lasting(doc! { "browser.hash": hex(hash.as_bytes()) });
        let found = self.sessions.first(filter).await?;
        found
            .map(|document| read(&Fields::of(self.sessions.name, &document)))
            .transpose()
    }

    pub(crate) async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error> {
        let filter = doc! { "_id": id.to_string(), "browser.hash": hex(old.as_bytes()) };
        let filter = lasting(filter);
        let update = doc! { "$set": { "browser": cookie(&new) } };
        Ok(self.sessions.update(filter, update).await?)
    }

    pub(crate) async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error> {
        let Some(session) = self.find_session(id).await? else {
            return Ok(false);
        };
        // A session's own end never changes.
        let over_at = Timestamp::from_seconds(integer(refresh_expires)).min(session.expires_at);
        let filter = doc! {
            "_id": id.to_string(),
            "browser": { "$exists": true },
            "over_at": { "$gt": date(now) },
        };
        let later = doc! {
            "last_used_at": date(now),
            "pair.refresh_expires": integer(refresh_expires),
            "over_at": date(over_at),
        };
        Ok(self
            .sessions
            .update(lasting(filter), doc! { "$max": later })
            .await?)
    }
}
