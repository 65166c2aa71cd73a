//! Entries of the feed of kinds that some nodes do not know.

use std::sync::Arc;
use std::time::Duration;

use model::SystemRng;
use mongodb::bson::{Document, doc};
use storage::{Effect, Feed as _, FeedEntry, FeedRow, Notice, Upkeep as _};
use storage_mongodb::{MongoStore, MongoUri, Options};

use crate::ears::{Ears, PATIENCE};
use crate::nodes::millis;
use crate::people::{NOW, id, moment, session_id, token};
use crate::server::{Scratch, scratch};

/// A kind that only [`Ears::that_read`] know.
const TOY: &[&str] = &["toy"];

fn toy(effect: Effect) -> FeedRow {
    FeedRow {
        entry: FeedEntry::Notice(Notice {
            kind: "toy".to_owned(),
            effect,
            detail: Some("more".to_owned()),
        }),
        until: moment().feed_until,
    }
}

fn foreign(number: i64, entry: Document) -> Document {
    let mut entry = entry;
    entry.insert("until", millis(moment().feed_until));
    doc! { "_id": number, "batch": format!("later-{number}"), "entries": [entry] }
}

/// A node for which another one is gone after two and a half seconds.
async fn node(database: &Scratch) -> Arc<MongoStore> {
    let uri = MongoUri::parse(&*database.uri).unwrap();
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let options = options.with_silence(Duration::from_millis(2500));
    MongoStore::open(&uri, options).await.unwrap()
}

