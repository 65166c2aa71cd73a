//! What an operator does to an account: the updates of `change.rs`, with other fields.

use model::{User, UserId};
use mongodb::bson::{Document, doc};
use storage::{Enabled, Error, FeedEntry, FeedRow, Moment};

use crate::Core;
use crate::document::{date, integer};
use crate::error::Failure;
use crate::users::TRIES;
use crate::users::change::untouched;
use crate::users::closings::{CLOSES, waits_as_read};
use crate::users::document::{read, unchanged};
use crate::users::switches;

/// What a revocation does to the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    /// The account is disabled.
    Off,
    /// Nothing.
    AsItIs,
}

impl Core {
    /// The next generation, with this switch; whatever was issued before is refused.
    pub(crate) async fn revoke_user(
        &self,
        id: &UserId,
        switch: Switch,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(id).await? else {
                return Ok(None);
            };
            let minimum = account.credentials.user.generation.next();
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Generation {
                    user: id.clone(),
                    minimum,
                    keep: None,
                },
                until: moment.feed_until,
            });
            let mut filter = untouched(&account);
            waits_as_read(&account.document, &mut filter);
            let mut set = doc! {
                "generation": integer(minimum.0),
                "portcullis_keep": Option::<String>::None,
                "updated_at": date(moment.now),
                "portcullis_pending": pending.to_bson(),
            };
            let mut update = Document::new();
            if switch == Switch::Off {
                set.insert(OURS, true);
                update.insert("$unset", doc! { CLOSES: "" });
            } else if let Some(at) = account.credentials.user.closes_at {
                let closes = doc! { "at": date(at), "generation": integer(minimum.0) };
                set.insert(CLOSES, closes);
            }
            update.insert("$set", set);
            let updated = self.users.updated(filter, update).await;
            if let Some(document) = updated.map_err(Error::from)? {
                self.outbox().finish(&account.id, &pending).await?;
                return Ok(Some(read(self.users.name, document)?.credentials.user));
            }
        }
        Err(Error::Busy)
    }

    /// Takes our switch back, or that the account waits to be deleted. A field of another application is its word, which it would go by whatever stood here:
    /// while one is off nothing is changed.
    pub(crate) async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(id).await? else {
                return Ok(Enabled::Gone);
            };
            if let Ok(Some(field)) = switches::off_but_for(&account.document, OURS) {
                return Ok(Enabled::HeldBy(field.to_owned()));
            }
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Changed(id.clone()),
                until: moment.feed_until,
            });
            let mut filter = untouched(&account);
            filter.insert(OURS, unchanged(&account.document, OURS));
            let update = doc! { "$set": {
                OURS: false,
                "updated_at": date(moment.now),
                "portcullis_pending": pending.to_bson(),
            }, "$unset": { CLOSES: "" } };
            match self.users.updated(filter, update).await {
                Ok(Some(document)) => {
                    self.outbox().finish(&account.id, &pending).await?;
                    // The other application may have switched it off meanwhile.
                    if let Ok(Some(field)) = switches::off(&document) {
                        return Ok(Enabled::HeldBy(field.to_owned()));
                    }
                    return Ok(Enabled::Done(
                        read(self.users.name, document)?.credentials.user,
                    ));
                }
                Ok(None) | Err(Failure::Duplicate) => {}
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        Err(Error::Busy)
    }
}

/// The field that is ours. Another application may have it, too, and mean the same.
pub(crate) const OURS: &str = "disabled";
