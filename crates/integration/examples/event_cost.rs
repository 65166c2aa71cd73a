//! By how much keeping events slows a sign-in: see `scripts/event-cost`.
//!
//! Two servers that differ in `PORTCULLIS_EVENTS_DAYS` only, each with a store of its own, are signed in to in turns. It is done on
//! SQLite, and on MongoDB where there is one.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement: it takes the time, ends when something goes wrong, and prints"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use integration::PASSWORD;
use integration::process::Server;
use reqwest::Client;
use scratch_database::{Database, Servers};
use serde_json::json;
use tempfile::TempDir;

/// By how much the median may be longer.
const BOUND: Duration = Duration::from_millis(1);

/// Sign-ins at each.
const SIGN_INS: usize = 400;

/// Accounts that are signed in to, in turns: each has 100 sessions at most, and the oldest end.
const PEOPLE: usize = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let mut is_within = measure("SQLite", [None, None]).await;
    let (one, other) = (
        Database::fresh(Servers::ReplicaSet).await,
        Database::fresh(Servers::ReplicaSet).await,
    );
    if let (Some(one), Some(other)) = (one, other) {
        let uris = [Some(one.uri.as_str()), Some(other.uri.as_str())];
        is_within &= measure("MongoDB, a replica set", uris).await;
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        println!("more than {BOUND:?} at p50");
        ExitCode::FAILURE
    }
}

/// A server, and what signs in to it.
struct Signing {
    _folder: TempDir,
    server: Server,
    client: Client,
}

impl Signing {
    async fn start(days: &str, uri: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = vec![
            ("PORTCULLIS_EVENTS_DAYS", days),
            ("RATELIMIT_DEFAULT", "1000000 per hour"),
            ("PORTCULLIS_RATELIMIT_USER", "1000000 per hour"),
            ("PORTCULLIS_RATELIMIT_SIGNIN", "1000000 per hour"),
        ];
        settings.extend(uri.map(|uri| ("MONGO_URI", uri)));
        let server = Server::start(folder.path(), &settings).await;
        let signing = Self {
            _folder: folder,
            server,
            client: Client::new(),
        };
        for number in 0..PEOPLE {
            let name = format!("person{number}");
            let email = format!("{name}@example.org");
            let body = json!({"username": name, "email": email, "password": PASSWORD});
            let answer = signing.ask("register", &body).await;
            assert_eq!(answer, 201);
        }
        signing
    }

    async fn ask(&self, path: &str, body: &serde_json::Value) -> u16 {
        let url = format!("{}/api/v1/{path}", self.server.url());
        let answer = self.client.post(url).json(body).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status().as_u16();
        answer.bytes().await.expect("all of it");
        status
    }

    async fn sign_in(&self, number: usize) -> Duration {
        let name = format!("person{}", number % PEOPLE);
        let body = json!({"username": name, "password": PASSWORD});
        let began = Instant::now();
        assert_eq!(self.ask("login", &body).await, 200);
        began.elapsed()
    }
}

/// Signs in to both in turns, and prints how long it took; whether the difference is within the bound.
async fn measure(store: &str, uris: [Option<&str>; 2]) -> bool {
    let without = Signing::start("0", uris[0]).await;
    let with = Signing::start("90", uris[1]).await;
    let (mut plain, mut kept) = (Vec::new(), Vec::new());
    for number in 0..SIGN_INS + PEOPLE {
        // Neither is always the one after the other.
        let (first, second) = if number % 2 == 0 {
            (without.sign_in(number).await, with.sign_in(number).await)
        } else {
            let second = with.sign_in(number).await;
            (without.sign_in(number).await, second)
        };
        if number >= PEOPLE {
            plain.push(first);
            kept.push(second);
        }
    }
    for signing in [without, with] {
        signing.server.stop().await;
    }
    let (plain, kept) = (median(plain), median(kept));
    println!("{store}: p50 of a sign-in {plain:.2?} without events, {kept:.2?} with them");
    kept <= plain + BOUND
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
