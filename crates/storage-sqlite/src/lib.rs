//! Portcullis on embedded SQLite: one file, nothing to set up.
//!
//! # How it works
//! - **Writing** is one thread that commits what is waiting as a group. The log is synced at each
//!   commit, so what was answered survives a loss of power.
//! - **Reading** is one thread whose connection can't write.
//! - **Following** is one thread that looks ten times a second whether any process has committed
//!   something, and then reads the feed on.
//!
//! # One server, any number of commands
//! A server locks a file beside the database (`portcullis.db.lock`), so that there is one. A command
//! opens the database without it ([`Role::Command`]), also beside a running server, and writes through
//! the same methods; the server hears of it through the feed.

mod addresses;
mod attempts;
mod closings;
mod connect;
mod error;
mod events;
mod examination;
mod factors;
mod feed;
mod files;
mod follower;
mod jobs;
mod limits;
mod migrate;
mod open;
mod operator;
mod query;
mod queue;
mod readers;
mod records;
mod released;
mod sessions;
mod spent;
mod tickets;
mod upkeep;
mod users;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use storage::{EventKeys, Reservations};
use tokio::sync::watch;

use crate::follower::Follow;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::writer::Writer;

pub use limits::LimitStore;
pub use open::{Options, Role};

/// A store in a file. It ends by [`storage::Upkeep::close`]; when it is merely dropped, what was
/// accepted is written all the same, some time later.
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    follows: Queue<Follow>,
    reservations: Arc<Reservations>,
    event_keys: Arc<EventKeys>,
    /// Closed when the last thread has ended.
    ended: watch::Receiver<()>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
