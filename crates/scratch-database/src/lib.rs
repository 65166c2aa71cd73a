//! A database on MongoDB for each test. It goes with its value.
//!
//! The servers are those that `scripts/mongo` starts, or that its variables name.

use std::fmt;
use std::io::Write as _;

use model::{Rng as _, SystemRng};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};

const ALONE: &str = "PORTCULLIS_TEST_MONGO_URI";
const REPLICA_SET: &str = "PORTCULLIS_TEST_MONGO_SET_URI";

/// Which servers a test is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One without a replica set.
    Alone,
    /// A replica set; the one alone where there is no other.
    ReplicaSet,
}

/// A database that goes with its value.
pub struct Database {
    /// The servers' address with this database.
    pub uri: String,
    name: String,
    client: Client,
    has_users: bool,
}

impl Servers {
    /// Their address.
    fn uri(self) -> Option<String> {
        match self {
            Self::Alone => needed(ALONE),
            Self::ReplicaSet => std::env::var(REPLICA_SET).ok().or_else(|| needed(ALONE)),
        }
    }
}

impl Database {
    /// A database with nothing in it; nothing when there is no server, which is said aloud and, in
    /// continuous integration, is a failure.
    pub async fn fresh(servers: Servers) -> Option<Self> {
        let server = servers.uri()?;
        let mut bytes = [0; 8];
        SystemRng.fill(&mut bytes);
        let name = format!("portcullis_test_{:016x}", u64::from_be_bytes(bytes));
        let client = Client::with_uri_str(&server).await;
        Some(Self {
            uri: with_database(&server, &name),
            name,
            client: client.expect("the address of a server"),
            has_users: false,
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

    /// A command for this database.
    pub async fn run(&self, command: Document) -> Document {
        let answer = self.client.database(&self.name).run_command(command).await;
        answer.expect("the server does it")
    }

    /// Makes a user who may read and write this database, and nothing else. Gives the database's address with these
    /// credentials.
    pub async fn uri_of(&mut self, user: &str, password: &str) -> String {
        self.has_users = true;
        self.run(doc! { "createUser": user, "pwd": password, "roles": ["readWrite"] })
            .await;
        let uri = with_credentials(&self.uri, user, password);
        let separator = if uri.contains('?') { '&' } else { '?' };
        format!("{uri}{separator}authSource={}", self.name)
    }
}

impl Drop for Database {
    /// On a thread of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let (uri, name, has_users) = (self.uri.clone(), self.name.clone(), self.has_users);
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let database = Client::with_uri_str(&uri).await?.database(&name);
                if has_users {
                    let all = doc! { "dropAllUsersFromDatabase": 1 };
                    database.run_command(all).await?;
                }
                database.drop().await
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            aloud(&format!("the database of a test stays: {error}"));
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
pub fn with_database(server: &str, name: &str) -> String {
    let (rest, options) = server.split_once('?').unwrap_or((server, ""));
    let authority_at = rest.find("://").map_or(0, |at| at + 3);
    let end = rest[authority_at..]
        .find('/')
        .map_or(rest.len(), |at| authority_at + at);
    let separator = if options.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{options}", &rest[..end])
}

/// The same address with these credentials, instead of those that it may have.
pub fn with_credentials(uri: &str, user: &str, password: &str) -> String {
    let (scheme, rest) = uri.split_once("://").expect("an address");
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}://{user}:{password}@{rest}")
}

/// What a variable of `scripts/mongo` says. Where it is not set the test is to be skipped, which is said aloud
/// and, in continuous integration, is a failure.
pub fn needed(variable: &str) -> Option<String> {
    let told = std::env::var(variable).ok();
    if told.is_none() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "{variable} is not set: use scripts/mongo run -- …");
        let test = std::thread::current();
        let test = test.name().unwrap_or("a test");
        aloud(&format!("SKIPPED {test}: {variable} is not set"));
    }
    told
}

/// Past the test harness, which keeps what passing tests print to itself.
pub fn aloud(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_a_database_and_credentials() {
        for (server, with_both) in [
            ("mongodb://h", "mongodb://u:p@h/d"),
            (
                "mongodb://h:1,i:2/?replicaSet=r",
                "mongodb://u:p@h:1,i:2/d?replicaSet=r",
            ),
            ("mongodb+srv://v:q@h/other", "mongodb+srv://u:p@h/d"),
        ] {
            let uri = with_credentials(&with_database(server, "d"), "u", "p");
            assert_eq!(uri, with_both);
        }
    }
}
