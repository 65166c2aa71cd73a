//! Limits that all nodes count together, however much comes at once.

use futures_util::future::join_all;
use reqwest::Method;

use super::{Nodes, answered};

/// How many requests were admitted, were refused, and could not be decided.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    admitted: usize,
    refused: usize,
    undecided: usize,
}

/// Asks all nodes at once. `admitted` is how a request is answered that is let through.
async fn hammer(nodes: &Nodes, requests: usize, token: Option<&str>, admitted: u16) -> Counted {
    let asking = (0..requests).map(|number| {
        let request = nodes.request(number, Method::GET, "/api/v1/me");
        answered(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    });
    let mut counted = Counted::default();
    for answer in join_all(asking).await {
        match answer.status {
            429 => counted.refused += 1,
            503 => counted.undecided += 1,
            status if status == admitted => counted.admitted += 1,
            _ => panic!("{answer:?}"),
        }
    }
    counted
}

#[tokio::test]
async fn five_nodes_asked_all_at_once_admit_exactly_the_limit() {
    for strategy in ["fixed-window", "moving-window", "sliding-window-counter"] {
        let settings = [
            ("RATELIMIT_DEFAULT", "200 per day;20 per hour"),
            ("RATELIMIT_STRATEGY", strategy),
        ];
        let Some(nodes) = Nodes::start(5, &settings).await else {
            return;
        };
        let first = hammer(&nodes, 100, None, 401).await;
        assert!(first.admitted <= 20, "{strategy}: {first:?}");
        assert!(first.undecided <= 10, "{strategy}: {first:?}");
        // What could not be decided under the press was not counted either.
        let then = hammer(&nodes, 25, None, 401).await;
        assert_eq!(
            first.admitted + then.admitted,
            20,
            "{strategy}: {first:?}, {then:?}"
        );
    }
}

#[tokio::test]
async fn the_limit_of_a_user_is_one_for_all_nodes_and_costs_no_round_trip_each() {
    let settings = [("PORTCULLIS_RATELIMIT_USER", "60 per hour")];
    let Some(mut nodes) = Nodes::none(&settings).await else {
        return;
    };
    let Some(proxy) = nodes.proxy().await else {
        return;
    };
    for _ in 0..3 {
        nodes.join(&proxy.uri).await;
    }
    nodes.sign_up(0, "alice").await;
    let access = nodes.sign_in(0, "alice").await.access;
    let before = proxy.commands_for("portcullis_limits");
    let mut counted = Counted::default();
    // In rounds: the blocks are taken while others are used up.
    for _ in 0..6 {
        let round = hammer(&nodes, 15, Some(&access), 200).await;
        counted.admitted += round.admitted;
        counted.refused += round.refused;
        counted.undecided += round.undecided;
    }
    let asked = proxy.commands_for("portcullis_limits") - before;
    assert!((40..=60).contains(&counted.admitted), "{counted:?}");
    assert_eq!(counted.undecided, 0, "{counted:?}");
    assert!(
        asked < counted.admitted,
        "{asked} round trips for {counted:?}"
    );
}
