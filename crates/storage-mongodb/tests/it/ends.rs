//! How sessions end and are refreshed, whatever happens in between.

use mongodb::bson::doc;
use storage::{FeedEntry, Rotated, Rotation, Sessions as _, Upkeep as _, Users as _};

use crate::ears::Ears;
use crate::interrupted::becomes;
use crate::nodes::millis;
use crate::people::{NOW, moment, new_user, session, session_id};
use crate::server::scratch;

/// A use of the refresh token of [`session`].
fn refresh(user: &model::UserId, number: u32) -> Rotation {
    let session = session(user, number);
    Rotation {
        user: user.clone(),
        session: session.id,
        presented: session.pair.refresh.clone(),
        successor: session.pair,
        grace: std::time::Duration::from_secs(10),
        client: model::ClientInfo::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_end_the_feed_could_not_take_is_over_and_is_told_later() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    // Nobody can append to a feed whose highest document can't be read.
    let feed = database.collection("portcullis_feed");
    feed.insert_one(doc! { "_id": "junk" }).await.unwrap();
    let ended = node.end_session(&alice, session_id(1), moment()).await;
    assert!(ended.is_err(), "nobody is told that it has ended");
    assert!(node.session(session_id(1)).await.unwrap().is_none());
    assert!(node.sessions_of(&alice, NOW).await.unwrap().is_empty());
    let rotated = node.rotate(refresh(&alice, 1), moment()).await.unwrap();
    assert!(matches!(rotated, Rotated::Refused), "{rotated:?}");

    feed.delete_one(doc! { "_id": "junk" }).await.unwrap();
    ears.hear(&FeedEntry::Session(session_id(1))).await;
    let id = session_id(1).to_string();
    becomes(&database, "portcullis_sessions", &id, |found| {
        found.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_repeated_only_after_a_majority_has_confirmed_a_write() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await; // nobody listens: it has no heartbeat of its own accord
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    let mut rotation = refresh(&alice, 1);
    rotation.successor.refresh = model::TokenId::from_stored("next");
    let renewed = node.rotate(rotation.clone(), moment()).await.unwrap();
    assert!(matches!(renewed, Rotated::Renewed(_)), "{renewed:?}");
    let meta = database.collection("portcullis_meta");
    let beats = async || {
        let heartbeat = meta.find_one(doc! { "_id": "heartbeat" }).await.unwrap();
        heartbeat.map_or(0, |heartbeat| heartbeat.get_i64("beats").unwrap())
    };
    let before = beats().await;
    let repeated = node.rotate(rotation, moment()).await.unwrap();
    assert!(matches!(repeated, Rotated::Repeated(_)), "{repeated:?}");
    assert_eq!(beats().await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_end_was_told_but_not_finished_never_comes_back() {
    let Some(database) = scratch().await else {
        return;
    };
    let a = database.node().await;
    let alice = a.create_user(new_user("alice")).await.unwrap().id;
    a.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    a.open_session(session(&alice, 2), 100, moment())
        .await
        .unwrap();
    a.end_session(&alice, session_id(2), moment())
        .await
        .unwrap();
    a.close().await;
    // The mark was set, the feed told, and then the node was gone.
    let sessions = database.collection("portcullis_sessions");
    let id = session_id(1).to_string();
    let mark = doc! { "$set": { "ended": millis(moment().feed_until) } };
    sessions
        .update_one(doc! { "_id": &id }, mark)
        .await
        .unwrap();

    let b = database.node().await;
    let rotated = b.rotate(refresh(&alice, 1), moment()).await.unwrap();
    assert!(matches!(rotated, Rotated::Refused), "{rotated:?}");
    becomes(&database, "portcullis_sessions", &id, |found| {
        found.is_none()
    })
    .await;
    let rotated = b.rotate(refresh(&alice, 1), moment()).await.unwrap();
    assert!(matches!(rotated, Rotated::Refused), "{rotated:?}");
}
