//! Short forms for statements whose rows are read with care.

use model::{SessionId, Timestamp, UserId};
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};
use storage::Error;

use crate::error::from_sqlite;

/// The columns of a row, each read by its name. What can't be read is said without its content.
pub(crate) struct Columns<'a> {
    table: &'static str,
    row: &'a Row<'a>,
}

impl Columns<'_> {
    /// A value as SQLite holds it.
    pub(crate) fn get<T: FromSql>(&self, column: &str) -> Result<T, Error> {
        self.row.get(column).map_err(|_| self.unreadable(column))
    }

    /// A number that is never negative.
    pub(crate) fn unsigned(&self, column: &str) -> Result<u64, Error> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| self.unreadable(column))
    }

    /// A point in time, kept as milliseconds.
    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, Error> {
        self.get(column).map(Timestamp::from_millis)
    }

    /// An account.
    pub(crate) fn user_id(&self, column: &str) -> Result<UserId, Error> {
        UserId::parse(self.get::<String>(column)?).map_err(|_| self.unreadable(column))
    }

    /// A session.
    pub(crate) fn session_id(&self, column: &str) -> Result<SessionId, Error> {
        self.optional_session_id(column)?
            .ok_or_else(|| self.unreadable(column))
    }

    /// A session, if there is one.
    pub(crate) fn optional_session_id(&self, column: &str) -> Result<Option<SessionId>, Error> {
        let text: Option<String> = self.get(column)?;
        let id = text.map(|text| SessionId::parse(&text)).transpose();
        id.map_err(|_| self.unreadable(column))
    }

    /// A text as it can be shown in a log, whatever stands there: as long as an id can be.
    pub(crate) fn shown(&self, column: &str) -> String {
        let value = self.row.get_ref(column).ok();
        let bytes = value.and_then(|value| value.as_bytes().ok());
        let text = String::from_utf8_lossy(bytes.unwrap_or_default());
        text.chars().take(128).collect()
    }

    /// The error that says that a column can't be read.
    pub(crate) fn unreadable(&self, column: &str) -> Error {
        Error::Unreadable {
            table: self.table,
            reason: format!("its {column} can't be read"),
        }
    }
}

/// Runs a statement and says how many rows it changed.
pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, Error> {
    let run = || connection.prepare_cached(sql)?.execute(params);
    run().map_err(from_sqlite)
}

/// Reads each row of `table` that a statement gives.
pub(crate) fn all<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Columns<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    let mut rows = statement.query(params).map_err(from_sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        found.push(read(&Columns { table, row })?);
    }
    Ok(found)
}

/// Looks at each row of `table` that a statement gives, however many there are.
pub(crate) fn each(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    mut look: impl FnMut(&Columns<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut statement = connection.prepare(sql).map_err(from_sqlite)?;
    let mut rows = statement.query(()).map_err(from_sqlite)?;
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        look(&Columns { table, row })?;
    }
    Ok(())
}

/// Reads the first row of `table` that a statement gives.
pub(crate) fn first<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Columns<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    let mut rows = statement.query(params).map_err(from_sqlite)?;
    let row = rows.next().map_err(from_sqlite)?;
    row.map(|row| read(&Columns { table, row })).transpose()
}

/// A number as SQLite can hold it: nothing of ours comes near the end of its range.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
