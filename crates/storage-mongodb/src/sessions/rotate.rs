//! Using a refresh token: read, decide, and write only if nobody else has used one meanwhile.

use mongodb::bson::doc;
use storage::rotation::{Decision, decide};
use storage::{Error, Moment, Rotated, Rotation};

use crate::Core;
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
                    // The pair that was read must be the present one still, else someone else has
                    // decided, and there is another decision to make.
                    let filter = lasting(doc! {
                        "_id": renewed.id.to_string(),
                        "pair.refresh": rotation.presented.as_str(),
                    });
                    let mut set = to_document(&renewed);
                    set.remove("_id");
                    set.remove("browser"); // another one may stand there by now
                    if self.sessions.update(filter, doc! { "$set": set }).await? {
                        return Ok(Rotated::Renewed(*renewed));
                    }
                }
                Decision::Repeat => {
                    return Ok(session.map_or(Rotated::Refused, Rotated::Repeated));
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
}
