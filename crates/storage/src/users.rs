//! Accounts.

use async_trait::async_trait;
use model::{Credentials, EmailAddress, Generation, SessionId, Timestamp, User, UserId, Username};
use password::PasswordHash;

use crate::{Error, Moment};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Which account.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// Its address.
    pub email: EmailAddress,
    /// What its password is checked against.
    pub hash: PasswordHash,
    /// When it is made.
    pub now: Timestamp,
}

/// What someone typed to say who they are, in each form that it could be meant.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LoginName {
    /// As it was typed.
    pub exact: String,
    /// The key of the name, when it can be one.
    pub username_key: Option<String>,
    /// The key of the address, when it can be one.
    pub email_key: Option<String>,
}

impl std::fmt::Debug for LoginName {
    /// What was typed may be an address, or a password in the wrong field: neither reaches a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginName([redacted])")
    }
}

/// A new name, a new address or both.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The new name.
    pub username: Option<Username>,
    /// The new address; it counts as not verified.
    pub email: Option<EmailAddress>,
}

/// A new password.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose.
    pub user: UserId,
    /// The generation at which the old password was verified: if the account has left it, someone
    /// else changed the password in between, and nothing happens.
    pub at: Generation,
    /// What the new password is checked against.
    pub hash: PasswordHash,
    /// The session that lives on.
    pub keep: Option<SessionId>,
}

/// What became of a [`PasswordChange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChanged {
    /// It is changed; every session but the kept one has ended.
    Changed,
    /// The account has left that generation, or is gone: nothing happened.
    Superseded,
}

/// A field that no two accounts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueField {
    /// The name, by its key.
    Username,
    /// The address, by its key.
    Email,
}

/// Why an account could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveUserError {
    /// Another account has it, or has let go of it lately ([`Reservations`](crate::Reservations)). When both
    /// are taken, the name is named.
    #[error("{0:?} is taken")]
    Taken(UniqueField),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Accounts and their password hashes.
#[async_trait]
pub trait Users: Send + Sync {
    /// Makes an account. Of several at once with one name or address, one succeeds.
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError>;

    /// The account with this id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, Error>;

    /// The account with this id, and its hash.
    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error>;

    /// The account that is meant by `name`: the one with exactly this name; else the one with its
    /// key, when exactly one has it; else the one with this address.
    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error>;

    /// Changes name and address; `None` when the account is gone. What it had before is reserved for it.
    async fn change_profile(
        &self,
        id: &UserId,
        change: ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError>;

    /// Replaces the hash `from` by `to` for the same password, when it is still `from`. The generation
    /// stays.
    async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error>;

    /// One update: the new hash, the next generation, and the session that is kept.
    async fn change_password(
        &self,
        change: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error>;

    /// Deletes the account and its sessions; `false` when it was gone. Its name and its address are reserved.
    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error>;

    /// The kinds of hash in the store, and how many accounts have each ([`password::Kind`] as text;
    /// hashes that can't be read are left out). It costs little, however many accounts there are. Where several
    /// processes serve one store the numbers may be a little old; which kinds there are is always as it is now.
    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error>;
}
