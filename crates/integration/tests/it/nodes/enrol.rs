//! Enrolling a second factor beside a node that asks nobody for one.

use std::sync::Arc;

use integration::{Authenticator, Backend, PASSWORD, TestApp};
use mongodb::bson::{Document, doc};
use scratch_database::{Database, Servers};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enrols_while_a_node_runs_that_knows_no_second_factors() {
    let Some(database) = Database::fresh(Servers::Alone).await else {
        return;
    };
    let database = Arc::new(database);
    let app = TestApp::start_with(Backend::MongoDb(Arc::clone(&database)), &[]).await;
    let alice = app.signed_in("alice").await;
    let heartbeat = async |update: Document| {
        let meta = database.collection("portcullis_meta");
        meta.update_one(doc! { "_id": "heartbeat" }, update)
            .await
            .unwrap();
    };
    // As the version before stands there.
    let earlier = doc! { "$set": { "nodes.earlier": { "beats": 7_i64, "reads": [] } } };
    let left = doc! { "$unset": { "nodes.earlier": "" } };
    let begin = async || app.post("/api/v1/me/factors/totp").by(&alice).send().await;

    heartbeat(earlier.clone()).await;
    let refused = begin().await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.assert_problem(503, "unavailable");

    heartbeat(left.clone()).await;
    let given = begin().await.assert_status(201).json();
    let authenticator = Authenticator::with(given["secret"].as_str().unwrap());
    let confirm = async || {
        let code = json!({"code": authenticator.shows(&app)});
        app.post("/api/v1/me/factors/totp/confirm")
            .by(&alice)
            .json(code)
            .send()
            .await
    };
    heartbeat(earlier).await;
    confirm().await.assert_problem(503, "unavailable");
    app.login("alice", PASSWORD).await.assert_ok();
    heartbeat(left).await;
    confirm().await.assert_ok();
    app.login("alice", PASSWORD)
        .await
        .assert_problem(401, "factor_required");
}
