//! The schema, and how a file gets to it.

use std::fmt::Write as _;
use std::path::Path;

use model::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest as _, Sha256};
use storage::OpenError;

use crate::error::while_opening;

/// Says in the file's header whose it is: "PRTC".
const APPLICATION_ID: i64 = 0x5052_5443;

/// A step of the schema. Once it was released its text never changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// Its number: 1 and on, without gaps.
    pub(crate) version: i64,
    /// Its statements.
    pub(crate) sql: &'static str,
}

/// Every step, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../migrations/0001_accounts_sessions_feed.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../migrations/0002_rate_limits.sql"),
    },
    Migration {
        version: 3,
        sql: include_str!("../migrations/0003_login_attempts.sql"),
    },
    Migration {
        version: 4,
        sql: include_str!("../migrations/0004_browser_sessions.sql"),
    },
    Migration {
        version: 5,
        sql: include_str!("../migrations/0005_spent_tokens.sql"),
    },
    Migration {
        version: 6,
        sql: include_str!("../migrations/0006_worth_of_limits.sql"),
    },
    Migration {
        version: 7,
        sql: include_str!("../migrations/0007_handing.sql"),
    },
    Migration {
        version: 8,
        sql: include_str!("../migrations/0008_hash_kinds.sql"),
    },
    Migration {
        version: 9,
        sql: include_str!("../migrations/0009_released_names.sql"),
    },
    Migration {
        version: 10,
        sql: include_str!("../migrations/0010_sessions_with_cookies.sql"),
    },
    Migration {
        version: 11,
        sql: include_str!("../migrations/0011_tickets_records_effects.sql"),
    },
    Migration {
        version: 12,
        sql: include_str!("../migrations/0012_authentication.sql"),
    },
    Migration {
        version: 13,
        sql: include_str!("../migrations/0013_outbox.sql"),
    },
    Migration {
        version: 14,
        sql: include_str!("../migrations/0014_address_numbers.sql"),
    },
    Migration {
        version: 15,
        sql: include_str!("../migrations/0015_closings.sql"),
    },
    Migration {
        version: 16,
        sql: include_str!("../migrations/0016_lanes.sql"),
    },
    Migration {
        version: 17,
        sql: include_str!("../migrations/0017_second_factors.sql"),
    },
    Migration {
        version: 18,
        sql: include_str!("../migrations/0018_events.sql"),
    },
];

/// Whether the file lacks a step.
///
/// # Errors
/// When it is not ours, damaged, or was written by a later version.
pub(crate) fn is_pending(
    connection: &Connection,
    path: &Path,
    steps: &[Migration],
) -> Result<bool, OpenError> {
    let applied = applied(connection, path, steps)?;
    Ok(applied < steps.len())
}

/// Takes the file through the steps that it lacks, each in a transaction of its own.
///
/// # Errors
/// When it is not ours, damaged, was written by a later version, or can't be written.
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[Migration],
    now: Timestamp,
) -> Result<(), OpenError> {
    let failed = |error| while_opening(path, error);
    loop {
        // Looked at under the lock: a command and a server may open a new file at once.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let done = applied(&transaction, path, steps)?;
        let Some(step) = steps.get(done) else {
            return Ok(());
        };
        apply(&transaction, *step, now).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
}

fn apply(connection: &Connection, step: Migration, now: Timestamp) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
            version    INTEGER PRIMARY KEY,
            checksum   TEXT NOT NULL,
            applied_at INTEGER NOT NULL
        ) STRICT",
    )?;
    connection.execute_batch(step.sql)?;
    connection.execute(
        "INSERT INTO migrations (version, checksum, applied_at) VALUES (?1, ?2, ?3)",
        (step.version, checksum(step.sql), now.as_millis()),
    )?;
    Ok(())
}

