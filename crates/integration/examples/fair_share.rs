//! How long people wait to sign in while others keep the hashing pool busy: see `scripts/fair-share`.
//!
//! Starts the binary on a store of its own. Fifteen accounts that were made on one address have their passwords
//! checked and changed without pause, each on several connections, and the same address signs in as well. Meanwhile
//! people sign in, each from an address of their own. No limit is so low that it ends the flood: what is measured is
//! the pool.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement: it takes the time, ends when something goes wrong, and prints"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use integration::PASSWORD;
use integration::process::Server;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What 95 of 100 sign-ins may take.
const BOUND: Duration = Duration::from_millis(250);

const HOSTILE: usize = 15;

/// Connections of each of them: of more than five at once some would be refused as guesses.
const CONNECTIONS: usize = 4;

/// Connections of the same address that sign in, each to an account of its own: an account has 100 sessions at most,
/// and so the others lose theirs to no sign-in.
const SIGNING_IN: usize = 15;

const PEOPLE: usize = 20;

/// Between two sign-ins of all people together: far less than the pool can do.
const PAUSE: Duration = Duration::from_millis(100);

/// When those try again who were refused.
const REFUSED: Duration = Duration::from_millis(20);

/// Sign-ins that are measured.
const SIGN_INS: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("PORTCULLIS_RATELIMIT_USER", "600 per minute"),
    ];
    let server = Server::start(folder.path(), &settings).await;
    let pool = Pool::new(server.url());
    for number in 0..HOSTILE + SIGNING_IN {
        pool.sign_up(&hostile(number)).await;
    }
    for number in 0..PEOPLE {
        pool.sign_up(&person(number)).await;
    }

    let quiet = pool.sign_ins().await;
    println!("quiet:  {}", summary(&quiet));
    let flood = Flood::begin(&pool).await;
    let flooded = pool.sign_ins().await;
    println!("flooded: {}", summary(&flooded));
    println!("meanwhile {} were checked for the flood", flood.end().await);
    server.stop().await;

    if percentile(&flooded, 95) <= BOUND {
        ExitCode::SUCCESS
    } else {
        println!("more than {BOUND:?} at p95");
        ExitCode::FAILURE
    }
}

fn hostile(number: usize) -> String {
    format!("hostile{number}")
}

fn person(number: usize) -> String {
    format!("person{number}")
}

/// The server whose pool is wanted.
#[derive(Clone)]
struct Pool {
    url: String,
    client: Client,
}

impl Pool {
    fn new(url: String) -> Self {
        Self {
            url,
            client: Client::new(),
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder, address: &str) -> (StatusCode, Value) {
        let request = request.header("x-forwarded-for", address);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn sign_up(&self, name: &str) {
        let body =
            json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
        let request = self.client.post(format!("{}/api/v1/register", self.url));
        let (status, _) = self.ask(request.json(&body), HOSTILE_ADDRESS).await;
        assert_eq!(status, StatusCode::CREATED);
    }

    async fn sign_in(&self, name: &str, address: &str) -> (StatusCode, Value) {
        let body = json!({"username": name, "password": PASSWORD});
        let request = self.client.post(format!("{}/api/v1/login", self.url));
        self.ask(request.json(&body), address).await
    }

    /// How long sign-ins take, one begun after the other, each of another person.
    async fn sign_ins(&self) -> Vec<Duration> {
        let mut ticks = tokio::time::interval(PAUSE);
        let mut running = JoinSet::new();
        for number in 0..SIGN_INS {
            ticks.tick().await;
            let (pool, number) = (self.clone(), number % PEOPLE);
            running.spawn(async move {
                let start = Instant::now();
                let address = format!("198.51.100.{number}");
                let (status, _) = pool.sign_in(&person(number), &address).await;
                assert_eq!(status, StatusCode::OK, "nobody is sent away");
                start.elapsed()
            });
        }
        let mut took = running.join_all().await;
        took.sort();
        took
    }
}

const HOSTILE_ADDRESS: &str = "203.0.113.1";

/// Those who keep the pool busy.
struct Flood {
    goes_on: Arc<AtomicBool>,
    checked: Arc<AtomicU32>,
    running: JoinSet<()>,
}

impl Flood {
    async fn begin(pool: &Pool) -> Self {
        let (goes_on, checked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let mut tokens = Vec::new();
        for number in 0..HOSTILE + SIGNING_IN {
            let (_, signed_in) = pool.sign_in(&hostile(number), HOSTILE_ADDRESS).await;
            let token = signed_in["access_token"].as_str().expect("a token");
            tokens.push(token.to_owned());
        }
        let mut running = JoinSet::new();
        for number in 0..HOSTILE * CONNECTIONS + SIGNING_IN {
            let task = number / HOSTILE;
            let account = if task >= CONNECTIONS {
                number - (CONNECTIONS - 1) * HOSTILE
            } else {
                number % HOSTILE
            };
            let (pool, name, token) = (pool.clone(), hostile(account), tokens[account].clone());
            let (goes_on, checked) = (Arc::clone(&goes_on), Arc::clone(&checked));
            running.spawn(async move {
                while goes_on.load(Ordering::Relaxed) {
                    let (status, _) = match task {
                        CONNECTIONS.. => pool.sign_in(&name, HOSTILE_ADDRESS).await,
                        0 => pool.choose_a_bad_password(&token).await,
                        _ => pool.reauthenticate(&token).await,
                    };
                    match status {
                        StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY => {
                            checked.fetch_add(1, Ordering::Relaxed);
                        }
                        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                            tokio::time::sleep(REFUSED).await;
                        }
                        other => panic!("{other}"),
                    }
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Self {
            goes_on,
            checked,
            running,
        }
    }

    async fn end(mut self) -> u32 {
        self.goes_on.store(false, Ordering::Relaxed);
        while self.running.join_next().await.is_some() {}
        self.checked.load(Ordering::Relaxed)
    }
}

impl Pool {
    async fn reauthenticate(&self, token: &str) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/me/reauthenticate", self.url);
        let request = self.client.post(url).bearer_auth(token);
        let body = json!({"password": PASSWORD});
        self.ask(request.json(&body), HOSTILE_ADDRESS).await
    }

    /// The new one is judged, at length, and refused.
    async fn choose_a_bad_password(&self, token: &str) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/me/password", self.url);
        let request = self.client.put(url).bearer_auth(token);
        let new = "password".repeat(100);
        let body = json!({"current_password": PASSWORD, "new_password": new});
        self.ask(request.json(&body), HOSTILE_ADDRESS).await
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn summary(sorted: &[Duration]) -> String {
    let [half, most, all] = [50, 95, 100].map(|percent| percentile(sorted, percent));
    format!("sign-ins took {half:.0?} at p50, {most:.0?} at p95, {all:.0?} at most")
}
