//! The server, and a database for each test.

use std::io::Write as _;
use std::sync::{Arc, Once};

use model::{Rng as _, SystemRng};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use storage_mongodb::{MongoStore, MongoUri, OpenError, Options};

use crate::ears::PATIENCE;

const VARIABLE: &str = "PORTCULLIS_TEST_MONGO_URI";

/// A database that goes with its value.
pub(crate) struct Scratch {
    /// The server's address with this database.
    pub(crate) uri: String,
    name: String,
    pub(crate) client: Client,
}

/// A database with nothing in it; nothing when there is no server, which is said aloud and, in
/// continuous integration, is a failure.
pub(crate) async fn scratch() -> Option<Scratch> {
    static SKIPPED: Once = Once::new();
    let Ok(server) = std::env::var(VARIABLE) else {
        let needed = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!needed, "{VARIABLE} is not set: use scripts/mongo run -- …");
        SKIPPED.call_once(|| {
            aloud(&format!(
                "{VARIABLE} is not set: the tests on MongoDB are SKIPPED"
            ));
        });
        return None;
    };
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes);
    let name = format!("portcullis_test_{:016x}", u64::from_be_bytes(bytes));
    let client = Client::with_uri_str(&server).await.unwrap();
    say_which(&client).await;
    Some(Scratch {
        uri: with_database(&server, &name),
        name,
        client,
    })
}

impl Scratch {
    /// A node on this database. The stand-in may be slow, on a machine that does much else.
    pub(crate) async fn node(&self) -> Arc<MongoStore> {
        let uri = MongoUri::parse(&*self.uri).unwrap();
        let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
        MongoStore::open(&uri, options).await.unwrap()
    }

    /// A collection as another application has it.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        self.client.database(&self.name).collection(name)
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A node on the database that `uri` names, with the usual deadlines.
pub(crate) async fn opened(uri: &str) -> Result<Arc<MongoStore>, OpenError> {
    let uri = MongoUri::parse(uri).unwrap();
    MongoStore::open(&uri, Options::new(&SystemRng)).await
}

impl Drop for Scratch {
    /// On a thread of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let (uri, name) = (self.uri.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let client = Client::with_uri_str(&uri)
                    .await
                    .map_err(std::io::Error::other)?;
                let dropped = client.database(&name).drop().await;
                dropped.map_err(std::io::Error::other)
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            aloud(&format!("the database of a test was not dropped: {error}"));
        }
    }
}

/// The same server with a database: `mongodb://host/NAME?options`.
pub(crate) fn with_database(server: &str, name: &str) -> String {
    let (rest, options) = server.split_once('?').unwrap_or((server, ""));
    let authority_at = rest.find("://").map_or(0, |at| at + 3);
    let end = rest[authority_at..]
        .find('/')
        .map_or(rest.len(), |at| authority_at + at);
    let base = &rest[..end];
    if options.is_empty() {
        format!("{base}/{name}")
    } else {
        format!("{base}/{name}?{options}")
    }
}

/// Says on which server the tests run, once.
async fn say_which(client: &Client) {
    static SAID: Once = Once::new();
    let admin = client.database("admin");
    let info = admin.run_command(doc! { "buildInfo": 1 }).await.unwrap();
    let hello = admin.run_command(doc! { "hello": 1 }).await.unwrap();
    SAID.call_once(|| {
        // A stand-in gives the version that it stands for, but not what MongoDB allocates with.
        let name = if info.contains_key("allocator") {
            "MongoDB"
        } else {
            "a stand-in for MongoDB"
        };
        let version = info.get_str("version").unwrap_or("?");
        let set = hello.get_str("setName").map_or_else(
            |_| "no replica set".to_owned(),
            |name| format!("replica set {name}"),
        );
        aloud(&format!("the server is {name} {version}, {set}"));
    });
}

/// Past the test harness, which keeps what passing tests print to itself.
pub(crate) fn aloud(text: &str) {
    let _ = writeln!(std::io::stderr(), "storage-mongodb: {text}");
}
