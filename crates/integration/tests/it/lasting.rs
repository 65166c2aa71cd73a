//! A limit that is used up stays used up when the server is killed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use integration::process::Server;

/// How long it may take on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(1);

const LIMITED: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "200 per day;20 per hour"),
    ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
];

const CLIENT: &str = "203.0.113.7";

/// Requests of as many addresses that are there before the client comes, and go on meanwhile.
const FLOOD: u32 = 2_000;

async fn try_asking(http: &reqwest::Client, server: &str, address: &str) -> reqwest::Result<u16> {
    let request = http
        .get(format!("{server}/api/v1/me"))
        .header("x-forwarded-for", address);
    Ok(request.send().await?.status().as_u16())
}

async fn ask(http: &reqwest::Client, server: &str, address: &str) -> u16 {
    try_asking(http, server, address).await.unwrap()
}

/// Asks until the limit is used up, and is refused.
async fn use_up(http: &reqwest::Client, server: &str) {
    for _ in 0..20 {
        assert_eq!(ask(http, server, CLIENT).await, 401);
    }
    assert_eq!(ask(http, server, CLIENT).await, 429);
}

/// Waits until the file has a counter with nothing left.
async fn until_written(folder: &Path) {
    let file = rusqlite::Connection::open(folder.join("data/portcullis.db")).unwrap();
    let sql = "SELECT count(*) FROM rate_limits WHERE worth = 3";
    let written = tokio::time::timeout(PATIENCE, async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let found: u32 = file.query_row(sql, (), |row| row.get(0)).unwrap();
            if found > 0 {
                return;
            }
        }
    });
    assert!(written.await.is_ok(), "it is never written");
}

async fn assert_refused_after_a_restart(folder: &Path) {
    let server = Server::start(folder, LIMITED).await;
    let http = reqwest::Client::new();
    assert_eq!(ask(&http, &server.url(), CLIENT).await, 429);
    // A client that did not ask before is not concerned.
    assert_eq!(ask(&http, &server.url(), "203.0.113.8").await, 401);
    server.kill().await;
}

#[tokio::test]
async fn a_client_that_was_refused_is_refused_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), LIMITED).await;
    use_up(&reqwest::Client::new(), &server.url()).await;
    until_written(folder.path()).await;
    server.kill().await;
    assert_refused_after_a_restart(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_refused_in_a_flood_is_refused_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), LIMITED).await;
    let http = reqwest::Client::new();
    let came = Arc::new(AtomicU32::new(0));
    let flood: Vec<_> = (0..8)
        .map(|_| tokio::spawn(flood(http.clone(), server.url(), Arc::clone(&came))))
        .collect();
    let enough = tokio::time::timeout(PATIENCE, async {
        while came.load(Ordering::Relaxed) < FLOOD {
            let exempt = http.get(format!("{}/livez", server.url())).send().await;
            exempt.unwrap();
        }
    });
    assert!(enough.await.is_ok(), "no flood comes");
    use_up(&http, &server.url()).await;
    until_written(folder.path()).await;
    server.kill().await;
    for task in flood {
        task.await.unwrap();
    }
    assert_refused_after_a_restart(folder.path()).await;
}

/// Asks for one address after the other, until the server is gone.
async fn flood(http: reqwest::Client, server: String, came: Arc<AtomicU32>) {
    loop {
        let [_, a, b, c] = came.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        match try_asking(&http, &server, &format!("10.{a}.{b}.{c}")).await {
            Ok(status) => assert_eq!(status, 401),
            Err(_) => return,
        }
    }
}
