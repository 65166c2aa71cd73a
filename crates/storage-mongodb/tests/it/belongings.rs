//! Tickets and records of which one write was made and the next one not: others finish them.

use std::sync::Arc;

use model::UserId;
use mongodb::bson::{Document, doc};
use storage::records::NewRecord;
use storage::tickets::StoredTicket;
use storage::{
    FeedEntry, Keys, Kind, RecordBody, RecordId, Records as _, Tells, TicketBody, Tickets as _,
    Upkeep as _, Users as _,
};
use storage_mongodb::MongoStore;

use crate::ears::Ears;
use crate::interrupted::becomes;
use crate::nodes::millis;
use crate::people::{NOW, id, moment, new_user, token};
use crate::server::{Scratch, scratch};

const KIND: Kind = Kind("passkey");
const RECORDS: &str = "portcullis_records";

fn record(owner: Option<&UserId>, number: u32) -> NewRecord {
    NewRecord {
        kind: KIND,
        id: record_id(number),
        owner: owner.cloned(),
        keys: Keys::one(number.to_string()),
        body: RecordBody::new("{}".to_owned()).unwrap(),
    }
}

fn record_id(number: u32) -> RecordId {
    RecordId::parse(format!("r-{number}")).unwrap()
}

/// The `_id` of a record.
fn place(number: u32) -> String {
    format!("passkey/r-{number}")
}

/// What a change leaves to be told.
fn untold(name: &str, is_new: bool) -> Document {
    doc! {
        "op": "gone-1",
        "new": is_new,
        "entries": [{ "kind": "token", "subject": name, "until": millis(moment().feed_until) }],
    }
}

/// Makes the first write of a change of a record, and no other.
async fn interrupt(database: &Scratch, number: u32, change: Document) {
    let records = database.collection(RECORDS);
    let found = doc! { "_id": place(number) };
    let updated = records.update_one(found, doc! { "$set": change }).await;
    assert_eq!(updated.unwrap().matched_count, 1);
}

async fn alice(node: &MongoStore) -> UserId {
    node.create_user(new_user("alice")).await.unwrap().id
}

/// A database with alice and two records of hers, whose node is gone.
async fn with_records() -> Option<(Scratch, UserId)> {
    let database = scratch().await?;
    let node = database.node().await;
    let alice = alice(&node).await;
    for number in 1..=2 {
        let new = record(Some(&alice), number);
        node.insert_record(new, Tells::nothing()).await.unwrap();
    }
    node.close().await;
    Some((database, alice))
}

