//! The database goes away, does not answer, loses answers, takes its time, and comes back: all of it
//! while the server runs.

use std::time::Duration;

use faulty_network::Network;
use futures_util::future::join_all;
use integration::PASSWORD;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::time::Instant;

use super::{Answer, Nodes, Tokens, answered, until};

/// An operation of the store has 5 seconds, and a request ends with the first that fails; one that waits
/// behind another has as long once more. The rest is for the machine.
const BOUND: Duration = Duration::from_secs(30);

/// Requests of every kind that needs the store, and their names.
pub(super) fn every_kind(nodes: &Nodes, tokens: &Tokens) -> Vec<(&'static str, RequestBuilder)> {
    let account = json!({"username": "eve", "email": "eve@example.org", "password": PASSWORD});
    let login = json!({"username": "alice", "password": PASSWORD});
    let passwords =
        json!({"current_password": PASSWORD, "new_password": "another horse, another staple"});
    let session = format!("/api/v1/sessions/{}", tokens.session);
    let anonymous = |method, path: &str| nodes.request(0, method, path);
    let signed = |method, path: &str| nodes.signed(0, method, path, &tokens.access);
    vec![
        ("ready", anonymous(Method::GET, "/readyz")),
        (
            "sign up",
            anonymous(Method::POST, "/api/v1/register").json(&account),
        ),
        (
            "sign in",
            anonymous(Method::POST, "/api/v1/login").json(&login),
        ),
        ("unknown", anonymous(Method::POST, "/api/v1/nothing")),
        (
            "refresh",
            nodes.signed(0, Method::POST, "/api/v1/refresh", &tokens.refresh),
        ),
        ("sessions", signed(Method::GET, "/api/v1/sessions")),
        ("end one", signed(Method::DELETE, &session)),
        ("end others", signed(Method::DELETE, "/api/v1/sessions")),
        (
            "reauthenticate",
            signed(Method::POST, "/api/v1/me/reauthenticate").json(&json!({"password": PASSWORD})),
        ),
        (
            "password",
            signed(Method::PUT, "/api/v1/me/password").json(&passwords),
        ),
        ("log out", signed(Method::DELETE, "/api/v1/logout")),
    ]
}

/// Sends one of every kind at once; each must be answered within the bound.
async fn ask_everything(nodes: &Nodes, tokens: &Tokens) -> Vec<(&'static str, Answer)> {
    let asking = every_kind(nodes, tokens)
        .into_iter()
        .map(|(name, request)| async move {
            let answer = tokio::time::timeout(BOUND, answered(request)).await;
            (
                name,
                answer.unwrap_or_else(|_| panic!("{name}: no answer within {BOUND:?}")),
            )
        });
    join_all(asking).await
}

#[tokio::test]
async fn without_the_store_every_request_is_answered_and_everything_goes_on_when_it_is_back() {
    let settings = [("PORTCULLIS_REVOCATION_MAX_STALENESS", "300")];
    let Some((nodes, proxy)) = Nodes::start_behind(0, &settings).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    for network in [Network::Gone, Network::Silent] {
        proxy.set(network);
        for (name, answer) in ask_everything(&nodes, &tokens).await {
            assert_eq!(answer.status, 503, "{network:?}, {name}: {answer:?}");
            assert_eq!(answer.body["code"], "unavailable", "{network:?}, {name}");
            assert!(answer.retry_after.is_some(), "{network:?}, {name}");
        }
        let alive = answered(nodes.request(0, Method::GET, "/livez")).await;
        assert_eq!(alive.status, 200, "{network:?}");
        proxy.set(Network::Works);
        nodes.until_ready(0).await;
        assert_eq!(nodes.me(0, &tokens.access).await, 200, "{network:?}");
    }
}

/// A grace that runs out while nobody is served would be none.
#[tokio::test]
async fn an_answer_that_was_lost_before_an_outage_can_be_asked_for_after_it() {
    let grace = Duration::from_secs(2);
    let settings = [
        ("PORTCULLIS_REFRESH_GRACE", "2"),
        ("PORTCULLIS_REQUEST_TIMEOUT", "3"),
        ("PORTCULLIS_REVOCATION_MAX_STALENESS", "300"),
    ];
    let Some((nodes, proxy)) = Nodes::start_behind(0, &settings).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    let lost = nodes.refresh(0, &tokens.refresh).await;
    assert_eq!(lost.status, 200, "{lost:?}");
    let began = Instant::now();
    proxy.set(Network::Silent);
    until("the outage is longer than the grace", async || {
        let answer = nodes.refresh(0, &tokens.refresh).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        began.elapsed() > grace * 2
    })
    .await;
    proxy.set(Network::Works);
    nodes.until_ready(0).await;
    let again = nodes.refresh(0, &tokens.refresh).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.body["refresh_token"], lost.body["refresh_token"]);
}

