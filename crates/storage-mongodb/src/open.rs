//! Opening a database and starting the tasks of a node.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use model::Rng;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use storage::{Error, EventKeys, Reservations, Sinks};
use tokio::sync::mpsc;

use crate::document::{Fields, integer};
use crate::error::{Failure, OpenError, from_driver, late};
use crate::feed::{Append, Appender, Appends, Follower, Heartbeat, Readers, Rows, SILENCE};
use crate::progress::{Lines, Progress};
use crate::records::Orphans;
use crate::running::Running;
use crate::table::Table;
use crate::uri::{MongoUri, hosts};
use crate::users::Tally;
use crate::{Core, MongoStore, connect};

/// The collection of the feed.
const FEED: &str = "portcullis_feed";

/// The version of what stands in our collections.
const LAYOUT: i64 = 1;

/// How long one operation may take. The driver and the server give up a little earlier (`connect.rs`), so
/// that a refusal is told as one.
const DEADLINE: Duration = Duration::from_secs(5);

/// Listeners that may wait to be added.
const FOLLOWS_WAITING: usize = 16;

/// How a database is opened.
#[derive(Clone)]
pub struct Options<'a> {
    rng: &'a dyn Rng,
    deadline: Duration,
    progress: &'a dyn Progress,
    reservations: Reservations,
    event_keys: EventKeys,
    silence: Duration,
    role: Role,
}

/// Who opens the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A server: a node among others.
    Server,
    /// A command, which may run beside servers.
    Command,
}

impl<'a> Options<'a> {
    /// The usual ones. `rng` names this node, so that it knows its own writing again.
    pub fn new(rng: &'a dyn Rng) -> Self {
        Self {
            rng,
            deadline: DEADLINE,
            progress: &Lines,
            reservations: Reservations::default(),
            event_keys: EventKeys::default(),
            silence: SILENCE,
            role: Role::Server,
        }
    }

    /// Gives each operation this long, for a server that is slow or far away.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
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

    /// Counts a node as gone that has been silent for so long, which must be some heartbeats: entries of kinds that it
    /// can't read are written then.
    #[must_use]
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Opens it for a command: what servers have made is used and nothing is made, the others don't count this as a node,
    /// and nothing that they left half done is finished, unless the command comes upon it.
    #[must_use]
    pub fn for_a_command(mut self) -> Self {
        self.role = Role::Command;
        self
    }

