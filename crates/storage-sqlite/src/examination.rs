//! Looking once at every account, at the start of a server: somebody may have written rows by hand.
//!
//! What can't be read is reported. What stands beside a name, an address and a hash for our own use, and is
//! easily forgotten, is set right: the keys by which names and addresses are unique, and what checking the
//! hash costs.

use model::{Credentials, EmailAddress, UsernameKey};
use rusqlite::Connection;
use storage::{Error, Examination};

use crate::error::from_sqlite;
use crate::query::{Columns, each, execute, integer};
use crate::users::{kind_of, read};

/// What is right in a column: none is NULL.
struct Right(Option<String>);

/// What is to be set right of an account, each only where something else stands there.
struct Stale {
    id: String,
    /// The key of its name: none for what can be no name of ours.
    username_key: Option<Right>,
    /// The key of its address, likewise.
    email_key: Option<Right>,
    /// The kind of its hash.
    kind: Option<Right>,
}

/// Looks at every account, and sets right what stands beside what somebody wrote.
pub(crate) fn examine(connection: &Connection) -> Result<Examination, Error> {
    let mut found = Examination::default();
    let mut stale = Vec::new();
    let sql = "SELECT *, EXISTS (SELECT 1 FROM second_factors WHERE user = id) AS second_factor FROM users";
    each(connection, "users", sql, |columns| {
        let read = read(columns);
        if let Ok(credentials) = &read {
            stale.extend(Stale::of(columns, credentials));
        }
        found.note(read)
    })?;
    let transaction = connection.unchecked_transaction().map_err(from_sqlite)?;
    // Of all of them first: one may have what is another's. Who has the right key keeps it.
    for account in &stale {
        account.release(&transaction)?;
    }
    for account in &stale {
        account.set_right(&transaction)?;
    }
    transaction.commit().map_err(from_sqlite)?;
    Ok(found)
}

impl Stale {
    fn of(columns: &Columns<'_>, Credentials { user, hash }: &Credentials) -> Option<Self> {
        let unless_noted = |column, value: Option<String>| {
            let noted = columns.get::<Option<String>>(column).ok();
            (noted.as_ref() != Some(&value)).then_some(Right(value))
        };
        let name = user.username.as_deref().and_then(UsernameKey::of_login);
        let address = user.email.as_deref();
        let address = address.and_then(|address| EmailAddress::parse(address).ok());
        let stale = Self {
            id: user.id.to_string(),
            username_key: unless_noted("username_key", name.map(|key| key.as_str().to_owned())),
            email_key: unless_noted("email_key", address.map(|address| address.key())),
            kind: unless_noted("hash_kind", kind_of(hash)),
        };
        let is_stale =
            stale.username_key.is_some() || stale.email_key.is_some() || stale.kind.is_some();
        is_stale.then_some(stale)
    }

    /// Lets go of keys that are not the account's.
    fn release(&self, connection: &Connection) -> Result<(), Error> {
        if self.username_key.is_some() {
            let sql = "UPDATE users SET username_key = NULL WHERE id = ?1";
            execute(connection, sql, [&self.id])?;
        }
        if self.email_key.is_some() {
            let sql = "UPDATE users SET email_key = NULL WHERE id = ?1";
            execute(connection, sql, [&self.id])?;
        }
        Ok(())
    }

    /// Writes what is the account's. A key that another one has stays with that.
    fn set_right(&self, connection: &Connection) -> Result<(), Error> {
        let id = &self.id;
        if let Some(Right(key)) = &self.username_key {
            let sql = "UPDATE OR IGNORE users SET username_key = ?2, username_key_version = ?3
                WHERE id = ?1";
            let version = integer(UsernameKey::VERSION);
            if execute(connection, sql, (id, key, version))? == 0 {
                tracing::warn!(
                    account = id,
                    "an account has a name like another's, and is found by it in exactly that form only"
                );
            }
        }
        if let Some(Right(key)) = &self.email_key {
            let sql = "UPDATE OR IGNORE users SET email_key = ?2 WHERE id = ?1";
            if execute(connection, sql, (id, key))? == 0 {
                tracing::warn!(
                    account = id,
                    "an account has the address of another one, and is not found by it"
                );
            }
        }
        if let Some(Right(kind)) = &self.kind {
            let sql = "UPDATE users SET hash_kind = ?2 WHERE id = ?1";
            execute(connection, sql, (id, kind))?;
        }
        Ok(())
    }
}
