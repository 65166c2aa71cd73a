//! Accounts: the collection `users`, which a Flask application may have written, and may go on
//! writing.
//!
//! `_id`, `username`, `email` and `password_hash` are its fields, and stay readable for it. What
//! uniqueness needs stands beside them (`keys.rs`). Fields that say what is under way are called
//! `portcullis_…`: the application may well have a `pending` of its own.
//!
//! # Two documents, one change
//! A change that the feed must hear of puts what is to be told into the account's own document
//! (`portcullis_pending`), in the same update. Then it is appended to the feed, then cleared, then the caller is
//! answered. Whoever finds a `pending` that was left behind, because it wants to change the account
//! too or because it looks for such (`caretaker.rs`), finishes it first (`pending.rs`).

mod addresses;
mod change;
mod clashing;
mod closings;
mod create;
mod delete;
pub(crate) mod document;
mod examination;
mod factors;
mod find;
mod first;
mod keys;
mod kinds;
mod listing;
mod operator;
pub(crate) mod pending;
mod released;
mod switches;
mod takeover;

use std::sync::Arc;

use async_trait::async_trait;
use model::{AddressNumber, Credentials, Timestamp, User, UserId};
use password::PasswordHash;
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Addresses, Enabled, Error,
    Examination, ListUsersError, LoginName, Moment, NewUser, PasswordChange, PasswordChanged,
    ProfileChange, SaveUserError, UserListing, UserPage, Users,
};

use crate::MongoStore;

pub(crate) use document::unchanged;
pub(crate) use find::has_owner;
pub use keys::{Clash, ClashField};
pub(crate) use kinds::Tally;
use operator::Switch;

/// How often an operation that compares before it sets is tried before the store counts as busy.
pub(crate) const TRIES: u32 = 20;

#[async_trait]
impl Users for MongoStore {
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.create_user(new).await })
            .await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        let found = self.credentials(id).await?;
        Ok(found.map(|credentials| credentials.user))
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error> {
        let found = self.running.read(self.core.account(id)).await?;
        Ok(found.map(|account| account.credentials))
    }

    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error> {
        self.running.read(self.core.account_by_login(name)).await
    }

    async fn change_profile(
        &self,
        id: &UserId,
        change: ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.change_profile(&id, &change, moment).await })
            .await
    }

    async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        let (from, to) = (from.clone(), to.clone());
        self.running
            .write(async move { core.upgrade_hash(&id, &from, &to).await })
            .await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.change_password(&change, moment).await })
            .await
    }

    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.delete_user(&id, moment).await })
            .await
    }

    async fn disable_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.revoke_user(&id, Switch::Off, moment).await })
            .await
    }

    async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.enable_user(&id, moment).await })
            .await
    }

    async fn revoke_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let (core, id) = (Arc::clone(&self.core), id.clone());
        self.running
            .write(async move { core.revoke_user(&id, Switch::AsItIs, moment).await })
            .await
    }

    async fn list_users(&self, listing: UserListing) -> Result<UserPage, ListUsersError> {
        self.running.read(self.core.list_users(&listing)).await
    }

    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.hash_kinds().await })
            .await
    }
}

#[async_trait]
impl Addresses for MongoStore {
    async fn confirm_address(
        &self,
        proof: AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.confirm_address(&proof, moment).await })
            .await
    }

    async fn change_address(
        &self,
        change: AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.change_address(&change, moment).await })
            .await
    }

    async fn undo_address(
        &self,
        undo: AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.undo_address(&undo, moment).await })
            .await
    }

    async fn can_undo_address(
        &self,
        user: &UserId,
        change: AddressNumber,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let undoable = self.running.read(self.core.undoable(user)).await?;
        Ok(undoable.has(change, now))
    }
}

impl MongoStore {
    /// Looks at every account, as each start does: who can't be read, who has no hash, and which fields of
    /// another application say that accounts are switched off, or may say it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn examine(&self) -> Result<Examination, Error> {
        self.running.read(self.core.examine()).await
    }

    /// Accounts of another application that share a name, an address or the text of their `_id`
    /// with another one. They are served by their exact name; who is meant otherwise is nobody's
    /// guess.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clashes(&self) -> Result<Vec<Clash>, Error> {
        self.running.read(self.core.clashes()).await
    }
}
