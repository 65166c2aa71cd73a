//! Servers that go away, that do not answer, and whose answers are lost.

use std::sync::Arc;
use std::time::Duration;

use faulty_network::{Network, Proxy};
use model::SystemRng;

use mongodb::bson::doc;
use storage::{Error, Feed as _, SaveUserError, Sessions as _, Upkeep as _, Users as _};
use storage_mongodb::{MongoStore, MongoUri, Options};

use crate::ears::{Ears, PATIENCE};
use crate::people::{NOW, id, moment, new_user, row, session, session_id, token};

use crate::server::{Scratch, opened, scratch};

/// A node behind a network that can fail.
pub(crate) async fn behind_a_proxy() -> Option<(Scratch, Proxy, Arc<MongoStore>)> {
    let database = scratch().await?;
    let Some(proxy) = Proxy::before(&database.uri).await else {
        scratch_database::aloud("the server can't be reached through a proxy: SKIPPED");
        return None;
    };
    let uri = MongoUri::parse(&*proxy.uri).unwrap();
    let options = Options::new(&SystemRng).with_deadline(Duration::from_secs(2));
    let node = MongoStore::open(&uri, options).await.unwrap();
    Some((database, proxy, node))
}

/// Waits until the node answers again.
pub(crate) async fn recovers(node: &MongoStore) {
    let wait = async {
        while node.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("it recovers in time");
}

fn assert_unavailable<T>(answer: Result<T, Error>) {
    match answer {
        Err(Error::Unavailable(_)) => {}
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was answered"),
    }
}

/// Each kind of operation fails, within its deadline, as unavailable.
async fn assert_everything_unavailable(node: &MongoStore) {
    let alice = id("id-of-alice");
    let failing = async {
        let (user, session, append, ping, create) = tokio::join!(
            node.user(&alice),
            node.end_session(&alice, session_id(1), moment()),
            node.append(vec![row("x")]),
            node.ping(),
            node.create_user(new_user("bob")),
        );
        assert_unavailable(user);
        assert_unavailable(session);
        assert_unavailable(append);
        assert_unavailable(ping);
        assert!(matches!(
            create,
            Err(SaveUserError::Storage(Error::Unavailable(_)))
        ));
    };
    tokio::time::timeout(PATIENCE, failing)
        .await
        .expect("each has a deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_and_comes_needs_no_new_opening() {
    let Some((_database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    let ears = Ears::on(&node, NOW).await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    for network in [Network::Gone, Network::Silent] {
        ears.hear_the_store().await;
        proxy.set(network);
        let heard = ears.heard_at();
        let asked = ears.now();
        assert_everything_unavailable(&node).await;
        // No heartbeat of that time was answered: its age goes on.
        assert!(ears.heard_at() <= asked.max(heard), "{network:?}");
        proxy.set(Network::Works);
        recovers(&node).await;
        ears.hear_the_store().await;
    }
    assert!(
        node.end_session(&alice, session_id(1), moment())
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_revoked_meanwhile_is_heard_when_the_server_is_back() {
    let Some((database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    let ears = Ears::on(&node, NOW).await;
    proxy.set(Network::Gone);
    let other = database.node().await;
    for number in 0..5 {
        other.append(vec![row(&number.to_string())]).await.unwrap();
    }
    proxy.set(Network::Works);
    for number in 0..5 {
        ears.hear(&token(&number.to_string())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_is_lost_is_written_once() {
    let Some((database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    let ears = Ears::on(&node, NOW).await;
    node.append(vec![row("first")]).await.unwrap();
    ears.hear_the_store().await;
    proxy.set(Network::LosesAnswers);
    let appending = {
        let node = Arc::clone(&node);
        tokio::spawn(async move { node.append(vec![row("lost")]).await })
    };
    // The document is there, but nobody was told.
    let feed = database.collection("portcullis_feed");
    let wait = async {
        while feed
            .find_one(doc! { "_id": 1_i64 })
            .await
            .unwrap()
            .is_none()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("it is written in time");
    proxy.set(Network::Works);
    appending.await.unwrap().unwrap();
    assert!(ears.has(&token("lost")));
    let entries = feed.count_documents(doc! { "entries.subject": "lost" });
    assert_eq!(entries.await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_at_the_start_is_an_error() {
    let Some((_database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    node.close().await;
    for network in [Network::Gone, Network::Silent] {
        proxy.set(network);
        let opening = tokio::time::timeout(PATIENCE, opened(&proxy.uri)).await;
        assert!(opening.expect("it has a deadline").is_err(), "{network:?}");
    }
}