#[tokio::test]
async fn a_store_that_takes_two_seconds_for_each_answer_keeps_nobody_waiting_without_end() {
    let Some((nodes, proxy)) = Nodes::start_behind(0, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    let other = nodes.sign_in(0, "alice").await;
    proxy.set(Network::Slow(Duration::from_secs(2)));
    let login = json!({"username": "alice", "password": PASSWORD});
    let requests = [
        ("ready", nodes.request(0, Method::GET, "/readyz")),
        (
            "sign in",
            nodes.request(0, Method::POST, "/api/v1/login").json(&login),
        ),
        (
            "sessions",
            nodes.signed(0, Method::GET, "/api/v1/sessions", &tokens.access),
        ),
        ("unknown", nodes.request(0, Method::POST, "/api/v1/nothing")),
        (
            "log out",
            nodes.signed(0, Method::DELETE, "/api/v1/logout", &other.access),
        ),
    ];
    let asking = requests.map(|(name, request)| async move {
        let answer = tokio::time::timeout(BOUND, answered(request)).await;
        (
            name,
            answer.unwrap_or_else(|_| panic!("{name}: no answer within {BOUND:?}")),
        )
    });
    let mut logged_out = false;
    for (name, answer) in join_all(asking).await {
        match answer.status {
            200 | 404 => logged_out |= name == "log out",
            503 => assert_eq!(answer.body["code"], "unavailable", "{name}"),
            _ => panic!("{name}: {answer:?}"),
        }
    }
    proxy.set(Network::Works);
    nodes.until_ready(0).await;
    let status = nodes.me(0, &other.access).await;
    assert!(
        status == 401 || !logged_out && status == 200,
        "{status}, {logged_out}"
    );
    assert_eq!(nodes.me(0, &tokens.access).await, 200);
}

#[tokio::test]
async fn what_was_acknowledged_while_the_network_failed_is_there_afterwards() {
    let Some((nodes, proxy)) = Nodes::start_behind(1, &[]).await else {
        return;
    };
    nodes.sign_up(1, "alice").await;
    for (round, network) in [Network::Gone, Network::LosesAnswers, Network::Silent]
        .into_iter()
        .enumerate()
    {
        let mut sessions = Vec::new();
        for _ in 0..3 {
            sessions.push(nodes.sign_in(1, "alice").await);
        }
        let person = format!("person-{round}");
        // The failure comes while the requests are under way.
        let begun = proxy.commands_for("portcullis_sessions");
        let ending = join_all(
            sessions
                .iter()
                .map(|tokens| nodes.log_out(0, &tokens.access)),
        );
        let failing = async {
            until("it has begun", async || {
                proxy.commands_for("portcullis_sessions") > begun
            })
            .await;
            proxy.set(network);
        };
        let (ended, made, ()) = tokio::join!(ending, nodes.sign_up(0, &person), failing);
        proxy.set(Network::Works);
        nodes.until_ready(0).await;

        assert!(matches!(made, 201 | 503), "{network:?}: {made}");
        if made == 201 {
            nodes.sign_in(1, &person).await;
        }
        for (tokens, status) in sessions.iter().zip(ended) {
            assert!(matches!(status, 200 | 503), "{network:?}: {status}");
            if status == 200 {
                nodes.until_refused_everywhere(&tokens.access).await;
                let refreshed = nodes.refresh(1, &tokens.refresh).await;
                assert_eq!(refreshed.status, 401, "{network:?}");
            }
        }
    }
    // It goes on as if nothing had been.
    let tokens = nodes.sign_in(0, "alice").await;
    assert_eq!(nodes.log_out(0, &tokens.access).await, 200);
    nodes.until_refused_everywhere(&tokens.access).await;
}

#[tokio::test]
async fn without_the_store_reads_go_on_for_the_signed_in_within_the_bound_and_for_others_within_limits()
 {
    let bound = Duration::from_secs(8);
    let settings = [
        ("PORTCULLIS_REVOCATION_MAX_STALENESS", "8"),
        ("RATELIMIT_DEFAULT", "20 per hour"),
    ];
    let Some((nodes, proxy)) = Nodes::start_behind(0, &settings).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(0, "alice").await;
    assert_eq!(nodes.me(0, &tokens.access).await, 200);
    proxy.set(Network::Gone);
    let gone = Instant::now();

    assert_eq!(nodes.me(0, &tokens.access).await, 200);
    let anonymous = (0..30).map(|_| answered(nodes.request(0, Method::GET, "/api/v1/me")));
    let answers = join_all(anonymous).await;
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(401), count(429)), (20, 10), "{answers:?}");
    let unsafe_one = answered(nodes.request(0, Method::POST, "/api/v1/nothing")).await;
    assert_eq!(unsafe_one.status, 503, "{unsafe_one:?}");

    until("it refuses in the end", async || {
        let asked = gone.elapsed();
        let status = nodes.me(0, &tokens.access).await;
        assert!(matches!(status, 200 | 503), "{status}");
        assert!(
            status == 503 || asked <= bound,
            "taken {asked:?} after the store had gone"
        );
        status == 503
    })
    .await;
    assert!(!nodes.is_ready(0).await);
    proxy.set(Network::Works);
    nodes.until_ready(0).await;
    until("it takes tokens again", async || {
        nodes.me(0, &tokens.access).await == 200
    })
    .await;
}
