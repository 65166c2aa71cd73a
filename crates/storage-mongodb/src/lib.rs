//! Portcullis on MongoDB: any number of nodes share one database.
//!
//! # How it works
//! - **Each operation changes one document**, so that a single server without a replica set is enough:
//!   no transactions, change streams, update pipelines, TTL or partial indexes are needed. Where two
//!   documents must change, the first says what is still to be done (`users/pending.rs`,
//!   `records/pending.rs`, `sessions/end.rs`), and any node finishes it.
//! - **Each write** is confirmed by a majority, in their journals, before it counts, whatever the
//!   connection string says (`connect.rs`), and each operation has a deadline (`table/`).
//! - **Each node** appends to the feed through one task (`feed/append.rs`), reads it through another
//!   (`feed/follower.rs`), proves once a second that it is connected to where writing happens
//!   (`feed/heartbeat.rs`), and finishes what others left half done (`caretaker.rs`).
//!
//! # What is stored
//! `users` is the collection of a Flask application, if there is one: its fields keep their names, its
//! `_id`s their kinds. Ours are `portcullis_sessions`, `portcullis_attempts`, `portcullis_limits`, `portcullis_spent`,
//! `portcullis_released`, `portcullis_tickets`, `portcullis_records`, `portcullis_jobs`, `portcullis_events`, `portcullis_feed` and
//! `portcullis_meta`.
//!
//! # Adding a trait of [`storage`]
//! A file beside this one with the trait's methods: those that write go through `Running::write`, which
//! finishes them also when nobody waits any more, those that read through `Running::read`; a `Core`
//! method does the work, on a `Table` that `open.rs` names.

mod attempts;
mod building;
mod caretaker;
mod connect;
mod document;
mod documents;
mod error;
mod events;
mod feed;
mod ids;
mod indexes;
mod jobs;
mod keys;
pub mod limits;
mod open;
mod passing;
mod progress;
mod records;
mod running;
mod sessions;
mod spent;
mod table;
mod tickets;
mod upkeep;
mod uri;
mod users;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mongodb::Database;
use storage::{EventKeys, Reservations, Sinks};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::feed::{Appends, Follow, Heartbeat, Rows};
use crate::records::Orphans;
use crate::running::Running;
use crate::table::Table;
use crate::users::Tally;

pub use error::OpenError;
pub use keys::KeyPrint;
pub use open::Options;
pub use passing::PASSING;
pub use progress::{Headway, Lines, Progress, Task};
pub use uri::{MongoUri, TlsFiles, UriFault};
pub use users::{Clash, ClashField};

/// A store in a database that others may use at the same time. It ends by
/// [`storage::Upkeep::close`]; when it is merely dropped, its tasks end at once.
pub struct MongoStore {
    hosts: String,
    core: Arc<Core>,
    running: Running,
    follows: mpsc::Sender<Follow>,
    tasks: Vec<AbortHandle>,
}

/// What operations and tasks share.
struct Core {
    database: Database,
    /// How long one operation may take.
    deadline: Duration,
    /// Whether it is a replica set, or a cluster of such.
    replicated: bool,
    users: Table,
    sessions: Table,
    attempts: Table,
    limits: Table,
    spent: Table,
    released: Table,
    tickets: Table,
    records: Table,
    /// The outbox of [`storage::Outbox`].
    jobs: Table,
    /// What happened to accounts.
    events: Table,
    orphans: Orphans,
    feed: Rows,
    meta: Table,
    /// How names are recognized that accounts have let go of.
    reservations: Reservations,
    /// How what happened to accounts is chained.
    event_keys: EventKeys,
    sinks: Sinks,
    appends: Appends,
    heartbeat: Arc<Heartbeat>,
    /// How this node has changed the number of accounts that have each kind of hash.
    tally: Tally,
    /// Which node this is.
    node: String,
    /// How many changes it has named.
    names: AtomicU64,
}

impl Core {
    /// A name that no other change has, on any node.
    fn next_name(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.node)
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore")
            .field("hosts", &self.hosts)
            .field("database", &self.core.database.name())
            .finish_non_exhaustive()
    }
}
