//! How many accounts have which kind of hash.

use mongodb::bson::{DateTime, Document, doc};
use storage::{Upkeep as _, Users as _};

use crate::flask::{WERKZEUG, flask, register};
use crate::people::{HASH, id, new_user};
use crate::server::{Scratch, scratch};

const NEW: &str = "argon2id:8:1:1";
const OLD: &str = "pbkdf2:sha256:1000";

fn kinds(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    let own = |(kind, count): &(&str, u64)| ((*kind).to_owned(), *count);
    counts.iter().map(own).collect()
}

/// Writes numbers that are wrong.
async fn set_numbers(database: &Scratch, numbers: Document) {
    let meta = database.collection("portcullis_meta");
    let set = doc! { "$set": { "numbers": numbers } };
    let set = meta.update_one(doc! { "_id": "hash_kinds" }, set).await;
    assert_eq!(set.unwrap().matched_count, 1);
}

/// Three accounts of another application, which a node has taken over.
async fn three(database: &Scratch) -> std::sync::Arc<storage_mongodb::MongoStore> {
    let users = flask(database).await;
    for name in ["bob", "carol", "dave"] {
        register(&users, name, name, &format!("{name}@example.org")).await;
    }
    database.node().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_knows_what_all_have_changed() {
    let Some(database) = scratch().await else {
        return;
    };
    let a = three(&database).await;
    let b = database.node().await;
    assert_eq!(a.hash_kinds().await.unwrap(), kinds(&[(OLD, 3)]));
    a.create_user(new_user("alice")).await.unwrap();
    b.create_user(new_user("erin")).await.unwrap();
    let (old, new) = (WERKZEUG.into(), HASH.into());
    assert!(b.upgrade_hash(&id("bob"), &old, &new).await.unwrap());
    assert!(
        b.delete_user(&id("carol"), crate::people::moment())
            .await
            .unwrap()
    );
    a.hash_kinds().await.unwrap();
    let expected = kinds(&[(NEW, 3), (OLD, 1)]);
    assert_eq!(b.hash_kinds().await.unwrap(), expected);
    assert_eq!(a.hash_kinds().await.unwrap(), expected);
    // What a node has not told before it goes is told then.
    b.create_user(new_user("frank")).await.unwrap();
    b.close().await;
    assert_eq!(a.hash_kinds().await.unwrap(), kinds(&[(NEW, 4), (OLD, 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_within_a_day_and_one_node_counts_after_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b) = (three(&database).await, database.node().await);
    a.hash_kinds().await.unwrap();
    set_numbers(&database, doc! { OLD: 70_i64 }).await;
    for node in [&a, &b] {
        assert_eq!(node.hash_kinds().await.unwrap(), kinds(&[(OLD, 70)]));
    }
    let meta = database.collection("portcullis_meta");
    let long_ago = DateTime::from_millis(DateTime::now().timestamp_millis() - 90_000_000);
    let set = doc! { "$set": { "counted_at": long_ago } };
    meta.update_one(doc! { "_id": "hash_kinds" }, set)
        .await
        .unwrap();
    assert_eq!(a.hash_kinds().await.unwrap(), kinds(&[(OLD, 3)]));
    set_numbers(&database, doc! { OLD: 71_i64 }).await;
    assert_eq!(b.hash_kinds().await.unwrap(), kinds(&[(OLD, 71)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_has_not_told_before_another_counts_is_not_counted_twice() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b) = (three(&database).await, database.node().await);
    for node in [&a, &b] {
        assert_eq!(node.hash_kinds().await.unwrap(), kinds(&[(OLD, 3)]));
    }
    b.create_user(new_user("erin")).await.unwrap();
    let meta = database.collection("portcullis_meta");
    let long_ago = DateTime::from_millis(DateTime::now().timestamp_millis() - 90_000_000);
    let set = doc! { "$set": { "counted_at": long_ago } };
    let set = meta.update_one(doc! { "_id": "hash_kinds" }, set).await;
    assert_eq!(set.unwrap().matched_count, 1);
    for node in [&a, &b] {
        let expected = kinds(&[(NEW, 1), (OLD, 3)]);
        assert_eq!(node.hash_kinds().await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_numbers_neither_hide_a_kind_nor_invent_one() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = three(&database).await;
    node.hash_kinds().await.unwrap();
    for wrong in [0, -5] {
        set_numbers(&database, doc! { OLD: wrong, "bcrypt:12": 100_i64 }).await;
        assert_eq!(node.hash_kinds().await.unwrap(), kinds(&[(OLD, 1)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_began_to_count_first_and_went_is_not_waited_for() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = three(&database).await;
    let began = doc! { "_id": "hash_kinds", "counted_at": DateTime::now() };
    let meta = database.collection("portcullis_meta");
    meta.insert_one(began).await.unwrap();
    assert_eq!(node.hash_kinds().await.unwrap(), kinds(&[(OLD, 3)]));
    node.create_user(new_user("alice")).await.unwrap();
    let both = kinds(&[(NEW, 1), (OLD, 3)]);
    assert_eq!(node.hash_kinds().await.unwrap(), both);
}
