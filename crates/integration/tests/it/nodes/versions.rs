//! A node of the version before beside one of this: what either writes the other reads.
//!
//! `PORTCULLIS_TEST_BINARY_BEFORE` names the binary of that version; without it there is nothing to see.

use integration::PASSWORD;
use integration::process::{Server, binary_before};
use reqwest::Method;
use serde_json::json;

use super::{Nodes, answered};

const NEW: usize = 0;
const OLD: usize = 1;
const ANOTHER: &str = "quite another phrase of words";

async fn both() -> Option<Nodes> {
    both_with(&[]).await
}

/// With `settings` of the node of this version, which the one before doesn't have.
async fn both_with(new: &[(&str, &str)]) -> Option<Nodes> {
    let Some(before) = binary_before() else {
        scratch_database::aloud("SKIPPED: PORTCULLIS_TEST_BINARY_BEFORE names no binary");
        return None;
    };
    let mut nodes = Nodes::start(1, new).await?;
    let uri = nodes.database.uri.clone();
    let settings = nodes.settings.iter();
    let settings = settings.map(|(name, value)| (&**name, &**value));
    let mut env: Vec<_> = settings.filter(|setting| !new.contains(setting)).collect();
    env.push(("MONGO_URI", &uri));
    let old = Server::start_before(&before, nodes.folder.path(), &env).await;
    nodes.servers.push(old);
    Some(nodes)
}

#[tokio::test]
async fn what_one_version_opens_the_other_carries_on_and_ends() {
    let Some(nodes) = both().await else {
        return;
    };
    for (here, there) in [(NEW, OLD), (OLD, NEW)] {
        let name = format!("user{here}");
        assert_eq!(nodes.sign_up(there, &name).await, 201);
        let mut session = nodes.sign_in(here, &name).await;
        assert_eq!(nodes.me(there, &session.access).await, 200);
        // Fresh there, and from there.
        let delete = nodes.signed(there, Method::DELETE, "/api/v1/sessions", &session.access);
        assert_eq!(answered(delete).await.status, 204);
        let body = json!({"password": PASSWORD});
        let path = "/api/v1/me/reauthenticate";
        let again = nodes.signed(there, Method::POST, path, &session.access);
        let again = answered(again.json(&body)).await;
        let fresh = again.body["access_token"].as_str().unwrap();
        let delete = nodes.signed(here, Method::DELETE, "/api/v1/sessions", fresh);
        assert_eq!(answered(delete).await.status, 204);
        // A refresh on each in turn, and never fresh by that.
        for node in [there, here, there] {
            let next = nodes.refresh(node, &session.refresh).await;
            assert_eq!(next.status, 200, "{next:?}");
            next.body["refresh_token"]
                .as_str()
                .unwrap()
                .clone_into(&mut session.refresh);
            next.body["access_token"]
                .as_str()
                .unwrap()
                .clone_into(&mut session.access);
            for node in [here, there] {
                let delete =
                    nodes.signed(node, Method::DELETE, "/api/v1/sessions", &session.access);
                assert_eq!(answered(delete).await.status, 401);
            }
        }
        assert_eq!(nodes.log_out(there, &session.access).await, 200);
        nodes.until_refused_everywhere(&session.access).await;
        assert_eq!(nodes.refresh(here, &session.refresh).await.status, 401);
    }
}

#[tokio::test]
async fn a_new_password_of_one_version_holds_on_the_other_when_that_has_left() {
    let Some(mut nodes) = both().await else {
        return;
    };
    assert_eq!(nodes.sign_up(OLD, "alice").await, 201);
    let (kept, other) = (
        nodes.sign_in(NEW, "alice").await,
        nodes.sign_in(OLD, "alice").await,
    );
    let changed = nodes
        .change_password(OLD, &kept.access, PASSWORD, ANOTHER)
        .await;
    assert_eq!(changed, 200);
    nodes.until_refused_everywhere(&other.access).await;
    let changed = nodes
        .change_password(NEW, &kept.access, ANOTHER, PASSWORD)
        .await;
    assert_eq!(changed, 200);

    let old = nodes.servers.remove(OLD);
    old.stop().await;
    assert_eq!(nodes.me(NEW, &kept.access).await, 200);
    assert_eq!(nodes.me(NEW, &other.access).await, 401);
    assert_eq!(nodes.refresh(NEW, &kept.refresh).await.status, 200);
    nodes.sign_in(NEW, "alice").await;
}

/// The version before knows no account that waits to be deleted: it refuses it as one that is disabled.
#[tokio::test]
async fn an_account_that_waits_to_be_deleted_is_shut_out_by_the_version_before_until_it_is_kept() {
    let grace = [("PORTCULLIS_DELETION_GRACE", "86400")];
    let Some(nodes) = both_with(&grace).await else {
        return;
    };
    assert_eq!(nodes.sign_up(OLD, "alice").await, 201);
    let session = nodes.sign_in(OLD, "alice").await;
    let alice = answered(nodes.signed(NEW, Method::GET, "/api/v1/me", &session.access)).await;
    let path = format!("/api/v1/users/{}", alice.body["id"].as_str().unwrap());
    let delete = nodes.signed(NEW, Method::DELETE, &path, &session.access);
    assert_eq!(answered(delete).await.status, 202);
    nodes.until_refused_everywhere(&session.access).await;
    assert_eq!(nodes.refresh(OLD, &session.refresh).await.status, 401);
    let mut body = json!({"username": "alice", "password": PASSWORD});
    let refused = nodes.post(OLD, "/api/v1/login", &body).await;
    assert_eq!(refused.status, 401, "{refused:?}");

    body["keep_account"] = json!(true);
    let kept = nodes.post(NEW, "/api/v1/login", &body).await;
    assert_eq!(kept.status, 200, "{kept:?}");
    let session = nodes.sign_in(OLD, "alice").await;
    assert_eq!(nodes.me(NEW, &session.access).await, 200);
}
