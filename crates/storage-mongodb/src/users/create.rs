//! Making an account.

use std::time::Duration;

use model::User;
use mongodb::bson::{Bson, doc};
use storage::{Error, FeedEntry, FeedRow, NewUser, SaveUserError, UniqueField};

use crate::Core;
use crate::document::{date, integer};
use crate::error::Failure;
use crate::users::TRIES;
use crate::users::document::kind_of;
use crate::users::find::{exactly, has_old_keys};
use crate::users::released::{Claim, Finished};

/// How long tokens are refused of an account that was never told to exist.
const GONE_FOR: Duration = Duration::from_secs(86_400);

impl Core {
    /// One insertion: the unique indexes decide who gets a name or an address, unless it is reserved
    /// (`released.rs`).
    pub(crate) async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError> {
        let user = new.account();
        let id = Bson::String(user.id.as_str().to_owned());
        let username_key = new.username.key().as_str().to_owned();
        let email_key = new.email.key();
        let claim = Claim::new(
            &self.reservations,
            None,
            &[
                (UniqueField::Username, &username_key),
                (UniqueField::Email, &email_key),
            ],
            new.now,
        );
        // Should it have to go again, nobody has tokens of it that outlive a day. Nodes of the version before
        // know nothing of claims, and would finish an entry that closes it.
        let mut pending = self.pending(FeedRow {
            entry: FeedEntry::Changed(user.id.clone()),
            until: new.now.plus(GONE_FOR),
        });
        pending.claim = Some(claim.clone());
        let document = doc! {
            "_id": id.clone(),
            "username": user.username.as_deref(),
            "email": user.email.as_deref(),
            "password_hash": new.hash.expose(),
            "username_key": &username_key,
            "username_key_version": crate::users::keys::version(),
            "email_key": &email_key,
            "email_verified": user.email_verified,
            // Which address that is said of.
            "portcullis_verified": user.email.as_deref(),
            "hash_kind": kind_of(&new.hash),
            "generation": integer(user.generation.0),
            "disabled": user.disabled,
            "created_at": date(user.created_at),
            "updated_at": date(user.updated_at),
            "portcullis_pending": pending.to_bson(),
        };
        for _ in 0..TRIES {
            // An imported name without a key is in no unique index of ours.
            self.refuse_taken_name(&id, new.username.as_str(), &username_key)
                .await?;
            self.refuse_reserved(&claim).await?;
            match self.users.insert(document.clone()).await {
                Ok(()) => {
                    return match self.outbox().finish(&id, &pending).await? {
                        Finished::Kept => {
                            self.tally.changed(None, kind_of(&new.hash));
                            Ok(user)
                        }
                        Finished::Reserved(field) => Err(SaveUserError::Taken(field)),
                    };
                }
                Err(Failure::Duplicate) => {
                    self.refuse_taken_name(&id, new.username.as_str(), &username_key)
                        .await?;
                    self.refuse_taken_email(&id, new.email.as_str(), &email_key)
                        .await?;
                    // Whoever had it has let go of it, or the id itself is taken.
                    if self
                        .users
                        .first(doc! { "_id": id.clone() })
                        .await?
                        .is_some()
                    {
                        return Err(SaveUserError::Exists);
                    }
                }
                Err(Failure::Other(error)) => return Err(error.into()),
            }
        }
        Err(Error::Busy.into())
    }

    /// Refuses a name that another account has, by its key or exactly.
    pub(crate) async fn refuse_taken_name(
        &self,
        id: &Bson,
        name: &str,
        key: &str,
    ) -> Result<(), SaveUserError> {
        let same = [
            doc! { "username_key": key },
            doc! { "username": exactly(name) },
        ];
        self.refuse_if_found(id, &same, UniqueField::Username).await
    }

    /// Refuses an address that another account has.
    pub(crate) async fn refuse_taken_email(
        &self,
        id: &Bson,
        address: &str,
        key: &str,
    ) -> Result<(), SaveUserError> {
        let same = [doc! { "email_key": key }, doc! { "email": address }];
        self.refuse_if_found(id, &same, UniqueField::Email).await
    }

    async fn refuse_if_found(
        &self,
        id: &Bson,
        same: &[mongodb::bson::Document],
        field: UniqueField,
    ) -> Result<(), SaveUserError> {
        let filter = doc! { "_id": { "$ne": id }, "$or": same };
        for _ in 0..TRIES {
            match self.users.first(filter.clone()).await? {
                // Another application gave it another name: what it had is free.
                Some(holder) if has_old_keys(&holder) => self.renew_keys(&holder).await?,
                Some(_) => return Err(SaveUserError::Taken(field)),
                None => return Ok(()),
            }
        }
        Err(SaveUserError::Taken(field))
    }
}
