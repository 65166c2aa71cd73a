//! A database on MongoDB for each test: on the server that `PORTCULLIS_TEST_MONGO_URI` names.

use std::fmt;
use std::io::Write as _;

use model::{Rng as _, SystemRng};
use mongodb::bson::Document;
use mongodb::{Client, Collection};

const VARIABLE: &str = "PORTCULLIS_TEST_MONGO_URI";

/// A database that goes with its value.
pub struct Database {
    /// The server's address with this database.
    pub uri: String,
    name: String,
    client: Client,
}

impl Database {
    /// A database with nothing in it; nothing when there is no server, which is said aloud and, in
    /// continuous integration, is a failure.
    pub async fn fresh() -> Option<Self> {
        let Ok(server) = std::env::var(VARIABLE) else {
            let needed = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!needed, "{VARIABLE} is not set: use scripts/mongo run -- …");
            let test = std::thread::current();
            let test = test.name().unwrap_or("a test");
            // Past the test harness, which keeps what passing tests print to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {VARIABLE} is not set");
            return None;
        };
        let mut bytes = [0; 8];
        SystemRng.fill(&mut bytes);
        let name = format!("portcullis_test_{:016x}", u64::from_be_bytes(bytes));
        let client = Client::with_uri_str(&server).await;
        Some(Self {
            uri: with_database(&server, &name),
            name,
            client: client.expect("the server is there"),
        })
    }

    /// What it is called on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A collection, as other software has it.
    pub fn collection(&self, name: &str) -> Collection<Document> {
        self.client.database(&self.name).collection(name)
    }
}

impl Drop for Database {
    /// On a thread of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let (uri, name) = (self.uri.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let client = Client::with_uri_str(&uri).await?;
                client.database(&name).drop().await
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            let _ = writeln!(std::io::stderr(), "the database of a test stays: {error}");
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The same server with a database: `mongodb://host/NAME?options`.
fn with_database(server: &str, name: &str) -> String {
    let (rest, options) = server.split_once('?').unwrap_or((server, ""));
    let authority_at = rest.find("://").map_or(0, |at| at + 3);
    let end = rest[authority_at..]
        .find('/')
        .map_or(rest.len(), |at| authority_at + at);
    let separator = if options.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{options}", &rest[..end])
}
