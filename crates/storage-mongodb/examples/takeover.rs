//! How long the first start takes on a collection that a Flask application filled: all of it, until the store could be
//! served, on a server alone and on a replica set. Then the second start, which finds everything as it should be.
//!
//! `scripts/mongo run -- cargo run --release -p portcullis-storage-mongodb --example takeover`, with the number of
//! accounts behind it, else 200,000.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "it measures time and prints it, and ends at the first error"
)]

use std::sync::Mutex;
use std::time::{Duration, Instant};

use model::SystemRng;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Client, Collection, IndexModel};
use storage::{Upkeep as _, Users as _};
use storage_mongodb::{Headway, MongoStore, MongoUri, Options, Progress, Task};

const DATABASE: &str = "portcullis_takeover";
const ACCOUNTS: u32 = 200_000;
const BATCH: u32 = 5000;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1);
    let count = count.map_or(ACCOUNTS, |count| count.parse().unwrap());
    for (what, variable) in [
        ("a server alone", "PORTCULLIS_TEST_MONGO_URI"),
        ("a replica set", "PORTCULLIS_TEST_MONGO_SET_URI"),
    ] {
        match std::env::var(variable) {
            Ok(server) => measure(what, &server, count).await,
            Err(_) => println!("{what}: {variable} is not set (scripts/mongo run -- …)"),
        }
    }
}

async fn measure(what: &str, server: &str, count: u32) {
    let client = Client::with_uri_str(server).await.unwrap();
    let database = client.database(DATABASE);
    database.drop().await.unwrap();
    fill(&database.collection("users"), count).await;

    let (server, options) = server.split_once('?').unwrap_or((server, ""));
    let uri = format!("{}/{DATABASE}?{options}", server.trim_end_matches('/'));
    let uri = MongoUri::parse(uri).unwrap();
    let keys = Keys::default();
    let begun = Instant::now();
    let store = open(&uri, &keys).await;
    let first = begun.elapsed();
    let (rate, all) = (keys.rate(), f64::from(count) / first.as_secs_f64());
    println!(
        "{what}: {count} accounts in {first:.1?}, {all:.0} a second; {rate:.0} without indexes"
    );
    let begun = Instant::now();
    println!(
        "  their kinds of hash: {:?}",
        store.hash_kinds().await.unwrap()
    );
    let counted = begun.elapsed();
    let begun = Instant::now();
    store.hash_kinds().await.unwrap();
    let asked = begun.elapsed();
    println!("  counted in {counted:.1?}, and asked for again in {asked:.1?}");
    store.close().await;

    let begun = Instant::now();
    open(&uri, &keys).await.close().await;
    println!("  the next start: {:.1?}", begun.elapsed());
    database.drop().await.unwrap();
}

async fn open(uri: &MongoUri, keys: &Keys) -> std::sync::Arc<MongoStore> {
    let options = Options::new(&SystemRng).with_progress(keys);
    MongoStore::open(uri, options).await.unwrap()
}

/// Accounts as the application makes them.
async fn fill(users: &Collection<Document>, count: u32) {
    for field in ["username", "email"] {
        let options = IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder()
            .keys(doc! { field: 1 })
            .options(options);
        users.create_index(index.build()).await.unwrap();
    }
    for begin in (0..count).step_by(BATCH as usize) {
        let accounts = (begin..count.min(begin + BATCH)).map(|number| {
            doc! {
                "_id": ObjectId::new(),
                "username": format!("User.{number}"),
                "email": format!("User.{number}@Example.org"),
                "password_hash": format!("scrypt:32768:8:1$salt{number:012}${number:0128x}"),
            }
        });
        users.insert_many(accounts).await.unwrap();
    }
}

/// Notes how long giving keys took.
#[derive(Default)]
struct Keys(Mutex<Option<Headway>>);

impl Progress for Keys {
    fn every(&self) -> Duration {
        Duration::from_millis(50)
    }

    fn show(&self, headway: &Headway) {
        if headway.task == Task::Keys {
            *self.0.lock().unwrap() = Some(*headway);
        }
    }
}

impl Keys {
    /// So many a second.
    fn rate(&self) -> f64 {
        let last = self.0.lock().unwrap();
        last.map_or(0.0, |last| {
            let done = u32::try_from(last.done.unwrap()).unwrap();
            f64::from(done) / last.elapsed.as_secs_f64()
        })
    }
}
