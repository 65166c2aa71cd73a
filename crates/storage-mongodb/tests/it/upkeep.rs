//! The care of a database that several nodes share.

use std::time::Duration;

use mongodb::bson::doc;
use scratch_database::with_credentials;
use storage::{Error, Feed as _, FeedRow, Sessions as _, Upkeep as _, Users as _};
use storage_mongodb::OpenError;

use crate::ears::Ears;
use crate::people::{NOW, moment, new_user, row, session, session_id, token};
use crate::server::{opened, scratch};

#[tokio::test(flavor = "multi_thread")]
async fn one_node_at_a_time_sweeps() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b) = (database.node().await, database.node().await);
    let alice = a.create_user(new_user("alice")).await.unwrap().id;
    for number in 1..=3 {
        a.open_session(session(&alice, number), 100, moment())
            .await
            .unwrap();
    }
    let over = NOW.plus(Duration::from_secs(86_400));
    assert_eq!(a.sweep(over, 1).await.unwrap(), 1);
    assert_eq!(b.sweep(over, 1).await.unwrap(), 0);
    assert_eq!(a.sweep(over, 1).await.unwrap(), 1);
    // One that stopped leaves it to the others at once; one that died, when its lease is over.
    a.close().await;
    assert_eq!(b.sweep(over, 1).await.unwrap(), 1);
    let c = database.node().await;
    assert_eq!(c.sweep(over, 1).await.unwrap(), 0);
    let later = over.plus(Duration::from_secs(121));
    c.open_session(session(&alice, 4), 100, moment())
        .await
        .unwrap();
    assert_eq!(c.sweep(later, 1).await.unwrap(), 1);
    assert!(b.session(session_id(4)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_document_of_the_feed_is_never_pruned_nor_one_above_a_living_one() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let until = |name: &str, seconds| FeedRow {
        entry: token(name),
        until: NOW.plus(Duration::from_secs(seconds)),
    };
    for (name, seconds) in [("a", 10), ("b", 10), ("long", 5000), ("c", 10), ("d", 10)] {
        node.append(vec![until(name, seconds)]).await.unwrap();
    }
    let feed = database.collection("portcullis_feed");
    let later = NOW.plus(Duration::from_secs(100));
    assert_eq!(node.sweep(later, 100).await.unwrap(), 2);
    assert_eq!(feed.count_documents(doc! {}).await.unwrap(), 3);
    let end = NOW.plus(Duration::from_secs(6000));
    assert_eq!(node.sweep(end, 100).await.unwrap(), 2);
    let left = feed.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(left.get_i64("_id").unwrap(), 4);
    node.append(vec![row("next")]).await.unwrap();
    assert!(
        feed.find_one(doc! { "_id": 5_i64 })
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_how_far_its_clock_is_from_ours() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let now = model::Clock::now(&model::SystemClock);
    let two_seconds = Duration::from_secs(2);
    let difference = async |now| node.clock_difference(now).await.unwrap().unwrap();
    assert!(difference(now).await < two_seconds);
    let ahead = difference(now.plus(Duration::from_secs(3600))).await;
    assert!(ahead > Duration::from_secs(3000), "{ahead:?}");
    let behind = difference(model::Timestamp::from_seconds(0)).await;
    assert!(behind > Duration::from_secs(3000), "{behind:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hears_the_store_knows_how_long_the_tokens_of_others_live() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b) = (database.node().await, database.node().await);
    let seconds = Duration::from_secs;
    a.note_access_lifetime(seconds(900)).await.unwrap();
    let ears = Ears::on(&a, NOW).await;
    assert_eq!(a.noted_access_lifetime(), Some(seconds(900)));
    b.note_access_lifetime(seconds(3600)).await.unwrap();
    ears.hear_the_store().await;
    assert_eq!(a.noted_access_lifetime(), Some(seconds(3600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_what_has_run_out_by_its_clock_too() {
    let Some(database) = scratch().await else {
        return;
    };
    let a = database.node().await;
    a.append(vec![row("revoked")]).await.unwrap();
    let ahead = NOW.plus(Duration::from_secs(86_400));
    let b = database.node().await;
    assert!(Ears::on(&b, ahead).await.has(&token("revoked")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_wrote_is_left_alone() {
    let Some(database) = scratch().await else {
        return;
    };
    let layout = doc! { "_id": "layout", "version": 2_i64 };
    let meta = database.collection("portcullis_meta");
    meta.insert_one(layout).await.unwrap();
    let refused = opened(&database.uri).await.unwrap_err();
    assert!(
        matches!(refused, OpenError::NewerLayout { found: 2, known: 1 }),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_described_without_credentials() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let described = node.describe();
    let (hosts, name) = described
        .strip_prefix("MongoDB ")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    assert_eq!(name, database.name());
    assert!(database.uri.contains(hosts), "{described}");
    assert!(format!("{node:?}").contains(database.name()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_not_told() {
    let Some(database) = scratch().await else {
        return;
    };
    // A port where nothing listens: what is refused is told with the host at the most.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    for server in [
        format!("mongodb://127.0.0.1:{port}/x?directConnection=true"),
        "mongodb://127.0.0.1:1/x".to_owned(),
        database.uri.clone(),
    ] {
        let server = with_credentials(&server, "portcullis", "hunter2");
        let error = opened(&server).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            matches!(
                error,
                OpenError::Storage(Error::Unavailable(_) | Error::Backend(_))
            ),
            "{text}"
        );
    }
}
