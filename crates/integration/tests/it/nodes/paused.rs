//! A node that stood still while the others went on.

use std::time::Duration;

use futures_util::future::join_all;
use mongodb::bson::doc;
use reqwest::Method;

use super::{Nodes, until};

/// The shortest that may be set, and a pause that is longer.
const STALENESS: (&str, &str) = ("PORTCULLIS_REVOCATION_MAX_STALENESS", "2");
const PAUSE: Duration = Duration::from_secs(3);

/// What a node answers from the moment it goes on, which it was asked before and is asked after.
async fn statuses_after_a_pause(nodes: &Nodes, token: &str) -> Vec<u16> {
    let asked = (0..20).map(|_| {
        let request = nodes.signed(1, Method::GET, "/api/v1/me", token);
        tokio::spawn(request.send())
    });
    let asked: Vec<_> = asked.collect();
    // The pause itself is what is tested: longer than the bound.
    tokio::time::sleep(PAUSE).await;
    nodes.servers[1].signal("CONT").await;
    let mut statuses = Vec::new();
    for answer in join_all(asked).await {
        statuses.push(answer.unwrap().expect("it answers").status().as_u16());
    }
    let seen = std::sync::Mutex::new(statuses);
    until("it has heard", async || {
        let status = nodes.me(1, token).await;
        seen.lock().unwrap().push(status);
        status != 503
    })
    .await;
    seen.into_inner().unwrap()
}

#[tokio::test]
async fn a_node_that_slept_through_a_logout_never_takes_the_token_again() {
    let Some(nodes) = Nodes::start(2, &[STALENESS]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let (gone, stays) = (
        nodes.sign_in(0, "alice").await.access,
        nodes.sign_in(0, "alice").await.access,
    );
    for token in [&gone, &stays] {
        until("it is taken", async || nodes.me(1, token).await == 200).await;
    }
    nodes.servers[1].signal("STOP").await;
    assert_eq!(nodes.log_out(0, &gone).await, 200);
    let statuses = statuses_after_a_pause(&nodes, &gone).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 401 | 503)),
        "{statuses:?}"
    );
    assert_eq!(statuses.last(), Some(&401), "{statuses:?}");
    until("the others are taken", async || {
        nodes.me(1, &stays).await == 200
    })
    .await;
}

#[tokio::test]
async fn a_node_that_slept_while_the_feed_was_pruned_reads_it_anew_before_it_answers() {
    let Some(mut nodes) = Nodes::start(2, &[STALENESS]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(nodes.sign_in(0, "alice").await.access);
    }
    // It has heard of one, and stands at that place in the feed.
    assert_eq!(nodes.log_out(0, &tokens[0]).await, 200);
    nodes.until_refused_everywhere(&tokens[0]).await;
    nodes.servers[1].signal("STOP").await;
    for token in &tokens[1..] {
        assert_eq!(nodes.log_out(0, token).await, 200);
    }
    // All but the last two documents have run out.
    let feed = nodes.database.collection("portcullis_feed");
    let highest = feed.count_documents(doc! {}).await.unwrap();
    let pruned = i64::try_from(highest).unwrap() - 3;
    let old = doc! { "_id": { "$lte": pruned } };
    feed.delete_many(old).await.unwrap();

    let statuses = statuses_after_a_pause(&nodes, &tokens[3]).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 401 | 503)),
        "{statuses:?}"
    );
    assert_eq!(nodes.me(1, &tokens[2]).await, 401);
    let anew = "reading the whole feed again";
    nodes.servers[1].until_logged(anew).await;
}
