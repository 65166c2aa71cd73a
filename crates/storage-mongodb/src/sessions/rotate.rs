//! Using a refresh token: read, decide, and write only if nobody else has used one meanwhile.

use model::{Session, SessionId, Timestamp, TokenId};
use mongodb::bson::{Document, doc};
use storage::rotation::{Decision, decide};
use storage::{Error, Moment, Rotated, Rotation};
use tokio::time::Instant;

use crate::Core;
use crate::document::date;
use crate::sessions::document::{access_token, lasting, to_document};
use crate::users::TRIES;

impl Core {
    pub(crate) async fn rotate(
        &self,
        rotation: &Rotation,
        moment: Moment,
    ) -> Result<Rotated, Error> {
        let mut is_confirmed = false;
        for _ in 0..TRIES {
            let session = self.find_session(rotation.session).await?;
            let account = self.account(&rotation.user).await?;
            let user = account.map(|account| account.credentials.user);
            let rotation = &self.granted(rotation, session.as_ref(), moment);
            match decide(rotation, session.as_ref(), user.as_ref(), moment) {
                Decision::Renew(renewed) => {
                    let mut set = to_document(&renewed);
                    set.remove("_id");
                    for field in ["browser", "authentication"] {
                        set.remove(field); // another one may stand there by now
                    }
                    if self.update_as_read(session.as_ref(), set).await? {
                        return Ok(Rotated::Renewed(*renewed));
                    }
                }
                Decision::RenewAccess(renewed) => {
                    // And nothing else: the pair may be noted as handed out meanwhile.
                    let set = access_token(&renewed.pair);
                    if self.update_as_read(session.as_ref(), set).await? {
                        return Ok(Rotated::Repeated(*renewed));
                    }
                }
                Decision::Repeat => {
                    if let Some(session) = self.confirmed(session).await? {
                        return Ok(Rotated::Repeated(session));
                    }
                }
                Decision::End | Decision::Refuse if !is_confirmed => {
                    // A primary that was deposed may not know of the rotation that the client comes from, nor of
                    // its sign-in: only what is read after a write that a majority confirms says no.
                    self.heartbeat.beat().await?;
                    is_confirmed = true;
                }
                Decision::End => {
                    let mark = doc! { "ended": date(moment.feed_until) };
                    if self.update_as_read(session.as_ref(), mark).await? {
                        let ends = vec![(rotation.session, moment.feed_until)];
                        self.finish_ends(ends).await?;
                        return Ok(Rotated::Replayed);
                    }
                }
                Decision::Refuse => return Ok(Rotated::Refused),
            }
        }
        Err(Error::Busy)
    }

    /// The use of a token, with as much more grace as nobody could be served.
    fn granted(&self, rotation: &Rotation, read: Option<&Session>, moment: Moment) -> Rotation {
        let age = read.map(|session| moment.now.since(session.rotated_at));
        let outages = self.heartbeat.outages();
        let lost = age.map(|age| outages.within(age, Instant::now()));
        Rotation {
            grace: rotation.grace + lost.unwrap_or_default(),
            ..rotation.clone()
        }
    }

    /// Writes to the session that was read. Its pair must be the present one still, else someone else has decided,
    /// and there is another decision to make.
    async fn update_as_read(&self, read: Option<&Session>, set: Document) -> Result<bool, Error> {
        let Some(read) = read else {
            return Ok(false);
        };
        let filter = lasting(doc! {
            "_id": read.id.to_string(),
            "pair.refresh": read.pair.refresh.as_str(),
            "pair.access": read.pair.access.as_str(),
        });
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
