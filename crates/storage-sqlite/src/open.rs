//! Opening a file and starting its threads.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use model::Timestamp;
use rusqlite::Connection;
use storage::{Error, EventKeys, OpenError, Reservations, Sinks};
use tokio::sync::watch;

use crate::error::{from_io, while_opening};
use crate::examination::examine;
use crate::follower::Follower;
use crate::migrate::{MIGRATIONS, Migration, is_pending, migrate};
use crate::queue::Queue;
use crate::readers::{self, Readers, Reading};
use crate::writer::{self, Health, Writer, WriterThread};
use crate::{SqliteStore, connect, files};

/// Listeners that may wait to be added.
const FOLLOWS_WAITING: usize = 16;

/// Who opens the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A server: the only one on this file.
    Server,
    /// A command, which may run beside a server.
    Command,
}

/// How a file is opened.
#[derive(Clone, Debug)]
pub struct Options {
    role: Role,
    now: Timestamp,
    reservations: Reservations,
    event_keys: EventKeys,
    pub(crate) migrations: &'static [Migration],
    pub(crate) max_pages: Option<u32>,
}

impl Options {
    /// Opens as `role`; a change of the schema is noted as made at `now`.
    pub fn new(role: Role, now: Timestamp) -> Self {
        Self {
            role,
            now,
            reservations: Reservations::default(),
            event_keys: EventKeys::default(),
            migrations: MIGRATIONS,
            max_pages: None,
        }
    }

    /// Recognizes names that accounts have let go of by these keys, as every server must.
    #[must_use]
    pub fn with_reservations(mut self, reservations: Reservations) -> Self {
        self.reservations = reservations;
        self
    }

    /// Chains what happens to accounts with these keys, as every server must.
    #[must_use]
    pub fn with_event_keys(mut self, keys: EventKeys) -> Self {
        self.event_keys = keys;
        self
    }

    /// Bounds the file: what does not fit fails as on a full disk. A page has 4,096 bytes.
    #[must_use]
    pub fn with_max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }
}

impl SqliteStore {
    /// Opens the file at `path`, which is made if it is missing, with its folder.
    ///
    /// This blocks: it is for the start of a process.
    ///
    /// # Errors
    /// [`OpenError`] says what its operator can do. A command that would have to change the schema is
    /// refused while a server has the file ([`OpenError::InUse`]).
    pub fn open(path: &Path, options: &Options) -> Result<Arc<Self>, OpenError> {
        let path = files::create(path)?;
        let lock = match options.role {
            Role::Server => Some(files::lock(&path)?),
            Role::Command => None,
        };
        let connection = prepare(&path, options, lock.is_some())?;
        if lock.is_some() {
            match examine(&connection) {
                Ok(found) => found.report(),
                Err(error) => {
                    tracing::warn!(%error, "accounts that can't be read could not be looked for");
                }
            }
        }
        start(path, options, connection, lock)
    }

    /// Whether the files at `path` are their owner's alone, or can be made so, without opening or changing any.
    /// Where there are none, nothing is wrong.
    ///
    /// # Errors
    /// [`OpenError::NotPrivate`], and those of the file system.
    pub fn check(path: &Path) -> Result<(), OpenError> {
        files::check(path)
    }
}

/// A connection to a file that has the present schema.
fn prepare(path: &Path, options: &Options, locked: bool) -> Result<Connection, OpenError> {
    let failed = |error| while_opening(path, error);
    let mut connection = connect::writing(path, options.max_pages).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(OpenError::ReadOnly {
            path: path.to_owned(),
        });
    }
    // Looked at before the first change, so that a file of someone else is left as it is.
    if is_pending(&connection, path, options.migrations)? {
        let _lock = if locked {
            None
        } else {
            Some(files::lock(path)?)
        };
        log_ahead(&connection, path)?;
        migrate(&mut connection, path, options.migrations, options.now)?;
    }
    log_ahead(&connection, path)?;
    Ok(connection)
}

/// Readers that never wait for the writer, and one sync for each commit.
fn log_ahead(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| while_opening(path, error))?;
    if mode == "wal" {
        return Ok(());
    }
    let reason = "its file system has no shared memory for the write-ahead log".to_owned();
    Err(OpenError::Storage(Error::Unavailable(reason)))
}

fn start(
    path: PathBuf,
    options: &Options,
    connection: Connection,
    lock: Option<std::fs::File>,
) -> Result<Arc<SqliteStore>, OpenError> {
    let failed = |error| from_io(&path, error);
    let max_pages = options.max_pages;
    let (sinks, health) = (Sinks::default(), Health::default());
    let (readers, queue) = Queue::new(readers::WAITING);
    let mut reading = start_readers(&path, queue)?;

    let (follows, queue) = Queue::new(FOLLOWS_WAITING);
    let follower = Follower::new(open_reading(&path)?, sinks.clone());
    reading.push(spawn("sqlite-feed", move || follower.run(&queue)).map_err(failed)?);

    let (operations, queue) = Queue::new(writer::WAITING);
    let (ended, has_ended) = watch::channel(());
    let thread = WriterThread {
        reopen: {
            let path = path.clone();
            Box::new(move || connect::writing(&path, max_pages))
        },
        connection: Some(connection),
        sinks,
        health: health.clone(),
        readers: reading,
        lock,
        ended,
    };
    spawn("sqlite-write", move || thread.run(&queue)).map_err(failed)?;

    Ok(Arc::new(SqliteStore {
        path,
        writer: Writer::new(operations, health),
        readers: Readers::new(readers),
        follows,
        reservations: Arc::new(options.reservations.clone()),
        event_keys: Arc::new(options.event_keys.clone()),
        ended: has_ended,
    }))
}

fn start_readers(
    path: &Path,
    queue: std::sync::mpsc::Receiver<Reading>,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let queue = Arc::new(Mutex::new(queue));
    (0..readers::THREADS)
        .map(|_| {
            let (connection, queue) = (open_reading(path)?, Arc::clone(&queue));
            spawn("sqlite-read", move || readers::run(&connection, &queue))
                .map_err(|error| from_io(path, error))
        })
        .collect()
}

fn open_reading(path: &Path) -> Result<Connection, OpenError> {
    connect::reading(path).map_err(|error| while_opening(path, error))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(run)
}

#[cfg(test)]
mod tests {
    use storage::Upkeep as _;

    use super::*;

    /// The steps of a version to come.
    fn one_more() -> &'static [Migration] {
        let next = Migration {
            version: newest() + 1,
            sql: "CREATE TABLE next (n INTEGER) STRICT;",
        };
        [MIGRATIONS, &[next]].concat().leak()
    }

    fn newest() -> i64 {
        MIGRATIONS[MIGRATIONS.len() - 1].version
    }

    #[tokio::test]
    async fn a_newer_command_leaves_the_schema_of_a_running_server_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        let options = |role| Options::new(role, Timestamp::from_seconds(0));
        let newer = Options {
            migrations: one_more(),
            ..options(Role::Command)
        };
        let server = SqliteStore::open(&path, &options(Role::Server)).unwrap();
        let refused = SqliteStore::open(&path, &newer).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
        server.ping().await.unwrap();
        server.close().await;

        SqliteStore::open(&path, &newer).unwrap().close().await;
        let older = SqliteStore::open(&path, &options(Role::Server)).unwrap_err();
        let OpenError::NewerSchema { found, known, .. } = older else {
            panic!("{older}");
        };
        assert_eq!((found, known), (newest() + 1, newest()));
    }
}
