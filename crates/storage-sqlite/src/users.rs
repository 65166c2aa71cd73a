//! Accounts.

use std::sync::Arc;

use async_trait::async_trait;
use model::{AddressNumber, Credentials, Generation, Timestamp, User, UserId, UsernameKey};
use password::PasswordHash;
use rusqlite::{Connection, named_params};
use storage::{
    Enabled, Error, FeedEntry, ListUsersError, LoginName, Moment, NewUser, PasswordChange,
    PasswordChanged, ProfileChange, Reservations, SaveUserError, UniqueField, UserListing,
    UserPage, Users,
};

use crate::SqliteStore;
use crate::query::{Columns, all, execute, first, integer};
use crate::released::{keys_of, refuse_reserved, release};
use crate::writer::Change;
use crate::{closings, operator, sessions};

pub(crate) const TABLE: &str = "users";

/// The columns of an account and its hash.
macro_rules! columns {
    () => {
        "id, username, email, email_verified, address_number, generation, keep, disabled, closes_at, created_at, updated_at, hash, \
         EXISTS (SELECT 1 FROM second_factors WHERE user = id) AS second_factor"
    };
}
pub(crate) use columns;

#[async_trait]
impl Users for SqliteStore {
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError> {
        let reservations = Arc::clone(&self.reservations);
        self.writer
            .write(move |change| create(change.connection(), &new, &reservations))
            .await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        Ok(self
            .credentials(id)
            .await?
            .map(|credentials| credentials.user))
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error> {
        let id = id.clone();
        self.readers
            .read(move |connection| find(connection, &id))
            .await
    }

    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error> {
        let name = name.clone();
        self.readers
            .read(move |connection| find_by_login(connection, &name))
            .await
    }

    async fn change_profile(
        &self,
        id: &UserId,
        profile: ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let (id, reservations) = (id.clone(), Arc::clone(&self.reservations));
        self.writer
            .write(move |change| change_profile(change, &id, &profile, &reservations, moment))
            .await
    }

    async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error> {
        let (id, from, to) = (id.clone(), from.clone(), to.clone());
        self.writer
            .write(move |change| {
                let changed = execute(
                    change.connection(),
                    "UPDATE users SET hash = ?3, hash_kind = ?4 WHERE id = ?1 AND hash = ?2",
                    (id.as_str(), from.expose(), to.expose(), kind_of(&to)),
                )?;
                Ok(changed == 1)
            })
            .await
    }

    async fn change_password(
        &self,
        password: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error> {
        self.writer
            .write(move |change| change_password(change, password, moment))
            .await
    }

    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        let (id, deleting) = (id.clone(), self.deleting());
        self.writer
            .write(move |change| closings::delete(change, id, &deleting, moment))
            .await
    }

    async fn disable_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let id = id.clone();
        self.writer
            .write(move |change| operator::revoke(change, &id, Some(true), moment))
            .await
    }

    async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error> {
        let id = id.clone();
        self.writer
            .write(move |change| operator::enable(change, &id, moment))
            .await
    }

    async fn revoke_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let id = id.clone();
        self.writer
            .write(move |change| operator::revoke(change, &id, None, moment))
            .await
    }

    async fn list_users(&self, listing: UserListing) -> Result<UserPage, ListUsersError> {
        self.readers
            .read(move |connection| operator::list(connection, &listing))
            .await
            .map_err(ListUsersError::from)
    }

    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        self.readers
            .read(|connection| {
                all(
                    connection,
                    TABLE,
                    // Triggers keep them, in the transaction of each change.
                    "SELECT kind, accounts FROM hash_kinds WHERE accounts > 0 ORDER BY kind",
                    (),
                    |columns| Ok((columns.get("kind")?, columns.unsigned("accounts")?)),
                )
            })
            .await
    }
}

/// The account with this id, and its hash.
pub(crate) fn find(connection: &Connection, id: &UserId) -> Result<Option<Credentials>, Error> {
    let sql = concat!("SELECT ", columns!(), " FROM users WHERE id = ?1");
    first(connection, TABLE, sql, [id.as_str()], read)
}

