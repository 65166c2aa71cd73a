//! What the usual stack gets wrong as soon as it has two workers.

use integration::PASSWORD;
use integration::process;
use reqwest::Method;
use serde_json::json;

use super::{KEYS, Nodes, answered};

#[tokio::test]
async fn defect_1_a_token_that_one_node_logged_out_is_good_on_the_other() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    assert_eq!(nodes.sign_up(0, "alice").await, 201);
    let alice = nodes.sign_in(1, "alice").await;
    let access = alice.access;
    for node in 0..3 {
        assert_eq!(nodes.me(node, &access).await, 200);
    }
    assert_eq!(nodes.log_out(0, &access).await, 200);
    assert_eq!(
        nodes.me(0, &access).await,
        401,
        "at once on the node that did it"
    );
    // Refreshing reads the store: there is no delay.
    assert_eq!(nodes.refresh(2, &alice.refresh).await.status, 401);
    nodes.until_refused_everywhere(&access).await;
}

#[tokio::test]
async fn defect_1_every_node_admits_the_whole_limit() {
    let settings = [("RATELIMIT_DEFAULT", "200 per day;20 per hour")];
    for strategy in ["fixed-window", "moving-window", "sliding-window-counter"] {
        let settings = [settings[0], ("RATELIMIT_STRATEGY", strategy)];
        let Some(nodes) = Nodes::start(3, &settings).await else {
            return;
        };
        let mut admitted = 0;
        for round in 0..45 {
            let request = nodes.request(round, Method::GET, "/api/v1/me");
            match answered(request).await.status {
                401 => admitted += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(admitted, 20, "{strategy}");
    }
}

#[tokio::test]
async fn defect_1_one_name_is_registered_twice_on_several_nodes() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    let signing_up = (0..50).map(|n| {
        let email = format!("a{n}@example.org");
        let body = json!({"username": "alice", "email": email, "password": PASSWORD});
        let nodes = &nodes;
        async move { nodes.post(n, "/api/v1/register", &body).await }
    });
    let mut made = 0;
    for answer in futures_util::future::join_all(signing_up).await {
        match (answer.status, answer.body["code"].as_str()) {
            (201, _) => made += 1,
            (503, _) => {} // the queue of hashes was full
            (409, code) => assert_eq!(code, Some("username_taken")),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn fifty_uses_of_one_refresh_token_over_three_nodes_get_one_new_pair() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let refresh = nodes.sign_in(0, "alice").await.refresh;
    let using = (0..50).map(|node| nodes.refresh(node, &refresh));
    let answers = futures_util::future::join_all(using).await;
    let first = &answers[0].body;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["refresh_token"], first["refresh_token"]);
        assert_eq!(answer.body["access_token"], first["access_token"]);
    }
}

#[tokio::test]
async fn defect_5_tokens_survive_a_change_of_the_password_on_another_node() {
    let Some(nodes) = Nodes::start(2, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let thief = nodes.sign_in(1, "alice").await;
    let access = nodes.sign_in(0, "alice").await.access;
    let new = "another horse, another staple";
    let changed = nodes.change_password(0, &access, PASSWORD, new).await;
    assert_eq!(changed, 200);
    assert_eq!(nodes.refresh(1, &thief.refresh).await.status, 401);
    nodes.until_refused_everywhere(&thief.access).await;
    assert_eq!(
        nodes.me(1, &access).await,
        200,
        "the session that asked lives on"
    );
}

#[tokio::test]
async fn defect_6_a_node_that_starts_later_knows_who_logged_out() {
    let Some(mut nodes) = Nodes::start(2, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let access = nodes.sign_in(0, "alice").await.access;
    nodes.servers.remove(1).kill().await;
    assert_eq!(nodes.log_out(0, &access).await, 200);
    let uri = nodes.database.uri.clone();
    nodes.join(&uri).await;
    assert_eq!(nodes.me(1, &access).await, 401, "before its first answer");
}

#[tokio::test]
async fn defect_8_a_rotated_header_is_a_thousand_clients_on_every_node() {
    let settings = [("RATELIMIT_DEFAULT", "20 per hour")];
    let Some(nodes) = Nodes::start(2, &settings).await else {
        return;
    };
    let mut admitted = 0;
    for round in 0..50 {
        let request = nodes.request(round, Method::GET, "/api/v1/me");
        let request = request.header("x-forwarded-for", format!("198.51.100.{round}"));
        admitted += u32::from(answered(request).await.status == 401);
    }
    assert_eq!(admitted, 20);
}

#[tokio::test]
async fn defect_9_guesses_at_one_account_are_counted_by_each_node_apart() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let guessing = (0..60).map(|n| {
        let body = json!({"username": "alice", "password": format!("guess {n}")});
        let nodes = &nodes;
        async move { nodes.post(n, "/api/v1/login", &body).await }
    });
    let answers = futures_util::future::join_all(guessing).await;
    let checked = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(checked <= 5, "{checked}");
    let body = json!({"username": "alice", "password": PASSWORD});
    let answer = nodes.post(1, "/api/v1/login", &body).await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (429, Some("too_many_attempts"))
    );
}

#[tokio::test]
async fn a_node_with_another_key_does_not_start() {
    let Some(nodes) = Nodes::start(1, &[]).await else {
        return;
    };
    for (name, place) in [("JWT_SECRET_KEY", 0), ("SECRET_KEY", 1)] {
        let mut env = vec![KEYS[0], KEYS[1], ("MONGO_URI", &nodes.database.uri)];
        env[place].1 = "99a3f1d8e2b7c6504d1e8f92a6b3c7d05e4f1a28";
        env.push(("PORTCULLIS_LISTEN", "127.0.0.1:0"));
        let ran = process::run(nodes.folder.path(), &["serve"], &env, "").await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("{name} is not the one")),
            "{ran:?}"
        );
    }
}
