//! The failures are real ones: what they are to bring about comes about.
//!
//! The tests need a binary: `scripts/mongo run -- cargo test -p portcullis-replica-set`.

use mongodb::bson::{Document, doc};
use replica_set::{ReplicaSet, SHORT_ELECTIONS};

/// Inserts a document and gives the answer, or nothing when there is none.
async fn insert(set: &ReplicaSet, member: usize, id: &str, concern: Document) -> Option<Document> {
    let insert = doc! { "insert": "things", "documents": [{ "_id": id }], "writeConcern": concern };
    set.command(member, "test", insert).await.ok()
}

async fn has(set: &ReplicaSet, member: usize, id: &str) -> bool {
    let find = doc! { "find": "things", "filter": { "_id": id } };
    let found = set.command(member, "test", find).await.unwrap();
    let batch = found
        .get_document("cursor")
        .unwrap()
        .get_array("firstBatch");
    !batch.unwrap().is_empty()
}

#[tokio::test]
async fn what_a_majority_confirmed_survives_and_what_a_primary_took_alone_is_rolled_back() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let primary = set.primary().await;
    let confirmed = insert(&set, primary, "confirmed", doc! { "w": "majority" }).await;
    assert!(confirmed.is_some(), "{confirmed:?}");

    let cut_off = set.cut_primary_off().await;
    let alone = cut_off.member;
    let taken = insert(&set, alone, "alone", doc! { "w": 1 }).await;
    assert!(taken.is_some());
    assert!(has(&set, alone, "alone").await);
    set.roll_back(cut_off).await;

    assert_ne!(set.primary().await, alone);
    for member in 0..set.len() {
        assert!(has(&set, member, "confirmed").await, "{member}");
        assert!(!has(&set, member, "alone").await, "{member}");
    }
}

#[tokio::test]
async fn a_primary_that_is_killed_frozen_or_steps_down_has_a_successor() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let first = set.primary().await;
    set.kill(first);
    let second = set.another_primary_than(first).await;
    set.mend().await;

    set.freeze(second);
    let third = set.another_primary_than(second).await;
    set.thaw(second);
    set.mend().await;

    let fourth = set.step_down().await;
    assert_ne!(third, fourth);
}

#[tokio::test]
async fn without_a_majority_nothing_is_confirmed_and_what_was_written_is_kept() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    for id in ["frozen", "killed"] {
        let primary = set.primary().await;
        if id == "frozen" {
            set.freeze_majority().await;
        } else {
            set.kill_majority().await;
        }
        let concern = doc! { "w": "majority", "wtimeout": 500 };
        let answer = insert(&set, primary, id, concern).await;
        let confirmed = answer.is_some_and(|answer| !answer.contains_key("writeConcernError"));
        assert!(!confirmed, "{id}");
        // Longer than the others wait for a primary: each of them would be one.
        tokio::time::sleep(2 * SHORT_ELECTIONS).await;
        set.mend().await;
        for member in 0..set.len() {
            assert!(has(&set, member, id).await, "{id}: {member}");
        }
    }
}
