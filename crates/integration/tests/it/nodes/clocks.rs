//! Clocks that differ.

use integration::{Backend, PASSWORD, TestApp};
use scratch_database::Servers;
use serde_json::json;

use super::{Nodes, PATIENCE, until};

#[tokio::test]
async fn a_node_whose_clock_differs_from_the_stores_is_not_ready() {
    let Some((nodes, proxy)) = Nodes::start_behind(0, &[]).await else {
        return;
    };
    nodes.until_ready(0).await;
    for hours in [1, -1] {
        proxy.set_clock_ahead(hours * 3_600_000);
        until("it is not ready", async || !nodes.is_ready(0).await).await;
        assert!(!nodes.is_ready(0).await, "{hours} h");
        proxy.set_clock_ahead(0);
        nodes.until_ready(0).await;
    }
}

#[tokio::test]
async fn a_logout_is_refused_by_a_node_whose_clock_is_an_hour_off() {
    let Some(backend) = Backend::mongodb_on(Servers::ReplicaSet).await else {
        return;
    };
    // Tokens are good on both sides of the hour, so that only the revocation decides.
    let lifetime = [("JWT_ACCESS_TOKEN_EXPIRES", "86400")];
    let right = TestApp::start_with(backend.clone(), &lifetime).await;
    let ahead = TestApp::start_with(backend, &lifetime).await;
    let alice = right.signed_in("alice").await;
    let at_other = ahead.login("alice", PASSWORD).await.assert_ok();
    let others = at_other["access_token"].as_str().unwrap();
    ahead.advance(3600);
    for app in [&right, &ahead] {
        for token in [&*alice.access, others] {
            app.me(token).await.assert_ok();
        }
    }
    for (here, there, token) in [(&right, &ahead, &*alice.access), (&ahead, &right, others)] {
        let answer = here.delete("/api/v1/logout").bearer(token).send().await;
        assert_eq!(
            answer.assert_ok(),
            json!({"message": "Successfully logged out"})
        );
        let refused = async {
            while there.me(token).await.status != 401 {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, refused).await;
        in_time.expect("the other one hears of it");
        here.me(token).await.assert_problem(401, "revoked_token");
        there.me(token).await.assert_problem(401, "revoked_token");
        // Also when what has run out by their clock was swept.
        here.sweep().await;
        there.sweep().await;
        there.me(token).await.assert_problem(401, "revoked_token");
    }
}