    /// Has `progress` show what takes long, instead of lines in the log.
    #[must_use]
    pub fn with_progress(mut self, progress: &'a dyn Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Gives no operation longer than `bound`, which is what whoever asks for it waits.
    #[must_use]
    pub fn no_slower_than(mut self, bound: Duration) -> Self {
        self.deadline = self.deadline.min(bound);
        self
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl MongoStore {
    /// Connects, makes the indexes that are missing, gives keys to the accounts of another
    /// application, finishes what was interrupted, and starts the tasks of this node, one of which reports accounts
    /// that can't be read.
    ///
    /// # Errors
    /// [`OpenError`] says what its operator can do.
    pub async fn open(uri: &MongoUri, options: Options<'_>) -> Result<Arc<Self>, OpenError> {
        let (role, progress) = (options.role, options.progress);
        let Connected {
            hosts,
            core,
            appender,
            waiting,
        } = Connected::to(uri, options).await?;
        let is_to_examine = match role {
            Role::Server => core.take_over(progress).await?,
            Role::Command => {
                core.find_served().await?;
                false
            }
        };
        let core = Arc::new(core);
        let (follows, added) = mpsc::channel(FOLLOWS_WAITING);
        let follower = Follower::new(
            core.feed.clone(),
            core.sinks.clone(),
            Arc::clone(&core.heartbeat),
        );
        let mut tasks = vec![
            tokio::spawn(appender.run(waiting)),
            tokio::spawn(follower.run(added)),
        ];
        if role == Role::Server {
            let heartbeat = Arc::clone(&core.heartbeat);
            tasks.push(tokio::spawn(async move { heartbeat.run().await }));
            let caretaker = Arc::clone(&core);
            tasks.push(tokio::spawn(async move { caretaker.take_care().await }));
        }
        if is_to_examine {
            let examiner = Arc::clone(&core);
            tasks.push(tokio::spawn(
                async move { examiner.report_examination().await },
            ));
        }
        let tasks = tasks.iter().map(tokio::task::JoinHandle::abort_handle);
        Ok(Arc::new(Self {
            hosts,
            core,
            running: Running::new(),
            follows,
            tasks: tasks.collect(),
        }))
    }

    /// Ends the tasks.
    pub(crate) fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for MongoStore {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A database that was reached, and of which nothing was made yet.
struct Connected {
    hosts: String,
    core: Core,
    appender: Appender,
    waiting: mpsc::Receiver<Append>,
}

impl Connected {
    async fn to(uri: &MongoUri, options: Options<'_>) -> Result<Self, OpenError> {
        let Options {
            rng,
            deadline,
            reservations,
            event_keys,
            silence,
            ..
        } = options;
        let (servers, database) = uri.options().await?;
        let hosts = hosts(&servers);
        let database = connect::client(servers, deadline)?.database(&database);
        let table = |name| Table::new(&database, name, deadline);
        let sinks = Sinks::default();
        let (appends, waiting) = Appends::new();
        let meta = table("portcullis_meta");
        let (node, readers) = (node_name(rng), Arc::new(Readers::new(silence)));
        let heartbeat = Heartbeat::new(meta.clone(), sinks.clone(), &node, Arc::clone(&readers));
        // Decided before anything has it: writer and reader of the feed must see the same.
        let replicated = is_replicated(&hello(&database, deadline).await?);
        let feed = if replicated {
            Table::committed(&database, FEED, deadline)
        } else {
            table(FEED)
        };
        let core = Core {
            users: table("users"),
            sessions: table("portcullis_sessions"),
            attempts: table("portcullis_attempts"),
            limits: table("portcullis_limits"),
            spent: table("portcullis_spent"),
            released: table("portcullis_released"),
            tickets: table("portcullis_tickets"),
            jobs: table("portcullis_jobs"),
            records: table("portcullis_records"),
            events: table("portcullis_events"),
            orphans: Orphans::default(),
            reservations,
            event_keys,
            feed: Rows(feed),
            heartbeat: Arc::new(heartbeat),
            tally: Tally::default(),
            replicated,
            meta,
            node,
            names: AtomicU64::new(0),
            appends,
            sinks,
            deadline,
            database: database.clone(),
        };
        let appender = Appender {
            rows: core.feed.clone(),
            sinks: core.sinks.clone(),
            readers,
            node: core.node.clone(),
            batches: 0,
            deadline: deadline * 2,
            head: None,
        };
        Ok(Self {
            hosts,
            core,
            appender,
            waiting,
        })
    }
}

impl Core {
    /// Makes what is missing, for a server; whether it is to look at every account.
    async fn take_over(&self, progress: &dyn Progress) -> Result<bool, OpenError> {
        let found = self.layout(LAYOUT).await.map_err(unconfirmed)?;
        expect_known(found)?;
        let is_to_examine = self.is_to_examine().await?;
        Box::pin(self.prepare(progress)).await?; // large, and soon over
        Ok(is_to_examine)
    }

    /// Looks for what servers have made, for a command.
    async fn find_served(&self) -> Result<(), OpenError> {
        let layout = self.meta.first(doc! { "_id": "layout" }).await?;
        let layout = layout.ok_or(OpenError::NeverServed)?;
        let found = Fields::of(self.meta.name, &layout).unsigned("version")?;
        expect_known(integer(found))?;
        self.look_at_numbers_of_kinds().await?;
        self.tally.begin();
        Ok(())
    }

    /// What the server says of itself.
    pub(crate) async fn hello(&self) -> Result<Document, Error> {
        hello(&self.database, self.deadline).await
    }
}

async fn hello(database: &Database, deadline: Duration) -> Result<Document, Error> {
    let admin = database.client().database("admin");
    let command = admin.run_command(doc! { "hello": 1 }).into_future();
    match tokio::time::timeout(deadline, command).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Failure::into(from_driver("hello", &error))),
        Err(_) => Err(late()),
    }
}

/// Whether it belongs to a replica set, or stands before a sharded cluster of such.
fn is_replicated(hello: &Document) -> bool {
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

fn expect_known(found: i64) -> Result<(), OpenError> {
    let known = LAYOUT;
    if found > known {
        return Err(OpenError::NewerLayout { found, known });
    }
    Ok(())
}

/// Of the first write: before it a server that has lost its others answers as if nothing was.
fn unconfirmed(error: Error) -> Error {
    match error {
        Error::Unavailable(reason) => Error::Unavailable(format!(
            "no majority of its servers confirms writes ({reason})"
        )),
        error => error,
    }
}

fn node_name(rng: &dyn Rng) -> String {
    let mut bytes = [0; 12];
    rng.fill(&mut bytes);
    bytes
        .iter()
        .fold(String::with_capacity(24), |mut name, byte| {
            let _ = write!(name, "{byte:02x}"); // writing to a String can't fail
            name
        })
}
