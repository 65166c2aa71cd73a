//! A node that dies between two writes of one change: another one finishes it.
//!
//! The first node reaches the database by a network that stops the second write on its way; then the node
//! is killed. What was not answered may have happened or not, but never by half.

use faulty_network::Proxy;
use integration::PASSWORD;
use mongodb::bson::doc;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{Nodes, Tokens, answered};

const NEW_PASSWORD: &str = "another horse, another staple";

/// Sends a request to the first node, and kills that node when it is about to write this.
async fn killed_before(
    nodes: &mut Nodes,
    proxy: &Proxy,
    (command, collection): (&str, &str),
    request: RequestBuilder,
) {
    let held = proxy.hold(command, collection);
    let asking = tokio::spawn(request.send());
    let caught = tokio::time::timeout(super::PATIENCE, held.caught()).await;
    caught.expect("it comes to that");
    nodes.servers.remove(0).kill().await;
    let answer = asking.await.unwrap();
    assert!(answer.is_err(), "nothing was acknowledged: {answer:?}");
}

/// Two nodes, the first one behind a network, and someone who is signed in on both.
async fn signed_in() -> Option<(Nodes, Proxy, Tokens, Tokens)> {
    let (nodes, proxy) = Nodes::start_behind(2, &[]).await?;
    assert_eq!(nodes.sign_up(0, "alice").await, 201);
    let (here, there) = (
        nodes.sign_in(0, "alice").await,
        nodes.sign_in(1, "alice").await,
    );
    for node in 0..3 {
        for tokens in [&here, &there] {
            assert_eq!(nodes.me(node, &tokens.access).await, 200);
        }
    }
    Some((nodes, proxy, here, there))
}

async fn status_of_login(nodes: &Nodes, password: &str) -> u16 {
    let body = json!({"username": "alice", "password": password});
    nodes.post(0, "/api/v1/login", &body).await.status
}

#[tokio::test]
async fn a_change_of_the_password_is_finished_by_another_node() {
    // Before the feed is told, and after that, before the sessions go.
    for write in [
        ("insert", "portcullis_feed"),
        ("delete", "portcullis_sessions"),
    ] {
        let Some((mut nodes, proxy, here, there)) = signed_in().await else {
            return;
        };
        let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        let request = nodes.signed(0, Method::PUT, "/api/v1/me/password", &here.access);
        killed_before(&mut nodes, &proxy, write, request.json(&body)).await;

        nodes.until_refused_everywhere(&there.access).await;
        assert_eq!(
            nodes.refresh(0, &there.refresh).await.status,
            401,
            "{write:?}"
        );
        nodes
            .until_count("users", doc! { "pending": { "$exists": true } }, 0)
            .await;
        // The session that asked lives on, and no other one is left.
        nodes.until_count("portcullis_sessions", doc! {}, 1).await;
        assert_eq!(nodes.me(1, &here.access).await, 200, "{write:?}");
        assert_eq!(status_of_login(&nodes, PASSWORD).await, 401, "{write:?}");
        assert_eq!(
            status_of_login(&nodes, NEW_PASSWORD).await,
            200,
            "{write:?}"
        );
    }
}

#[tokio::test]
async fn a_deletion_is_finished_by_another_node() {
    let writes = [("insert", "portcullis_feed"), ("delete", "users")];
    for write in writes {
        let Some((mut nodes, proxy, here, there)) = signed_in().await else {
            return;
        };
        let me = answered(nodes.signed(0, Method::GET, "/api/v1/me", &here.access)).await;
        let path = format!("/api/v1/users/{}", me.body["id"].as_str().unwrap());
        let request = nodes.signed(0, Method::DELETE, &path, &here.access);
        killed_before(&mut nodes, &proxy, write, request).await;

        // To everyone it is gone at once, and its name is reserved all the same.
        assert_eq!(status_of_login(&nodes, PASSWORD).await, 401, "{write:?}");
        for tokens in [&here, &there] {
            nodes.until_refused_everywhere(&tokens.access).await;
            assert_eq!(
                nodes.refresh(0, &tokens.refresh).await.status,
                401,
                "{write:?}"
            );
        }
        for collection in ["users", "portcullis_sessions"] {
            nodes.until_count(collection, doc! {}, 0).await;
        }
        assert_eq!(nodes.sign_up(1, "alice").await, 409, "{write:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_finished_by_another_node() {
    let Some((mut nodes, proxy, here, there)) = signed_in().await else {
        return;
    };
    let request = nodes.signed(0, Method::DELETE, "/api/v1/logout", &here.access);
    let write = ("delete", "portcullis_sessions");
    killed_before(&mut nodes, &proxy, write, request).await;

    nodes.until_refused_everywhere(&here.access).await;
    assert_eq!(nodes.refresh(0, &here.refresh).await.status, 401);
    // It is not only refused for as long as the feed remembers it: it is gone.
    nodes.until_count("portcullis_sessions", doc! {}, 1).await;
    assert_eq!(nodes.me(0, &there.access).await, 200);
}
