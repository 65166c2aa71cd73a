//! Whatever the database does, a request has one deadline.

use std::time::Duration;

use faulty_network::Network;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};

use super::outage::every_kind;
use super::{Answer, Nodes, Tokens, answered};

const SETTINGS: [(&str, &str); 2] = [
    ("PORTCULLIS_REQUEST_TIMEOUT", "1"),
    ("PORTCULLIS_REVOCATION_MAX_STALENESS", "300"),
];

/// That second, and the rest for the machine. An operation of the store alone would have five.
const BOUND: Duration = Duration::from_secs(4);

/// A cookie that could be somebody's.
const COOKIE: &str = "portcullis=pcb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Sends all at once; each must be answered within the bound.
async fn ask(requests: Vec<(&'static str, RequestBuilder)>) -> Vec<(&'static str, Answer)> {
    let asking = requests.into_iter().map(|(name, request)| async move {
        let answer = tokio::time::timeout(BOUND, answered(request)).await;
        let late = |_| panic!("{name}: no answer within {BOUND:?}");
        (name, answer.unwrap_or_else(late))
    });
    join_all(asking).await
}

fn assert_unavailable(name: &str, answer: &Answer) {
    assert_eq!(answer.status, 503, "{name}: {answer:?}");
    assert!(answer.retry_after.is_some(), "{name}");
}

/// Somebody whom the first node has never seen.
async fn stranger(nodes: &Nodes) -> Tokens {
    nodes.sign_up(1, "alice").await;
    nodes.sign_in(1, "alice").await
}

#[tokio::test]
async fn with_a_database_that_says_nothing_every_request_is_answered_in_time() {
    let Some((nodes, proxy)) = Nodes::start_behind(1, &SETTINGS).await else {
        return;
    };
    let tokens = stranger(&nodes).await;
    proxy.set(Network::Silent);
    let mut requests = every_kind(&nodes, &tokens);
    let me = nodes.signed(0, Method::GET, "/api/v1/me", &tokens.access);
    requests.push(("me", me));
    let page = |path| nodes.request(0, Method::GET, path).header("cookie", COOKIE);
    for path in ["/account", "/login"] {
        requests.push((path, page(path).header("accept", "text/html")));
    }
    for (name, answer) in ask(requests).await {
        assert_unavailable(name, &answer);
    }
    let alive = vec![("alive", nodes.request(0, Method::GET, "/livez"))];
    assert_eq!(ask(alive).await[0].1.status, 200);
}

#[tokio::test]
async fn with_a_database_that_confirms_no_write_every_request_is_answered_in_time() {
    let Some((nodes, failing)) = Nodes::start_failing(1, &SETTINGS).await else {
        return;
    };
    let tokens = stranger(&nodes).await;
    let writes = ["insert", "update", "delete", "findAndModify"];
    failing.delay(&writes, BOUND * 2).await; // turning it off waits for those that wait
    let requests = every_kind(&nodes, &tokens);
    let reads = ["unknown", "sessions"];
    let changes = requests
        .into_iter()
        .filter(|(name, _)| !reads.contains(name));
    for (name, answer) in ask(changes.collect()).await {
        assert_unavailable(name, &answer);
    }
    failing.off().await;
}
