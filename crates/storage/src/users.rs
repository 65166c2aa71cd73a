//! Accounts.

use async_trait::async_trait;
use model::{
    AddressNumber, Credentials, EmailAddress, Generation, SessionId, Timestamp, User, UserId,
    Username,
};
use password::PasswordHash;

use crate::{AddressProof, Enabled, Error, ListUsersError, Moment, UserListing, UserPage};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Which account.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// Its address.
    pub email: EmailAddress,
    /// Whether its owner has proven the address.
    pub email_verified: bool,
    /// What its password is checked against.
    pub hash: PasswordHash,
    /// When it is made.
    pub now: Timestamp,
}

impl NewUser {
    /// What every new account begins as, whichever store keeps it.
    pub fn account(&self) -> User {
        User {
            id: self.id.clone(),
            username: Some(self.username.as_str().to_owned()),
            email: Some(self.email.as_str().to_owned()),
            email_verified: self.email_verified,
            address_number: AddressNumber(0),
            generation: Generation::default(),
            keep: None,
            disabled: false,
            is_invited: self.hash.is_not_chosen(),
            closes_at: None,
            second_factor: false,
            created_at: self.now,
            updated_at: self.now,
        }
    }
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

impl ProfileChange {
    /// What the change makes of `user`, whichever store keeps it. Of another address nobody has proven
    /// anything; another writing of it is another address.
    #[must_use]
    pub fn applied_to(&self, user: &User, now: Timestamp) -> User {
        let mut changed = user.clone();
        if let Some(username) = &self.username {
            changed.username = Some(username.as_str().to_owned());
        }
        if let Some(email) = &self.email {
            if user.email.as_deref() != Some(email.as_str()) {
                changed.email_verified = false;
                changed.address_number = user.address_number.next();
            }
            changed.email = Some(email.as_str().to_owned());
        }
        changed.updated_at = now;
        changed
    }
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
    /// What whoever changes it has proven by that, as by a link in a mail: the address counts as confirmed, and an account
    /// that waits to be deleted waits no more. If the account is no longer as this says, nothing happens.
    pub proven: Option<AddressProof>,
}

impl PasswordChange {
    /// Whether the account is still as this says. One that waits to be deleted is only for whoever proves its address.
    pub fn holds_for(&self, user: &User) -> bool {
        let waits = user.closes_at.is_some();
        let may = match &self.proven {
            None => !waits,
            Some(proof) => proof.holds_for(user) && !(waits && user.disabled),
        };
        user.generation == self.at && may
    }
}

/// What became of a [`PasswordChange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChanged {
    /// It is changed; every session but the kept one has ended.
    Changed,
    /// The account has left that generation, waits to be deleted and nobody has proven its address, or is gone: nothing
    /// happened.
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
    /// There is an account with this id: it has been made already.
    #[error("the account exists")]
    Exists,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Accounts and their password hashes.
#[async_trait]
pub trait Users: Send + Sync {
    /// Makes an account. Of several at once with one name, one address or one id, one succeeds.
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError>;

    /// The account with this id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, Error>;

    /// The account with this id, and its hash.
    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error>;

    /// The account that is meant by `name`: the one with exactly this name; else the one with its
    /// key, when exactly one has it; else the one with this address.
    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error>;

    /// Changes name and address; `None` when the account is gone, or waits to be deleted. What it had before is reserved for it.
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

    /// One update: the new hash, the next generation, and the session that is kept. An account that waits to be deleted is
    /// kept by whoever proves its address, unless it is disabled, too.
    async fn change_password(
        &self,
        change: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error>;

    /// Deletes the account and its sessions; `false` when it was gone. Its name and its address are reserved.
    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error>;

    /// One update: the next generation, no session is kept, and the account is disabled. All that was issued to it is
    /// refused from then on, also once it is enabled again; its sessions end. One that waits to be deleted
    /// ([`Closings`](crate::Closings)) waits no more. `None` when there is no such account.
    async fn disable_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error>;

    /// Takes back that the account is disabled, or waits to be deleted, and nothing else: what was issued to it before stays refused. Where
    /// another application has switched it off, by a field of its own, that stands.
    async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error>;

    /// One update: the next generation, and no session is kept. All that was issued to the account is refused from then on;
    /// its sessions end. `None` when there is no such account.
    async fn revoke_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error>;

    /// Some accounts, for an operator to look at. A listing that goes on from where it was meets each account once
    /// that is there all the time.
    async fn list_users(&self, listing: UserListing) -> Result<UserPage, ListUsersError>;

    /// The kinds of hash in the store, and how many accounts have each ([`password::Kind`] as text;
    /// hashes that can't be read are left out). It costs little, however many accounts there are. Where several
    /// processes serve one store the numbers may be a little old; which kinds there are is always as it is now.
    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_seconds(9)
    }

    fn verified() -> User {
        let new = NewUser {
            id: UserId::parse("u-1").unwrap(),
            username: Username::parse("alice").unwrap(),
            email: EmailAddress::parse("alice@example.org").unwrap(),
            email_verified: false,
            hash: PasswordHash::from("hash"),
            now: Timestamp::from_seconds(1),
        };
        let account = new.account();
        assert!(!account.email_verified && !account.disabled);
        User {
            email_verified: true,
            ..account
        }
    }

    fn to(address: &str) -> ProfileChange {
        ProfileChange {
            username: None,
            email: Some(EmailAddress::parse(address).unwrap()),
        }
    }

    #[test]
    fn another_address_is_not_verified_and_the_same_one_stays_so() {
        let alice = verified();
        let same = to("alice@example.org").applied_to(&alice, now());
        assert!(same.email_verified && same.updated_at == now());
        assert_eq!(same.address_number, AddressNumber(0));
        for other in ["alice@example.net", "ALICE@example.org"] {
            let changed = to(other).applied_to(&alice, now());
            assert!(!changed.email_verified);
            assert_eq!(changed.address_number, AddressNumber(1));
            assert_eq!(changed.email.as_deref(), Some(other));
        }
    }

    #[test]
    fn another_name_leaves_everything_else_as_it_was() {
        let alice = verified();
        let change = ProfileChange {
            username: Some(Username::parse("alicia").unwrap()),
            email: None,
        };
        let expected = User {
            username: Some("alicia".to_owned()),
            updated_at: now(),
            ..alice.clone()
        };
        assert!(change.applied_to(&alice, now()) == expected);
    }
}
