//! Connections: how each is opened and set.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// How long a connection waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages kept in memory by a connection, in KiB: negative, as SQLite wants it for KiB. Rows are read
/// by key, so that more would hardly be hit; and an idle server is to stay small.
const CACHE_KIB: i64 = -512;

/// Statements kept prepared by a connection: more than there are kinds of statement.
const STATEMENTS: usize = 96;

/// A connection that may write, within `max_pages` if there is such a bound. The file exists, and no part of its path
/// is a link.
pub(crate) fn writing(path: &Path, max_pages: Option<u32>) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Each commit waits until it is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    if let Some(pages) = max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

/// A connection that can't write. Someone else has the file open for writing, so that the files
/// beside it are there.
pub(crate) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // No SQLITE_OPEN_URI: a path is a path. No mutex: each connection stays in its thread. No links: what was looked
    // at before is what is opened.
    let flags = access
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A file that was tampered with runs no function of its own and hides no damage.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(connection: &Connection, name: &str) -> i64 {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_commit_waits_for_the_disk_and_a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        let path = crate::files::create(&path).unwrap();
        let writer = writing(&path, None).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute("CREATE TABLE one (n INTEGER)", ()).unwrap();
        let full = 2;
        assert_eq!(setting(&writer, "synchronous"), full);
        assert_eq!(setting(&writer, "foreign_keys"), 1);
        let reader = reading(&path).unwrap();
        reader
            .execute("INSERT INTO one VALUES (1)", ())
            .unwrap_err();
        for connection in [writer, reader] {
            assert_eq!(setting(&connection, "trusted_schema"), 0);
            assert_eq!(setting(&connection, "cache_size"), CACHE_KIB);
        }
    }
}
