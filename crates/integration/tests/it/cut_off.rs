//! Sign-ins that their deadline, or their client, cuts off: what was not compared costs nobody a try, and what was
//! compared stays counted.

use std::time::Duration;

use integration::{PASSWORD, TestApp};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Takes far longer to check than the hashes of other tests.
const DEAR: &str = "$argon2id$v=19$m=65536,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const WRONG: &str = "not the password at all";

/// Several accounts with a dear hash.
async fn dear(app: &TestApp, accounts: usize) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..accounts {
        let name = format!("dear{number}");
        app.signed_up(&name).await;
        app.store_hash(&name, DEAR).await;
        names.push(name);
    }
    names
}

/// Waits until the pool has room again.
async fn calm(app: &TestApp) {
    let asking = async {
        let mut number = 0;
        while status(app, &format!("nobody{number}"), WRONG).await != 401 {
            number += 1;
        }
    };
    let asked = tokio::time::timeout(Duration::from_mins(1), asking).await;
    assert!(asked.is_ok(), "the pool never has room again");
}

async fn status(app: &TestApp, name: &str, password: &str) -> u16 {
    app.login(name, password).await.status.as_u16()
}

#[tokio::test]
async fn a_busy_pool_costs_nobody_a_try() {
    let app = TestApp::with(&[("PORTCULLIS_REQUEST_TIMEOUT", "1")]).await;
    app.signed_up("alice").await;
    let names = dear(&app, 8).await;
    let login = |name: &str, password: &str| {
        let body = json!({"username": name, "password": password});
        app.post("/api/v1/login").json(body).spawn()
    };
    let names = names.iter().flat_map(|name| [name; 4]);
    let flood: Vec<_> = names.map(|name| login(name, WRONG)).collect();
    let hers: Vec<_> = (0..4).map(|_| login("alice", WRONG)).collect();
    let mut compared = 0;
    for answer in hers {
        match answer.await.unwrap().status.as_u16() {
            401 => compared += 1,
            503 => {}
            status => panic!("{status}"),
        }
    }
    for answer in flood {
        let status = answer.await.unwrap().status.as_u16();
        assert!([401, 503].contains(&status), "{status}");
    }
    calm(&app).await;
    for guess in compared + 1..=5 {
        assert_eq!(status(&app, "alice", WRONG).await, 401, "guess {guess}");
    }
    assert_eq!(status(&app, "alice", PASSWORD).await, 429);
}

#[tokio::test]
async fn who_hangs_up_has_guessed_all_the_same() {
    let app = TestApp::with(&[]).await;
    let names = dear(&app, 1).await;
    let body = json!({"username": names[0], "password": WRONG}).to_string();
    let request = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = TcpStream::connect(app.address()).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        clients.push(client);
    }
    // All five are counted before the first is compared.
    let asked = async { while status(&app, &names[0], WRONG).await != 429 {} };
    let asked = tokio::time::timeout(Duration::from_mins(1), asked).await;
    assert!(asked.is_ok(), "they are counted");
    drop(clients);
    calm(&app).await;
    assert_eq!(status(&app, &names[0], WRONG).await, 429);
}