/// Whether the account is there that something goes with, if it goes with one.
pub(crate) fn has_owner(connection: &Connection, owner: Option<&UserId>) -> Result<bool, Error> {
    let Some(owner) = owner else {
        return Ok(true);
    };
    let sql = "SELECT 1 FROM users WHERE id = ?1";
    let found = first(connection, TABLE, sql, [owner.as_str()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// One statement, whatever was typed, so that it takes the same time.
fn find_by_login(connection: &Connection, name: &LoginName) -> Result<Option<Credentials>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM (
            SELECT 1 AS choice, * FROM users WHERE username = ?1 AND ?1 <> ''
            UNION ALL SELECT 2, * FROM users WHERE username_key = ?2
            UNION ALL SELECT 3, * FROM users WHERE email_key = ?3
        ) ORDER BY choice LIMIT 1"
    );
    first(
        connection,
        TABLE,
        sql,
        (&name.exact, &name.username_key, &name.email_key),
        read,
    )
}

fn create(
    connection: &Connection,
    new: &NewUser,
    reservations: &Reservations,
) -> Result<User, SaveUserError> {
    let user = new.account();
    if find(connection, &user.id)?.is_some() {
        return Err(SaveUserError::Exists);
    }
    let (username_key, email_key) = (new.username.key(), new.email.key());
    let name = (UniqueField::Username, username_key.as_str());
    refuse_taken_name(connection, &user, &username_key)?;
    refuse_reserved(connection, reservations, name, None, new.now)?;
    refuse_taken_email(connection, &user, &email_key)?;
    let email = (UniqueField::Email, &*email_key);
    refuse_reserved(connection, reservations, email, None, new.now)?;
    execute(
        connection,
        "INSERT INTO users (id, username, username_key, username_key_version, email, email_key,
             email_verified, hash, hash_kind, generation, keep, disabled, created_at, updated_at)
         VALUES (:id, :username, :username_key, :username_key_version, :email, :email_key,
             :email_verified, :hash, :hash_kind, :generation, :keep, :disabled, :created_at,
             :updated_at)",
        named_params! {
            ":id": user.id.as_str(),
            ":username": user.username,
            ":username_key": username_key.as_str(),
            ":username_key_version": integer(UsernameKey::VERSION),
            ":email": user.email,
            ":email_key": email_key,
            ":email_verified": user.email_verified,
            ":hash": new.hash.expose(),
            ":hash_kind": kind_of(&new.hash),
            ":generation": integer(user.generation.0),
            ":keep": user.keep.map(|keep| keep.to_string()),
            ":disabled": user.disabled,
            ":created_at": user.created_at.as_millis(),
            ":updated_at": user.updated_at.as_millis(),
        },
    )?;
    Ok(user)
}

fn change_profile(
    change: &mut Change<'_>,
    id: &UserId,
    profile: &ProfileChange,
    reservations: &Reservations,
    moment: Moment,
) -> Result<Option<User>, SaveUserError> {
    let connection = change.connection();
    let found = find(connection, id)?;
    let Some(Credentials { user, .. }) = found.filter(|it| it.user.closes_at.is_none()) else {
        return Ok(None);
    };
    let user = profile.applied_to(&user, moment.now);
    let before = keys_of(connection, id)?;
    let mut released = Vec::new();
    // Both are checked before either is written: of two conflicts the name is named.
    if let Some(username) = &profile.username {
        let key = username.key();
        refuse_taken_name(connection, &user, &key)?;
        if before.username.as_deref() != Some(key.as_str()) {
            let name = (UniqueField::Username, key.as_str());
            refuse_reserved(connection, reservations, name, Some(id), moment.now)?;
            released.extend(before.name());
        }
    }
    if let Some(email) = &profile.email {
        let key = email.key();
        refuse_taken_email(connection, &user, &key)?;
        if before.email.as_deref() != Some(&*key) {
            let address = (UniqueField::Email, &*key);
            refuse_reserved(connection, reservations, address, Some(id), moment.now)?;
            released.extend(before.address());
        }
    }
    for held in released {
        release(connection, reservations, held, id, moment.now)?;
    }
    execute(
        connection,
        "UPDATE users SET username = :username, email = :email, email_verified = :email_verified,
             address_number = :address_number,
             username_key = coalesce(:username_key, username_key),
             username_key_version = coalesce(:username_key_version, username_key_version),
             email_key = coalesce(:email_key, email_key), updated_at = :updated_at
         WHERE id = :id",
        named_params! {
            ":id": user.id.as_str(),
            ":username": user.username.as_deref().unwrap_or_default(),
            ":username_key": profile.username.as_ref().map(|name| name.key().as_str().to_owned()),
            ":username_key_version":
                profile.username.as_ref().map(|_| integer(UsernameKey::VERSION)),
            ":email": user.email.as_deref().unwrap_or_default(),
            ":email_key": profile.email.as_ref().map(model::EmailAddress::key),
            ":email_verified": user.email_verified,
            ":address_number": integer(user.address_number.0),
            ":updated_at": user.updated_at.as_millis(),
        },
    )?;
    change.tell(FeedEntry::Changed(id.clone()), moment.feed_until)?;
    Ok(Some(user))
}

