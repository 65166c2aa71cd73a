//! Several nodes on one database.

use std::sync::Arc;

use model::{Generation, Timestamp};
use mongodb::bson::{DateTime, Document, doc};
use password::PasswordHash;
use storage::{Feed as _, FeedEntry, PasswordChange, Sessions as _, Users as _};
use tokio::task::JoinSet;

use crate::ears::{Ears, PATIENCE};
use crate::people::{HASH, NOW, id, moment, new_user, row, session, session_id, token};
use crate::server::{Scratch, scratch};

pub(crate) fn millis(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millis())
}

/// A document of the feed as another node would have written it.
fn foreign(number: i64, name: &str, until: Timestamp) -> Document {
    doc! {
        "_id": number,
        "batch": format!("foreign-{number}"),
        "entries": [{ "kind": "token", "subject": name, "until": millis(until) }],
    }
}

/// The numbers in the feed, in order.
async fn numbers(database: &Scratch) -> Vec<i64> {
    let feed = database.collection("portcullis_feed");
    let mut cursor = feed.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let mut numbers = Vec::new();
    while cursor.advance().await.unwrap() {
        let document = cursor.deserialize_current().unwrap();
        numbers.push(document.get_i64("_id").unwrap());
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_revokes_the_others_hear() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b, c) = (
        database.node().await,
        database.node().await,
        database.node().await,
    );
    let (at_b, at_c) = (Ears::on(&b, NOW).await, Ears::on(&c, NOW).await);
    let alice = a.create_user(new_user("alice")).await.unwrap().id;
    a.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    assert!(
        b.end_session(&alice, session_id(1), moment())
            .await
            .unwrap()
    );
    assert!(at_b.has(&FeedEntry::Session(session_id(1))));
    at_c.hear(&FeedEntry::Session(session_id(1))).await;
    assert!(a.session(session_id(1)).await.unwrap().is_none());

    assert!(a.delete_user(&alice, moment()).await.unwrap());
    at_b.hear(&FeedEntry::Closed(alice.clone())).await;
    at_c.hear(&FeedEntry::Closed(alice)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_append_at_once_leave_no_gap_and_lose_nothing() {
    let Some(database) = scratch().await else {
        return;
    };
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(database.node().await);
    }
    let late = Ears::on(&nodes[3], NOW).await;
    let mut appends = JoinSet::new();
    for number in 0..120 {
        let node = Arc::clone(&nodes[number % 3]);
        appends.spawn(async move { node.append(vec![row(&number.to_string())]).await });
    }
    for answer in appends.join_all().await {
        answer.unwrap();
    }
    for number in 0..120 {
        late.hear(&token(&number.to_string())).await;
    }
    let numbers = numbers(&database).await;
    let last = i64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (0..last).collect::<Vec<_>>());
    // One that comes later hears all of it as well.
    let fifth = database.node().await;
    let later = Ears::on(&fifth, NOW).await;
    assert!((0..120).all(|number| later.has(&token(&number.to_string()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_registrations_over_all_nodes_one_gets_the_name() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = [database.node().await, database.node().await];
    let mut registrations = JoinSet::new();
    for number in 0..50 {
        let node = Arc::clone(&nodes[number % 2]);
        let new = storage::NewUser {
            id: id(&format!("u-{number}")),
            email: model::EmailAddress::parse(&format!("u{number}@example.org")).unwrap(),
            ..new_user("alice")
        };
        registrations.spawn(async move { node.create_user(new).await.is_ok() });
    }
    let made = registrations.join_all().await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_new_password_survives_the_end_of_the_old_ones() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    // Between the update and the deletion of the old sessions someone signs in anew.
    let newer = model::Session {
        generation: Generation(1),
        ..session(&alice, 2)
    };
    node.open_session(newer, 100, moment()).await.unwrap();
    let change = PasswordChange {
        user: alice.clone(),
        at: Generation(0),
        hash: PasswordHash::from(HASH),
        proven: None,
        keep: None,
    };
    node.change_password(change, moment()).await.unwrap();
    assert!(node.session(session_id(1)).await.unwrap().is_none());
    assert!(node.session(session_id(2)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_place_has_gone_reads_everything_anew() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    node.append(vec![row("first")]).await.unwrap();
    ears.hear_the_store().await;
    // While this reader slept, others wrote on and pruned beyond its place.
    let feed = database.collection("portcullis_feed");
    for number in [5, 6] {
        let name = format!("later-{number}");
        let document = foreign(number, &name, moment().feed_until);
        feed.insert_one(document).await.unwrap();
    }
    feed.delete_one(doc! { "_id": 0_i64 }).await.unwrap();
    ears.hear(&token("later-5")).await;
    ears.hear(&token("later-6")).await;
    ears.hear_the_store().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_was_restored_from_a_backup_is_read_anew() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    for name in ["one", "two", "three"] {
        node.append(vec![row(name)]).await.unwrap();
    }
    ears.hear_the_store().await;
    // The backup ends earlier, and others have written on from there, up to the same number.
    let feed = database.collection("portcullis_feed");
    feed.delete_many(doc! { "_id": { "$gte": 1_i64 } })
        .await
        .unwrap();
    for number in [1, 2] {
        let name = format!("after-{number}");
        let document = foreign(number, &name, moment().feed_until);
        feed.insert_one(document).await.unwrap();
    }
    ears.hear(&token("after-1")).await;
    ears.hear(&token("after-2")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_slept_while_the_feed_went_on_is_heard_all_the_same() {
    let Some(database) = scratch().await else {
        return;
    };
    let sleeper = database.node().await;
    sleeper.append(vec![row("before")]).await.unwrap(); // number 0 is the highest it has seen
    let feed = database.collection("portcullis_feed");
    for number in 1..=3 {
        let name = format!("meanwhile-{number}");
        let document = foreign(number, &name, moment().feed_until);
        feed.insert_one(document).await.unwrap();
    }
    let reader = database.node().await;
    let ears = Ears::on(&reader, NOW).await;
    ears.hear_the_store().await;
    for number in [0_i64, 1] {
        feed.delete_one(doc! { "_id": number }).await.unwrap();
    }
    // Its number 1 is free again, below where everyone reads on.
    sleeper.append(vec![row("after")]).await.unwrap();
    ears.hear(&token("after")).await;
    assert_eq!(numbers(&database).await, [1, 2, 3, 4]);

    // Another sleeper has filled the gap below: the same number is not the same document.
    feed.insert_one(foreign(5, "meanwhile-5", moment().feed_until))
        .await
        .unwrap();
    ears.hear(&token("meanwhile-5")).await;
    feed.delete_many(doc! { "_id": { "$lte": 3_i64 } })
        .await
        .unwrap();
    feed.delete_one(doc! { "_id": 4_i64 }).await.unwrap();
    feed.insert_one(foreign(6, "meanwhile-6", moment().feed_until))
        .await
        .unwrap();
    ears.hear(&token("meanwhile-6")).await;
    feed.delete_one(doc! { "_id": 5_i64 }).await.unwrap();
    feed.insert_one(foreign(4, "stray", moment().feed_until))
        .await
        .unwrap();
    sleeper.append(vec![row("once more")]).await.unwrap();
    ears.hear(&token("once more")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_heard_only_by_a_question_asked_before_the_proof() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    for _ in 0..3 {
        ears.hear_the_store().await;
        assert!(ears.heard_at() < ears.now());
    }
    // A row that can't be read may be a revocation: the store is not heard while it stands there.
    let feed = database.collection("portcullis_feed");
    let strange = doc! { "_id": 0_i64, "batch": "b", "entries": [{ "kind": "later version" }] };
    feed.insert_one(strange).await.unwrap();
    let silent = ears.now();
    // The clock goes on with each question; none is answered.
    let asking = async {
        while ears.now() < silent + 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap();
    assert!(ears.heard_at() < silent);
    feed.delete_one(doc! { "_id": 0_i64 }).await.unwrap();
    ears.hear_the_store().await;
}