async fn exists(node: &MongoStore, number: u32) -> bool {
    let by = storage::records::By::Id(record_id(number));
    node.record(KIND, by).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_record_that_was_interrupted_is_told() {
    let Some((database, _)) = with_records().await else {
        return;
    };
    let change = doc! { "version": 2_i64, "portcullis_pending": untold("told", false) };
    interrupt(&database, 1, change).await;
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    ears.hear(&token("told")).await;
    becomes(&database, RECORDS, &place(1), |record| {
        !record.unwrap().contains_key("portcullis_pending")
    })
    .await;
    assert!(exists(&node, 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_record_is_told_however_many_others_cannot_be_read() {
    let Some((database, _)) = with_records().await else {
        return;
    };
    let records = database.collection(RECORDS);
    let strange = (0..120).map(|number| {
        let (operation, owner) = match number % 2 {
            0 => (mongodb::bson::Bson::Int32(7), "alice".into()),
            _ => ("junk".into(), mongodb::bson::Bson::Int32(7)),
        };
        doc! {
            "_id": format!("a/{number}"), "owner": owner,
            "portcullis_pending": { "op": operation, "new": true },
        }
    });
    records.insert_many(strange).await.unwrap();
    let left = doc! { "portcullis_pending": untold("told", false) };
    interrupt(&database, 1, left).await;
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    ears.hear(&token("told")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_upon_an_interrupted_one_of_a_record_tells_that_first() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    let new = record(None, 1);
    node.insert_record(new, Tells::nothing()).await.unwrap();
    let left = doc! { "portcullis_pending": untold("told", false) };
    interrupt(&database, 1, left).await;
    let deleted = node.delete_record(KIND, record_id(1), Some(1), Tells::nothing());
    assert!(deleted.await.unwrap());
    assert!(ears.has(&token("told")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_of_a_record_that_was_interrupted_shows_nothing_and_is_finished() {
    let Some((database, alice)) = with_records().await else {
        return;
    };
    let marked = doc! { "deleted": true, "portcullis_pending": untold("told", false) };
    interrupt(&database, 1, marked).await;
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    assert!(!exists(&node, 1).await);
    // Its id and its key are free for whoever comes first, which tells the feed.
    let new = record(Some(&alice), 1);
    node.insert_record(new, Tells::nothing()).await.unwrap();
    ears.hear(&token("told")).await;
    assert!(exists(&node, 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_inserted_for_an_account_that_went_meanwhile_goes_too() {
    let Some(database) = scratch().await else {
        return;
    };
    let records = database.collection(RECORDS);
    let left = doc! {
        "_id": place(1), "kind": KIND.0, "owner": "id-of-alice", "version": 1_i64, "body": "{}",
        "portcullis_pending": untold("never told", true),
    };
    records.insert_one(left).await.unwrap();
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    becomes(&database, RECORDS, &place(1), |record| record.is_none()).await;
    ears.hear_the_store().await;
    assert!(!ears.has(&token("never told")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_inserted_for_an_account_that_is_there_stays() {
    let Some((database, _)) = with_records().await else {
        return;
    };
    let left = doc! { "portcullis_pending": untold("told", true) };
    interrupt(&database, 1, left).await;
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    ears.hear(&token("told")).await;
    assert!(exists(&node, 1).await);
}

/// The account is marked as closing, and the node is gone before anything of it was removed.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_with_an_account_goes_when_its_deletion_was_interrupted() {
    let Some((database, alice)) = with_records().await else {
        return;
    };
    let tickets = database.collection("portcullis_tickets");
    let ticket = doc! {
        "_id": "hash", "kind": "reset", "owner": alice.as_str(), "body": "{}", "spent": true,
        "expires_at": millis(moment().feed_until),
    };
    tickets.insert_one(ticket).await.unwrap();
    let job = doc! {
        "_id": "job", "kind": "mail", "owner": alice.as_str(), "expires_at": millis(moment().feed_until),
    };
    let jobs = database.collection("portcullis_jobs");
    jobs.insert_one(job).await.unwrap();
    // One of the records has something to tell that its owner's end doesn't say.
    let change = doc! { "version": 2_i64, "portcullis_pending": untold("told", false) };
    interrupt(&database, 1, change).await;
    let closing = doc! { "$set": { "portcullis_closing": true, "portcullis_pending": [{
        "kind": "closed", "subject": alice.as_str(), "until": millis(moment().feed_until), "op": "gone-2",
    }] } };
    let users = database.collection("users");
    let user = doc! { "_id": alice.as_str() };
    users.update_one(user, closing).await.unwrap();

    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    ears.hear(&FeedEntry::Closed(alice.clone())).await;
    becomes(&database, "users", alice.as_str(), |user| user.is_none()).await;
    let theirs = doc! { "owner": alice.as_str() };
    for name in [RECORDS, "portcullis_tickets", "portcullis_jobs"] {
        let collection = database.collection(name);
        let left = collection.count_documents(theirs.clone()).await;
        assert_eq!(left.unwrap(), 0, "{name}");
    }
    ears.hear(&token("told")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_though_one_of_its_records_cannot_be_read() {
    let Some((database, alice)) = with_records().await else {
        return;
    };
    let entries = vec![doc! { "kind": "junk" }];
    let junk = doc! { "portcullis_pending": { "op": "junk", "new": false, "entries": entries } };
    interrupt(&database, 1, junk).await;
    let node = database.node().await;
    assert!(node.delete_user(&alice, moment()).await.unwrap());
    becomes(&database, "users", alice.as_str(), |user| user.is_none()).await;
    assert!(!exists(&node, 2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_an_account_of_another_application_goes_with_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let object = mongodb::bson::oid::ObjectId::new();
    let users = database.collection("users");
    let user = doc! { "_id": object, "username": "bob", "email": "bob@example.org" };
    users.insert_one(user).await.unwrap();
    let node = database.node().await;
    let bob = id(&object.to_hex());
    let new = record(Some(&bob), 1);
    node.insert_record(new, Tells::nothing()).await.unwrap();
    assert!(node.delete_user(&bob, moment()).await.unwrap());
    assert!(!exists(&node, 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_takes_over_all_nodes_one_is_granted() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = [database.node().await, database.node().await];
    let hash = secret::HashedToken::from_bytes([7; 32]);
    let ticket = StoredTicket {
        kind: Kind("reset"),
        hash,
        owner: None,
        body: TicketBody::new("{}".to_owned()).unwrap(),
        expires: moment().feed_until,
    };
    nodes[0].put_ticket(ticket).await.unwrap();
    let mut at_once = tokio::task::JoinSet::new();
    for number in 0..50 {
        let node = Arc::clone(&nodes[number % 2]);
        at_once.spawn(async move { node.take_ticket(Kind("reset"), hash, NOW).await.unwrap() });
    }
    let taken = at_once.join_all().await;
    let granted = taken
        .iter()
        .filter(|taken| matches!(taken, Some(storage::Taken::Granted(_))));
    assert_eq!(granted.count(), 1);
}

/// A node of a version before these stores deletes accounts, and nothing that belongs to them.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_node_leaves_of_an_account_is_swept() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let bob = node.create_user(new_user("bob")).await.unwrap().id;
    let alice = alice(&node).await;
    for number in 0..150 {
        let owner = if number == 120 { &bob } else { &alice };
        let new = record(Some(owner), number);
        node.insert_record(new, Tells::nothing()).await.unwrap();
    }
    node.insert_record(record(None, 200), Tells::nothing())
        .await
        .unwrap();
    let users = database.collection("users");
    let user = doc! { "_id": alice.as_str() };
    users.delete_one(user).await.unwrap();
    for _ in 0..3 {
        node.sweep(NOW, 100).await.unwrap();
    }
    let records = database.collection(RECORDS);
    assert_eq!(records.count_documents(doc! {}).await.unwrap(), 2);
    assert!(exists(&node, 120).await && exists(&node, 200).await);
}