/// How many of `steps` the file has, after a check that it has these and no others.
fn applied(connection: &Connection, path: &Path, steps: &[Migration]) -> Result<usize, OpenError> {
    let failed = |error| while_opening(path, error);
    if is_empty(connection).map_err(failed)? {
        return Ok(0);
    }
    let id: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    if id != APPLICATION_ID {
        let reason = "it belongs to another application".to_owned();
        return Err(OpenError::Corrupt {
            path: path.to_owned(),
            reason,
        });
    }
    let found = noted(connection).map_err(failed)?;
    let known = steps.last().map_or(0, |step| step.version);
    if let Some((newest, _)) = found.last().filter(|(newest, _)| *newest > known) {
        return Err(OpenError::NewerSchema {
            path: path.to_owned(),
            found: *newest,
            known,
        });
    }
    for (step, (version, sum)) in steps.iter().zip(&found) {
        if *version != step.version || *sum != checksum(step.sql) {
            let version = *version;
            return Err(OpenError::ForeignMigration {
                path: path.to_owned(),
                version,
            });
        }
    }
    Ok(found.len())
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)",
        (),
        |row| row.get(0),
    )
}

fn noted(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    connection
        .prepare("SELECT version, checksum FROM migrations ORDER BY version")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// SHA-256 in hexadecimal, the same whichever way lines end in the source tree.
fn checksum(sql: &str) -> String {
    let digest = Sha256::digest(sql.replace("\r\n", "\n"));
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
            text
        })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    const FIRST: Migration = Migration {
        version: 1,
        sql: "CREATE TABLE one (n INTEGER) STRICT;",
    };
    const SECOND: Migration = Migration {
        version: 2,
        sql: "CREATE TABLE two (n INTEGER) STRICT; INSERT INTO two SELECT n FROM one;",
    };
    const BROKEN: Migration = Migration {
        version: 2,
        sql: "CREATE TABLE two (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
    };

    fn file() -> (TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        let connection = Connection::open(&path).unwrap();
        (folder, path, connection)
    }

    fn tables(connection: &Connection) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map((), |row| row.get(0)).unwrap();
        names.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn an_older_file_gets_the_steps_that_it_lacks() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &[FIRST], NOW).unwrap();
        connection
            .execute("INSERT INTO one VALUES (7)", ())
            .unwrap();
        assert!(!is_pending(&connection, &path, &[FIRST]).unwrap());
        assert!(is_pending(&connection, &path, &[FIRST, SECOND]).unwrap());

        migrate(&mut connection, &path, &[FIRST, SECOND], NOW).unwrap();
        let kept: i64 = connection
            .query_row("SELECT n FROM two", (), |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 7);
        let applied = "SELECT count(*) FROM migrations WHERE applied_at = ?1";
        let applied: i64 = connection
            .query_row(applied, [NOW.as_millis()], |row| row.get(0))
            .unwrap();
        assert_eq!(applied, 2);
        // Once more does nothing.
        migrate(&mut connection, &path, &[FIRST, SECOND], NOW).unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &[FIRST], NOW).unwrap();
        migrate(&mut connection, &path, &[FIRST, BROKEN], NOW).unwrap_err();
        assert_eq!(tables(&connection), ["migrations", "one"]);
        migrate(&mut connection, &path, &[FIRST, SECOND], NOW).unwrap();
    }

    #[test]
    fn a_file_of_another_application_is_left_alone() {
        let (_folder, path, mut connection) = file();
        connection
            .execute("CREATE TABLE songs (title TEXT)", ())
            .unwrap();
        let error = migrate(&mut connection, &path, &[FIRST], NOW).unwrap_err();
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
        assert_eq!(tables(&connection), ["songs"]);
    }

    #[test]
    fn a_file_without_its_first_step_is_not_of_this_line() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &[FIRST, SECOND], NOW).unwrap();
        connection
            .execute("DELETE FROM migrations WHERE version = 1", ())
            .unwrap();
        let error = is_pending(&connection, &path, &[FIRST, SECOND]).unwrap_err();
        assert!(
            matches!(error, OpenError::ForeignMigration { version: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn the_kinds_of_hash_are_counted_once_and_then_kept() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &MIGRATIONS[..7], NOW).unwrap();
        let account = |connection: &Connection, name: &str, kind: Option<&str>| {
            let sql = "INSERT INTO users (id, username, username_key_version, email, email_verified, hash,
                hash_kind, generation, disabled, created_at, updated_at)
                VALUES (?1, ?1, 1, ?1, 0, 'hash', ?2, 0, 0, 0, 0)";
            connection.execute(sql, (name, kind)).unwrap();
        };
        for (name, kind) in [("a", Some("old")), ("b", Some("old")), ("c", None)] {
            account(&connection, name, kind);
        }
        migrate(&mut connection, &path, MIGRATIONS, NOW).unwrap();
        account(&connection, "d", Some("new"));
        connection
            .execute_batch(
                "UPDATE users SET hash_kind = 'new' WHERE id IN ('a', 'c');
                UPDATE users SET hash_kind = NULL WHERE id = 'd';
                DELETE FROM users WHERE id = 'b';",
            )
            .unwrap();
        let sql = "SELECT kind, accounts FROM hash_kinds ORDER BY kind";
        let mut statement = connection.prepare(sql).unwrap();
        let counts = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        let counts: Vec<(String, i64)> = counts.unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(counts, [("new".to_owned(), 2), ("old".to_owned(), 0)]);
    }

    #[test]
    fn what_the_feed_has_gets_its_effect_and_no_number_is_used_again() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &MIGRATIONS[..10], NOW).unwrap();
        let insert = "INSERT INTO feed (kind, subject, minimum, keep, until) VALUES
            ('token', 't', NULL, NULL, 7), ('session', 's', NULL, NULL, 7), ('generation', 'u', 3, 's', 7),
            ('closed', 'u', NULL, NULL, 7), ('changed', 'u', NULL, NULL, 7), ('token', 'swept', NULL, NULL, 1);
            DELETE FROM feed WHERE subject = 'swept'";
        connection.execute_batch(insert).unwrap();
        migrate(&mut connection, &path, MIGRATIONS, NOW).unwrap();

        let sql = "SELECT format('%d %s %s %s %s %d %s %s', n, kind, subject, ifnull(minimum, '-'),
            ifnull(keep, '-'), until, effect, concerns) FROM feed ORDER BY n";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        let rows: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        assert_eq!(
            rows,
            [
                "1 token t - - 7 refuse token",
                "2 session s - - 7 refuse session",
                "3 generation u 3 s 7 refuse user",
                "4 closed u - - 7 refuse user",
                "5 changed u - - 7 forget user",
            ]
        );
        let sql = "INSERT INTO feed (kind, subject, until) VALUES ('any', '', 7) RETURNING n";
        let next: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(next, 7);
    }

    #[test]
    fn an_empty_feed_goes_on_from_its_highest_number_too() {
        let (_folder, path, mut connection) = file();
        migrate(&mut connection, &path, &MIGRATIONS[..10], NOW).unwrap();
        let insert = "INSERT INTO feed (n, kind, subject, until) VALUES (41, 'token', 't', 7)";
        connection.execute(insert, ()).unwrap();
        connection.execute("DELETE FROM feed", ()).unwrap();
        migrate(&mut connection, &path, MIGRATIONS, NOW).unwrap();
        let sql = "INSERT INTO feed (kind, subject, until) VALUES ('any', '', 7) RETURNING n";
        let next: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(next, 42);
    }

    #[test]
    fn sessions_of_before_rest_on_a_password_when_they_were_opened() {
        let (_folder, path, mut connection) = file();
        let before = MIGRATIONS.iter().position(|step| step.version == 12);
        migrate(&mut connection, &path, &MIGRATIONS[..before.unwrap()], NOW).unwrap();
        connection
            .execute_batch(
                "INSERT INTO users (id, username, username_key_version, email, email_verified, hash,
                     generation, disabled, created_at, updated_at)
                 VALUES ('u', 'u', 1, 'u', 0, 'hash', 0, 0, 0, 0);
                 INSERT INTO sessions (id, user, generation, created_at, last_used_at, expires_at, over_at,
                     address, agent, access_jti, refresh_jti, access_csrf, refresh_csrf, issued_at,
                     access_expires, refresh_expires, rotated_at, cookie, cookie_fresh_until)
                 VALUES ('tokens', 'u', 0, 5000, 9000, 0, 0, '', '', '', '', '', '', 0, 0, 0, 0, NULL, NULL),
                     ('cookie', 'u', 0, 6000, 9000, 0, 0, '', '', '', '', '', '', 0, 0, 0, 0, zeroblob(32), 700250);",
            )
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS, NOW).unwrap();
        let sql = "SELECT id, methods || level || '@' || authenticated_at,
                cookie_methods || cookie_level || '@' || cookie_authenticated_at
            FROM sessions ORDER BY created_at";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let rows: Vec<(String, String, Option<String>)> =
            rows.unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            rows,
            [
                ("tokens".to_owned(), "pwd1@5000".to_owned(), None),
                (
                    "cookie".to_owned(),
                    "pwd1@6000".to_owned(),
                    Some("pwd1@100250".to_owned())
                ),
            ]
        );
    }

    #[test]
    fn released_steps_keep_their_text() {
        let sums: Vec<_> = MIGRATIONS.iter().map(|step| checksum(step.sql)).collect();
        assert_eq!(
            sums,
            [
                "2de3b4d5a64c39f50376b4b3d9ed38f01961f7cceb838c6756682605a94cf998",
                "26207f35f699f73d9faaf4bfb6ef67ba6d6a29f848173ad5da6794e9ba1fee50",
                "8762bd29b36af014f1350b3bf3ecca851bc3a9533737c32b15ff04fc444c506e",
                "7c2cfb0b85591ddca7efdcbf6e31dd1db1b96f04833124625e2100e08bcad531",
                "568616366854ceace5576a7699247d52700a048d33191c15f40a8553f2ad7487",
                "08bc53de21282414bbc5ae75eb8542b6b36bc225740d26eb9aec8f6240d1b69a",
                "44a61b7ed37165607210122132e9ac949f39556d946249d3b775ddad47698e80",
                "6a22bd4c3a97f0f3624a45796194eeba45bb93bd6b19034044b7b4856c4155e7",
                "b170e0a19bd21699b94439d4e33b690d66a4bd476cfd00b4ca0f088cbe6968a8",
                "2391427df565285ab752c0e8afc5b01a4bfedb285ce5acdb6cf92ef77086a70d",
                "a26e55ab11ea0fda4c58b2e25dc84169d3713c98dcd6699fd75d48dee16f45f4",
                "7f1dc3e7f1658081dbe339f65eac247a73231ab83a7b4059c2d147229a27a76c",
                "029d27a700afc0ab0a6db0032abd4d64d9edea8b5b174b3e6a64bc3586dbd959",
                "c2f6d698d3f1a5ee4757b719606c86cc4679d34c1e4f1a3892ad540c4fe5caae",
                "a584d70945e4df460a36248d89229c8e8d6e10baf1e9201ed94f05043376eb32",
                "15aad1bd3d3ef2c437ebae8eee28d7ac2ae4c52c13f18c9d2ecb06dcb89004b0",
                "c9de2a064120ee9c1cd8e4df866bc8633f3ca27f03652e64446084fa44123adf",
                "cf52f33ea23c93ec458bf3b6a4db6e9f50da6033c8788d538910b007064abefb",
            ]
        );
        assert_eq!(checksum("a;\r\nb;"), checksum("a;\nb;"));
    }
}
