//! Errors that the database reports: those that pass by themselves are no fault of ours.

use reqwest::Method;

use super::{Nodes, answered};

const COMMANDS: [&str; 7] = [
    "find",
    "aggregate",
    "getMore",
    "insert",
    "update",
    "delete",
    "findAndModify",
];

#[tokio::test]
async fn an_error_that_passes_is_a_503_that_says_when_to_try_again() {
    let Some((nodes, failing)) = Nodes::start_failing(0, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    for code in [134, 112, 11601, 365] {
        failing.report(&COMMANDS, code).await;
        let sessions = nodes.signed(0, Method::GET, "/api/v1/sessions", &tokens.access);
        let others = nodes.signed(0, Method::DELETE, "/api/v1/sessions", &tokens.access);
        for answer in [
            answered(sessions).await,
            answered(others).await,
            nodes.refresh(0, &tokens.refresh).await,
        ] {
            assert_eq!(answer.status, 503, "{code}: {answer:?}");
            assert_eq!(answer.body["code"], "unavailable", "{code}");
            assert!(answer.retry_after.is_some(), "{code}");
        }
    }
    failing.off().await;
    nodes.until_ready(0).await;
    let sessions = nodes.signed(0, Method::GET, "/api/v1/sessions", &tokens.access);
    assert_eq!(answered(sessions).await.status, 200);
}

#[tokio::test]
async fn an_error_that_does_not_pass_is_a_500_with_its_cause_in_the_log() {
    // A store that can't count a request is a 503, whatever keeps it from counting.
    let settings = [("RATELIMIT_ENABLED", "false")];
    let Some((mut nodes, failing)) = Nodes::start_failing(0, &settings).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    failing.report(&["find"], 59).await;
    let sessions = nodes.signed(0, Method::GET, "/api/v1/sessions", &tokens.access);
    let answer = answered(sessions).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(answer.body["code"], "internal");
    assert!(answer.retry_after.is_none());
    let logged = "the store failed: MongoDB reports error 59 (CommandNotFound)";
    nodes.servers[0].until_logged(logged).await;
}
