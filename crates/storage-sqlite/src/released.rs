//! Names and addresses that are reserved for who let go of them.

use model::{Timestamp, UserId};
use rusqlite::Connection;
use storage::{Error, Reservations, SaveUserError, UniqueField};

use crate::query::{execute, first};

const TABLE: &str = "released_names";

/// The keys of what an account is signed in to by.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) username: Option<String>,
    pub(crate) email: Option<String>,
}

impl Keys {
    pub(crate) fn name(&self) -> Option<(UniqueField, &str)> {
        Some((UniqueField::Username, self.username.as_deref()?))
    }

    pub(crate) fn address(&self) -> Option<(UniqueField, &str)> {
        Some((UniqueField::Email, self.email.as_deref()?))
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = (UniqueField, &str)> {
        self.name().into_iter().chain(self.address())
    }
}

pub(crate) fn keys_of(connection: &Connection, id: &UserId) -> Result<Keys, Error> {
    let sql = "SELECT username_key, email_key FROM users WHERE id = ?1";
    let keys = first(connection, "users", sql, [id.as_str()], |columns| {
        let key = |column| {
            let key: Option<String> = columns.get(column)?;
            Ok::<_, Error>(key.filter(|key| !key.is_empty()))
        };
        Ok(Keys {
            username: key("username_key")?,
            email: key("email_key")?,
        })
    });
    Ok(keys?.unwrap_or_default())
}

/// Refuses a name or an address that another account has let go of lately: as a taken one. A new account is `None`.
pub(crate) fn refuse_reserved(
    connection: &Connection,
    reservations: &Reservations,
    (field, key): (UniqueField, &str),
    account: Option<&UserId>,
    now: Timestamp,
) -> Result<(), SaveUserError> {
    for wanted in reservations.wanted(field, key, account) {
        let sql = "SELECT 1 FROM released_names WHERE name = ?1 AND owner <> ?2 AND until > ?3";
        let params = (&wanted.name, &wanted.owner, now.as_millis());
        if first(connection, TABLE, sql, params, |_| Ok(()))?.is_some() {
            return Err(SaveUserError::Taken(field));
        }
    }
    Ok(())
}

/// Reserves what `account` lets go of.
pub(crate) fn release(
    connection: &Connection,
    reservations: &Reservations,
    (field, key): (UniqueField, &str),
    account: &UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(released) = reservations.released(field, key, account) else {
        return Ok(());
    };
    let until = now.plus(Reservations::LIFETIME);
    execute(
        connection,
        "INSERT INTO released_names (name, owner, until) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until",
        (&released.name, &released.owner, until.as_millis()),
    )?;
    Ok(())
}

/// Until when the last reservation holds.
pub(crate) fn last_until(
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT until FROM released_names WHERE until > ?1 ORDER BY until DESC LIMIT 1";
    first(connection, TABLE, sql, [now.as_millis()], |columns| {
        columns.time("until")
    })
}

/// Removes at the most `limit` reservations that have run out, and says how many.
pub(crate) fn sweep(connection: &Connection, now: Timestamp, limit: u32) -> Result<usize, Error> {
    execute(
        connection,
        "DELETE FROM released_names WHERE name IN
         (SELECT name FROM released_names WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        (now.as_millis(), limit),
    )
}
