//! How long it takes until a logout on one node is refused by all others: see `scripts/revocation-delay`.
//!
//! Nodes are processes of their own on one replica set. The time runs from the answer to the logout until the
//! last of the other nodes has refused the token, asked again and again.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it ends when something goes wrong, prints, and reads the clock"
)]

use std::time::{Duration, Instant};

use integration::PASSWORD;
use integration::process::Server;
use scratch_database::{Database, Servers};
use serde_json::{Value, json};

/// Logouts that are measured.
const SAMPLES: usize = 100;

#[tokio::main]
async fn main() {
    for nodes in [2, 5] {
        measure(nodes).await;
    }
}

async fn measure(count: usize) {
    let Some(database) = Database::fresh(Servers::ReplicaSet).await else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let env = [
        ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
        ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
        ("JWT_ENCODE_ISSUER", "https://accounts.example.org"),
        ("MONGO_URI", &*database.uri),
    ];
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Server::start(folder.path(), &env).await);
    }
    let client = reqwest::Client::new();
    let url = |node: usize, path: &str| format!("{}/api/v1/{path}", nodes[node].url());
    let account = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    let made = client.post(url(0, "register")).json(&account).send().await;
    assert_eq!(made.expect("it answers").status().as_u16(), 201);

    let mut delays = Vec::new();
    for _ in 0..SAMPLES {
        let login = json!({"username": "alice", "password": PASSWORD});
        let tokens = client.post(url(0, "login")).json(&login).send().await;
        let tokens: Value = tokens.expect("it answers").json().await.expect("JSON");
        let token = tokens["access_token"].as_str().expect("a token").to_owned();
        let out = client.delete(url(0, "logout")).bearer_auth(&token).send();
        assert_eq!(out.await.expect("it answers").status().as_u16(), 200);
        let answered = Instant::now();
        for node in 1..count {
            while client
                .get(url(node, "me"))
                .bearer_auth(&token)
                .send()
                .await
                .expect("it answers")
                .status()
                .as_u16()
                != 401
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        delays.push(answered.elapsed());
    }
    delays.sort();
    let at = |percent: usize| {
        let place = (delays.len() * percent).div_ceil(100);
        delays[place.clamp(1, delays.len()) - 1].as_millis()
    };
    println!(
        "{count} nodes: p50 {} ms, p95 {} ms, p99 {} ms (at most 1000)",
        at(50),
        at(95),
        at(99)
    );
}
