//! What one node ends is refused on the others.

use integration::PASSWORD;
use reqwest::Method;
use serde_json::json;

use super::{Nodes, answered};

#[tokio::test]
async fn sessions_and_accounts_that_one_node_ends_are_refused_on_every_other() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    assert_eq!(nodes.sign_up(0, "alice").await, 201);
    let mut sessions = Vec::new();
    for node in 0..4 {
        sessions.push(nodes.sign_in(node, "alice").await);
    }
    let [here, one, other, another] = &sessions[..] else {
        unreachable!("there are four");
    };
    for session in &sessions {
        for node in 0..3 {
            assert_eq!(nodes.me(node, &session.access).await, 200);
        }
    }

    let delete = |path: &str| nodes.signed(0, Method::DELETE, path, &here.access);
    let path = format!("/api/v1/sessions/{}", one.session);
    assert_eq!(answered(delete(&path)).await.status, 204);
    assert_eq!(
        nodes.me(0, &one.access).await,
        401,
        "at once where it ended"
    );
    assert_eq!(nodes.refresh(1, &one.refresh).await.status, 401);
    nodes.until_refused_everywhere(&one.access).await;
    assert_eq!(nodes.me(1, &other.access).await, 200, "the others live on");

    let ended = answered(delete("/api/v1/sessions")).await;
    assert!(matches!(ended.status, 200 | 204), "{ended:?}");
    for session in [other, another] {
        assert_eq!(nodes.refresh(2, &session.refresh).await.status, 401);
        nodes.until_refused_everywhere(&session.access).await;
    }
    for node in 0..3 {
        assert_eq!(
            nodes.me(node, &here.access).await,
            200,
            "but for the present"
        );
    }

    let me = answered(nodes.signed(0, Method::GET, "/api/v1/me", &here.access)).await;
    let path = format!("/api/v1/users/{}", me.body["id"].as_str().unwrap());
    let deleted = answered(delete(&path)).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(nodes.refresh(1, &here.refresh).await.status, 401);
    nodes.until_refused_everywhere(&here.access).await;
    let body = json!({"username": "alice", "password": PASSWORD});
    for node in 0..3 {
        let answer = nodes.post(node, "/api/v1/login", &body).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
}