fn change_password(
    change: &mut Change<'_>,
    password: PasswordChange,
    moment: Moment,
) -> Result<PasswordChanged, Error> {
    let found = find(change.connection(), &password.user)?;
    if !found.is_some_and(|found| password.holds_for(&found.user)) {
        return Ok(PasswordChanged::Superseded);
    }
    let PasswordChange {
        user,
        at,
        hash,
        keep,
        proven,
    } = password;
    let minimum = at.next();
    let changed = execute(
        change.connection(),
        "UPDATE users SET hash = :hash, hash_kind = :hash_kind, generation = :minimum,
             keep = :keep, updated_at = :now, email_verified = email_verified OR :proven,
             closes_at = NULL
         WHERE id = :id AND generation = :at",
        named_params! {
            ":id": user.as_str(),
            ":at": integer(at.0),
            ":minimum": integer(minimum.0),
            ":hash": hash.expose(),
            ":hash_kind": kind_of(&hash),
            ":keep": keep.map(|keep| keep.to_string()),
            ":proven": proven.is_some(),
            ":now": moment.now.as_millis(),
        },
    )?;
    if changed == 0 {
        return Ok(PasswordChanged::Superseded);
    }
    sessions::delete_of(change.connection(), &user, keep)?;
    change.tell(
        FeedEntry::Generation {
            user,
            minimum,
            keep,
        },
        moment.feed_until,
    )?;
    Ok(PasswordChanged::Changed)
}

/// Refuses a name that another account has, by its key or, where that has none, exactly.
fn refuse_taken_name(
    connection: &Connection,
    user: &User,
    key: &UsernameKey,
) -> Result<(), SaveUserError> {
    let sql = "SELECT 1 FROM users WHERE (username_key = ?2 OR username = ?3) AND id <> ?1 LIMIT 1";
    let params = (user.id.as_str(), key.as_str(), &user.username);
    refuse_if_found(
        first(connection, TABLE, sql, params, |_| Ok(()))?,
        UniqueField::Username,
    )
}

pub(crate) fn refuse_taken_email(
    connection: &Connection,
    user: &User,
    key: &str,
) -> Result<(), SaveUserError> {
    let sql = "SELECT 1 FROM users WHERE email_key = ?2 AND id <> ?1 LIMIT 1";
    let params = (user.id.as_str(), key);
    refuse_if_found(
        first(connection, TABLE, sql, params, |_| Ok(()))?,
        UniqueField::Email,
    )
}

fn refuse_if_found(found: Option<()>, field: UniqueField) -> Result<(), SaveUserError> {
    found.map_or(Ok(()), |()| Err(SaveUserError::Taken(field)))
}

/// The kind of a hash, as text; none for one that can't be read.
pub(crate) fn kind_of(hash: &PasswordHash) -> Option<String> {
    hash.kind().ok().map(|kind| kind.to_string())
}

/// Reads an account. Somebody may have written it by hand: one that can't be read is an error that names
/// it, and one without a name, an address or a hash has an empty one.
pub(crate) fn read(columns: &Columns<'_>) -> Result<Credentials, Error> {
    read_columns(columns).map_err(|error| match error {
        Error::Unreadable { reason, .. } => Error::UnreadableAccount {
            account: columns.shown("id"),
            reason,
        },
        error => error,
    })
}

fn read_columns(columns: &Columns<'_>) -> Result<Credentials, Error> {
    let given = |column| {
        Ok::<_, Error>(Some(columns.get::<String>(column)?).filter(|text| !text.is_empty()))
    };
    let hash = PasswordHash::from_stored(columns.get::<String>("hash")?);
    let user = User {
        id: columns.user_id("id")?,
        username: given("username")?,
        email: given("email")?,
        email_verified: columns.get("email_verified")?,
        address_number: AddressNumber(columns.unsigned("address_number")?),
        generation: Generation(columns.unsigned("generation")?),
        keep: columns.optional_session_id("keep")?,
        disabled: columns.get("disabled")?,
        is_invited: hash.is_not_chosen(),
        closes_at: columns
            .get::<Option<i64>>("closes_at")?
            .map(Timestamp::from_millis),
        second_factor: columns.get("second_factor")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
    };
    Ok(Credentials { user, hash })
}
