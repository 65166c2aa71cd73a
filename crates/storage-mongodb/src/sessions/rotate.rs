//! Using a refresh token: read, decide, and write only if nobody else has used one meanwhile.

use model::{Session, SessionId, Timestamp, TokenId};
use mongodb::bson::doc;
use storage::rotation::{Decision, decide};
use storage::{Error, Moment, Rotated, Rotation};

use crate::Core;
use crate::document::date;
use crate::sessions::document::{lasting, to_document};
use crate::users::TRIES;

impl Core {
    pub(crate) async fn rotate(
        &self,
        rotation: &Rotation,
        moment: Moment,
    ) -> Result<Rotated, Error> {
        for _ in 0..TRIES {
            let session = self.find_session(rotation.session).await?;
            let account = self.account(&rotation.user).await?;
            let user = account.map(|account| account.credentials.user);
            match decide(rotation, session.as_ref(), user.as_ref(), moment) {
                Decision::Renew(renewed) => {
                    if self.replace(session.as_ref(), &renewed).await? {
                        return Ok(Rotated::Renewed(*renewed));
                    }
                }
                Decision::RenewAccess(renewed) => {
                    if self.replace(session.as_ref(), &renewed).await? {
                        return Ok(Rotated::Repeated(*renewed));
                    }
                }
                Decision::Repeat => {
                    if let Some(session) = self.confirmed(session).await? {
                        return Ok(Rotated::Repeated(session));
                    }
                }
                Decision::End => {
                    self.end_all(&[rotation.session], moment).await?;
                    return Ok(Rotated::Replayed);
                }
                Decision::Refuse => return Ok(Rotated::Refused),
            }
        }
        Err(Error::Busy)
    }

    /// Writes `renewed` in place of the session that was read. Its pair must be the present one still, else
    /// someone else has decided, and there is another decision to make.
    async fn replace(&self, read: Option<&Session>, renewed: &Session) -> Result<bool, Error> {
        let Some(read) = read else {
            return Ok(false);
        };
        let filter = lasting(doc! {
            "_id": renewed.id.to_string(),
            "pair.refresh": read.pair.refresh.as_str(),
            "pair.access": read.pair.access.as_str(),
        });
        let mut set = to_document(renewed);
        set.remove("_id");
        set.remove("browser"); // another one may stand there by now
        Ok(self.sessions.update(filter, doc! { "$set": set }).await?)
    }

    /// Removes the mark, where it is that of this pair.
    pub(crate) async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: &TokenId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let filter = lasting(doc! {
            "_id": id.to_string(),
            "pair.refresh": refresh.as_str(),
            "handing": refresh.as_str(),
        });
        let update = doc! { "$set": { "rotated_at": date(now) }, "$unset": { "handing": "" } };
        Ok(self.sessions.update(filter, update).await?)
    }

    /// The session, when its present pair can't be lost any more.
    ///
    /// Another node may have written the pair a moment ago, at a primary that then loses its majority: what is read
    /// there is rolled back. A write that a majority confirms shows that everything written before it at the same
    /// primary is confirmed too; and when the pair is the same after it, it was written before. At another primary it
    /// is another pair, or it has come along.
    async fn confirmed(&self, session: Option<Session>) -> Result<Option<Session>, Error> {
        let Some(session) = session else {
            return Ok(None);
        };
        self.heartbeat.beat().await?;
        let now = self.find_session(session.id).await?;
        Ok(now.filter(|now| now.pair == session.pair && now.previous == session.previous))
    }
}