/// Waits until a node finds that every other reads the kind.
async fn becomes_writable(node: &MongoStore) {
    let wait = async {
        while !node.may_write("toy") {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await;
    in_time.expect("it may be written in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_an_unknown_kind_is_taken_in_by_its_effect() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    let session = session_id(1).to_string();
    let feed = database.collection("portcullis_feed");
    let entries = [
        doc! { "effect": "refuse", "concerns": "token", "subject": "t" },
        doc! { "effect": "refuse", "concerns": "session", "subject": session },
        doc! { "effect": "refuse", "concerns": "user", "subject": "u" },
        doc! { "effect": "forget", "concerns": "user", "subject": "u" },
        doc! { "effect": "ignore" },
    ];
    for (number, mut entry) in (0..).zip(entries) {
        entry.insert("kind", "toy");
        entry.insert("detail", "more");
        feed.insert_one(foreign(number, entry)).await.unwrap();
    }
    for effect in [
        Effect::RefuseToken(model::TokenId::from_stored("t")),
        Effect::RefuseSession(session_id(1)),
        Effect::RefuseUser(id("u")),
        Effect::Forget(id("u")),
        Effect::Ignore,
    ] {
        ears.hear(&toy(effect).entry).await;
    }
    ears.hear_the_store().await;
    // They are no obstacle to what comes after them, nor to the pruning.
    node.append(vec![crate::people::row("after")])
        .await
        .unwrap();
    ears.hear(&token("after")).await;
    let later = moment().feed_until.plus(Duration::from_secs(1));
    assert_eq!(node.sweep(later, 100).await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_entry_stands_there_whose_effect_cannot_be_told_the_store_is_not_heard() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    let feed = database.collection("portcullis_feed");
    for entry in [
        doc! { "kind": "toy", "subject": "u" },
        doc! { "kind": "toy", "effect": "refuse", "concerns": "group", "subject": "u" },
        doc! { "kind": "toy", "effect": "later", "concerns": "user", "subject": "u" },
    ] {
        ears.hear_the_store().await;
        feed.insert_one(foreign(0, entry.clone())).await.unwrap();
        let silent = ears.now();
        let asking = async {
            while ears.now() < silent + 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap();
        assert!(ears.heard_at() < silent, "{entry}");
        feed.delete_one(doc! { "_id": 0_i64 }).await.unwrap();
    }
    ears.hear_the_store().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_be_read_runs_out_all_the_same() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let feed = database.collection("portcullis_feed");
    for number in [0, 1] {
        let unreadable = doc! { "kind": "toy", "subject": "u" };
        feed.insert_one(foreign(number, unreadable)).await.unwrap();
    }
    let end = moment().feed_until;
    assert_eq!(
        node.sweep(end.minus(Duration::from_secs(1)), 100)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        node.sweep(end.plus(Duration::from_secs(1)), 100)
            .await
            .unwrap(),
        1,
        "all but the highest"
    );
}

/// What is written as is, is heard as is by a node that comes later; else it is the entry of the version before.
async fn is_written_as(database: &Scratch, writer: &MongoStore, number: u32) -> FeedEntry {
    let (subject, as_is) = (id(&format!("u-{number}")), number);
    let row = toy(Effect::RefuseUser(subject.clone()));
    writer.append(vec![row.clone()]).await.unwrap();
    let reader = database.node().await;
    let ears = Ears::that_read(&reader, NOW, TOY).await;
    let closed = FeedEntry::Closed(subject);
    let heard = [row.entry, closed]
        .into_iter()
        .find(|entry| ears.has(entry));
    reader.close().await;
    heard.unwrap_or_else(|| panic!("{as_is} is not heard"))
}

fn is_notice(entry: &FeedEntry) -> bool {
    matches!(entry, FeedEntry::Notice(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_kind_is_written_when_no_node_is_alive_that_does_not_read_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let new = node(&database).await;
    let _ears = Ears::that_read(&new, NOW, TOY).await;
    assert!(!new.may_write("toy"), "others had no time to be heard");
    assert!(new.may_write("closed"));
    assert!(!is_notice(&is_written_as(&database, &new, 1).await));
    becomes_writable(&new).await;
    assert!(is_notice(&is_written_as(&database, &new, 2).await));

    // One comes that reads the first kinds only, and leaves in order.
    let old = database.node().await;
    let old_ears = Ears::on(&old, NOW).await;
    old_ears.hear_the_store().await;
    let wait = async {
        while new.may_write("toy") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert!(!is_notice(&is_written_as(&database, &new, 3).await));
    old.close().await;
    becomes_writable(&new).await;
    assert!(is_notice(&is_written_as(&database, &new, 4).await));
}

/// A node of the version before adds to `beats` and to nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_kind_is_not_written_while_a_node_of_the_version_before_is_alive() {
    let Some(database) = scratch().await else {
        return;
    };
    let new = node(&database).await;
    let _ears = Ears::that_read(&new, NOW, TOY).await;
    becomes_writable(&new).await;
    let beat = doc! { "$inc": { "beats": 1_i64 }, "$max": { "access_lifetime_millis": 0_i64 } };
    let meta = database.collection("portcullis_meta");
    let heartbeat = doc! { "_id": "heartbeat" };
    meta.update_one(heartbeat, beat).await.unwrap();
    let wait = async {
        while new.may_write("toy") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert!(!is_notice(&is_written_as(&database, &new, 1).await));
    // It beats no more: after a while it has left.
    becomes_writable(&new).await;
    assert!(is_notice(&is_written_as(&database, &new, 2).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_read_a_kind_is_known_at_once_and_for_as_long_as_it_may_be_alive() {
    let Some(database) = scratch().await else {
        return;
    };
    let new = node(&database).await;
    let _ears = Ears::that_read(&new, NOW, TOY).await;
    let who = async || new.who_cannot_read("toy").await.unwrap();
    // A node alone waits for nobody.
    assert!(who().await.is_empty());

    // One that has ended without leaving.
    let planted = doc! { "$set": { "nodes.planted": { "beats": 7_i64, "reads": ["another"] } } };
    let meta = database.collection("portcullis_meta");
    let heartbeat = doc! { "_id": "heartbeat" };
    meta.update_one(heartbeat, planted).await.unwrap();
    assert_eq!(who().await, ["planted"]);
    let gone = async { while !who().await.is_empty() {} };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();

    // One that serves is there before it answers anybody.
    let old = database.node().await;
    let _old_ears = Ears::on(&old, NOW).await;
    assert_eq!(who().await.len(), 1);
    old.close().await;
    assert!(who().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_ignored_is_not_written_for_those_who_cannot_read_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
    node.append(vec![toy(Effect::Ignore)]).await.unwrap();
    let feed = database.collection("portcullis_feed");
    assert_eq!(feed.count_documents(doc! {}).await.unwrap(), 0);
    drop(ears);
}

/// What the first five kinds are in a document has not changed: nodes of the version before read it.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_kinds_are_written_as_the_version_before_reads_them() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = id("alice");
    let until = moment().feed_until;
    let entries = [
        FeedEntry::Token(model::TokenId::from_stored("t")),
        FeedEntry::Session(session_id(1)),
        FeedEntry::Generation {
            user: alice.clone(),
            minimum: model::Generation(3),
            keep: Some(session_id(1)),
        },
        FeedEntry::Closed(alice.clone()),
        FeedEntry::Changed(alice),
    ];
    let rows = entries.map(|entry| FeedRow { entry, until });
    node.append(rows.to_vec()).await.unwrap();
    let feed = database.collection("portcullis_feed");
    let document = feed.find_one(doc! { "_id": 0_i64 }).await.unwrap().unwrap();
    let session = session_id(1).to_string();
    let mut expected = [
        doc! { "kind": "token", "subject": "t" },
        doc! { "kind": "session", "subject": &session },
        doc! { "kind": "generation", "subject": "alice", "minimum": 3_i64, "keep": &session },
        doc! { "kind": "closed", "subject": "alice" },
        doc! { "kind": "changed", "subject": "alice" },
    ];
    for entry in &mut expected {
        entry.insert("until", millis(until));
    }
    let written = document.get_array("entries").unwrap();
    assert_eq!(written.len(), expected.len());
    for (written, expected) in written.iter().zip(&expected) {
        assert_eq!(written.as_document().unwrap(), expected);
    }
}
