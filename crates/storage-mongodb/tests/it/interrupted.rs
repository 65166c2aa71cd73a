//! Changes of which one write was made and the next one not: others finish them.

use model::{Generation, UserId};
use mongodb::bson::{Bson, Document, doc};
use password::PasswordHash;
use storage::{FeedEntry, PasswordChange, PasswordChanged, Sessions as _, Upkeep as _, Users as _};

use crate::ears::{Ears, PATIENCE};
use crate::nodes::millis;
use crate::people::{HASH, NOW, moment, new_user, session, session_id};
use crate::server::{Scratch, scratch};

/// Waits until the document meets `condition`.
pub(crate) async fn becomes(
    database: &Scratch,
    name: &str,
    id: &str,
    condition: impl Fn(Option<&Document>) -> bool,
) {
    let collection = database.collection(name);
    let wait = async {
        loop {
            let found = collection.find_one(doc! { "_id": id }).await.unwrap();
            if condition(found.as_ref()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await;
    in_time.expect("it becomes so in time");
}

/// Alice with a session, and the node that she came by is gone.
pub(crate) async fn alice_of_a_gone_node(database: &Scratch) -> UserId {
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let opened = node.open_session(session(&alice, 1), 100, moment()).await;
    opened.unwrap();
    node.close().await;
    alice
}

/// What a change of `user` leaves to be told.
pub(crate) fn untold(kind: &str, user: &UserId) -> Document {
    doc! {
        "kind": kind, "subject": user.as_str(), "until": millis(moment().feed_until), "op": "gone-1",
    }
}

/// Makes the first write of a change of `user`, and no other.
pub(crate) async fn interrupt(
    database: &Scratch,
    user: &UserId,
    pending: Document,
    mut change: Document,
) {
    change.insert("portcullis_pending", vec![pending]);
    let users = database.collection("users");
    let user = doc! { "_id": user.as_str() };
    users
        .update_one(user, doc! { "$set": change })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_interrupted_before_the_feed_had_it_is_finished() {
    let Some(database) = scratch().await else {
        return;
    };
    let alice = alice_of_a_gone_node(&database).await;
    let mut pending = untold("generation", &alice);
    pending.extend(doc! { "minimum": 1_i64, "keep": Bson::Null });
    interrupt(&database, &alice, pending, doc! { "generation": 1_i64 }).await;

    let b = database.node().await;
    let ears = Ears::on(&b, NOW).await;
    let entry = FeedEntry::Generation {
        user: alice.clone(),
        minimum: Generation(1),
        keep: None,
    };
    ears.hear(&entry).await;
    becomes(&database, "users", alice.as_str(), |user| {
        !user.unwrap().contains_key("portcullis_pending")
    })
    .await;
    assert!(b.session(session_id(1)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_finished_however_many_others_cannot_be_read() {
    let Some(database) = scratch().await else {
        return;
    };
    let alice = alice_of_a_gone_node(&database).await;
    let users = database.collection("users");
    let strange = (0..120).map(|number| {
        doc! {
            "_id": format!("a-{number:03}"), "username": format!("a-{number:03}"),
            "portcullis_pending": [{ "op": "junk" }],
        }
    });
    users.insert_many(strange).await.unwrap();
    interrupt(&database, &alice, untold("changed", &alice), doc! {}).await;
    let b = database.node().await;
    let ears = Ears::on(&b, NOW).await;
    ears.hear(&FeedEntry::Changed(alice)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_interrupted_is_finished_and_shows_nothing_meanwhile() {
    let Some(database) = scratch().await else {
        return;
    };
    let alice = alice_of_a_gone_node(&database).await;
    let closing = doc! { "portcullis_closing": true };
    interrupt(&database, &alice, untold("closed", &alice), closing).await;

    let b = database.node().await;
    let ears = Ears::on(&b, NOW).await;
    assert!(b.user(&alice).await.unwrap().is_none());
    ears.hear(&FeedEntry::Closed(alice.clone())).await;
    becomes(&database, "users", alice.as_str(), |user| user.is_none()).await;
    assert!(b.session(session_id(1)).await.unwrap().is_none());
    b.create_user(new_user("alice")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_upon_an_interrupted_one_tells_that_first() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    interrupt(&database, &alice, untold("changed", &alice), doc! {}).await;
    let change = PasswordChange {
        user: alice.clone(),
        at: Generation(0),
        hash: PasswordHash::from(HASH),
        proven: None,
        keep: None,
    };
    let changed = node.change_password(change, moment()).await.unwrap();
    assert_eq!(changed, PasswordChanged::Changed);
    assert!(ears.has(&FeedEntry::Changed(alice.clone())));
    let users = database.collection("users");
    let user = users
        .find_one(doc! { "_id": alice.as_str() })
        .await
        .unwrap();
    assert!(!user.unwrap().contains_key("portcullis_pending"));
}
