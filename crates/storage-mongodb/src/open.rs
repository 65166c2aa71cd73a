//! Opening a database and starting the tasks of a node.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use model::Rng;
use mongodb::bson::{Document, doc};
use mongodb::options::{CollectionOptions, ReadConcern};
use storage::{Error, Sinks};
use tokio::sync::mpsc;

use crate::error::{Failure, OpenError, from_driver, late};
use crate::feed::{Appender, Appends, Follower, Heartbeat, Rows};
use crate::running::Running;
use crate::table::Table;
use crate::uri::{MongoUri, hosts};
use crate::{Core, MongoStore, connect};

/// The version of what stands in our collections.
const LAYOUT: i64 = 1;

/// Listeners that may wait to be added.
const FOLLOWS_WAITING: usize = 16;

impl MongoStore {
    /// Connects, makes the indexes that are missing, gives keys to the accounts of another
    /// application, finishes what was interrupted, and starts the tasks of this node.
    ///
    /// `rng` names this node, so that it knows its own writing again.
    ///
    /// # Errors
    /// [`OpenError`] says what its operator can do.
    pub async fn open(uri: &MongoUri, rng: &dyn Rng) -> Result<Arc<Self>, OpenError> {
        let (options, database) = uri.options().await?;
        let hosts = hosts(&options);
        let database = connect::client(options)?.database(&database);
        let sinks = Sinks::default();
        let (appends, waiting) = Appends::new();
        let meta = Table::new(&database, "portcullis_meta");
        let mut core = Core {
            users: Table::new(&database, "users"),
            sessions: Table::new(&database, "portcullis_sessions"),
            feed: Rows(Table::new(&database, "portcullis_feed")),
            heartbeat: Arc::new(Heartbeat::new(meta.clone(), sinks.clone())),
            meta,
            node: node_name(rng),
            names: AtomicU64::new(0),
            appends,
            sinks,
            database,
        };
        let appender = Appender {
            rows: core.feed.clone(),
            sinks: core.sinks.clone(),
            node: core.node.clone(),
            batches: 0,
            head: None,
        };
        if is_replicated(&core.hello().await?) {
            core.feed = Rows(Table::committed(&core.database, "portcullis_feed"));
        }
        let found = core.layout(LAYOUT).await?;
        if found > LAYOUT {
            let known = LAYOUT;
            return Err(OpenError::NewerLayout { found, known });
        }
        core.make_indexes().await?;
        core.give_keys().await?;

        let core = Arc::new(core);
        let (follows, added) = mpsc::channel(FOLLOWS_WAITING);
        let follower = Follower::new(
            core.feed.clone(),
            core.sinks.clone(),
            Arc::clone(&core.heartbeat),
        );
        let heartbeat = Arc::clone(&core.heartbeat);
        let caretaker = Arc::clone(&core);
        let tasks = vec![
            tokio::spawn(appender.run(waiting)),
            tokio::spawn(follower.run(added)),
            tokio::spawn(async move { heartbeat.run().await }),
            tokio::spawn(async move { caretaker.take_care().await }),
        ];
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

impl Core {
    /// What the server says of itself.
    pub(crate) async fn hello(&self) -> Result<Document, Error> {
        let admin = self.database.client().database("admin");
        let command = admin.run_command(doc! { "hello": 1 }).into_future();
        match tokio::time::timeout(crate::table::DEADLINE, command).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Failure::into(from_driver("hello", &error))),
            Err(_) => Err(late()),
        }
    }
}

impl Table {
    /// A collection of which only what a majority has is read. A server that is no member of a set
    /// refuses that.
    fn committed(database: &mongodb::Database, name: &'static str) -> Self {
        let options = CollectionOptions::builder();
        let options = options.read_concern(ReadConcern::majority()).build();
        Self::with_collection(database.collection_with_options(name, options), name)
    }
}

/// Whether it belongs to a replica set, or stands before a sharded cluster of such.
fn is_replicated(hello: &Document) -> bool {
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
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
