//! Accounts that wait to be deleted: their owners want it, and may come back until it is done.

use async_trait::async_trait;
use model::{Generation, Timestamp, User, UserId};

use crate::{Error, Moment};

/// An account is to be deleted.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Which.
    pub user: UserId,
    /// The generation of the account when its owner asked for it: if it has left that, nothing happens.
    pub at: Generation,
    /// When it is deleted.
    pub until: Timestamp,
}

/// Accounts that wait to be deleted.
///
/// While one waits nothing of it changes. Two things take the deletion back by that: the address by
/// [`Addresses::undo_address`](crate::Addresses::undo_address), and a new password
/// ([`Users::change_password`](crate::Users::change_password)) of whoever has proven the address. An operator takes it back by
/// disabling the account, which then is disabled and nothing else, and by enabling it. The generation names a closing: each
/// begins another.
#[async_trait]
pub trait Closings: Send + Sync {
    /// One update: the next generation, no session is kept, and when the account is to be deleted. All that was issued to it is
    /// refused from then on; its sessions end. `None` when it has left the generation, is disabled, waits already or is
    /// gone. Of several at once one closes it.
    async fn close_user(&self, closing: Closing, moment: Moment) -> Result<Option<User>, Error>;

    /// Keeps an account that waited in this generation; one that is in use already stays so. What was issued before stays
    /// refused. `None` when it has left the generation, is disabled or is gone.
    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error>;

    /// Some accounts that are to be deleted by `now`, those first that are due the longest.
    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error>;

    /// Deletes an account that waited in this generation and is due, as [`Users::delete_user`](crate::Users::delete_user) does;
    /// `false` when it was kept, or deleted by another.
    async fn delete_due_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<bool, Error>;
}
