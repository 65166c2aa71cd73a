//! Documents that this version can't read: an error that says where, and nothing of what.

use std::sync::Arc;

use model::Timestamp;
use mongodb::bson::{Bson, Document, doc};
use storage::{Error, Feed as _, FeedRow, FeedSink, Sessions as _, Upkeep as _, Users as _};
use storage_mongodb::MongoStore;

use crate::people::{NOW, moment, new_user, session, session_id, typed};
use crate::server::{Scratch, scratch};

/// A node with an account and a session.
async fn inhabited(database: &Scratch) -> Arc<MongoStore> {
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    node
}

/// An account that can't be read is named, and nothing of what is in it.
fn assert_unreadable_account<T>(answer: Result<T, Error>) {
    let Err(error) = answer else {
        panic!("it was read")
    };
    assert!(
        matches!(&error, Error::UnreadableAccount { account, .. } if account == "id-of-alice"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("junk"), "{error:?}");
}

fn assert_unreadable<T>(answer: Result<T, Error>, expected: &str) {
    let Err(error) = answer else {
        panic!("it was read")
    };
    assert!(
        matches!(&error, Error::Unreadable { table, .. } if *table == expected),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("junk"), "{error:?}");
}

async fn tampered(database: &Scratch, collection: &str, update: Document) {
    let collection = database.collection(collection);
    let updated = collection.update_many(doc! {}, update).await.unwrap();
    assert_eq!(updated.matched_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_account_is_an_error_of_its_own() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = inhabited(&database).await;
    let alice = new_user("alice").id;
    let users = database.collection("users");
    let whole = users.find_one(doc! {}).await.unwrap().unwrap();
    for (field, value) in [
        ("portcullis_keep", Bson::String("junk".to_owned())),
        ("generation", Bson::Int64(-1)),
        ("generation", Bson::Double(1.5)),
        ("generation", Bson::String("junk".to_owned())),
        (
            "username",
            Bson::Array(vec![Bson::String("junk".to_owned())]),
        ),
        ("email", Bson::Array(vec![Bson::String("junk".to_owned())])),
        ("email", Bson::Int32(7)),
        ("disabled", Bson::String("junk".to_owned())),
        ("is_active", Bson::String("junk".to_owned())),
        ("portcullis_pending", Bson::String("junk".to_owned())),
        (
            "portcullis_pending",
            Bson::Array(vec![Bson::Document(doc! { "op": "junk" })]),
        ),
    ] {
        tampered(&database, "users", doc! { "$set": { field: value } }).await;
        assert_unreadable_account(node.user(&alice).await);
        assert_unreadable_account(node.credentials(&alice).await);
        let by = if field == "username" {
            "alice@example.org"
        } else {
            "alice"
        };
        let name = typed(by);
        assert_unreadable_account(node.credentials_by_login(&name).await);
        let found = node.examine().await.unwrap();
        assert_eq!(found.unreadable().len(), 1);
        assert_eq!(found.unreadable()[0].0, "id-of-alice");
        assert!(found.unreadable()[0].1.contains(field), "{found:?}");
        // Others go on, and so does what needs no reading of it.
        node.ping().await.unwrap();
        assert_eq!(node.hash_kinds().await.unwrap().len(), 1);
        users
            .replace_one(doc! { "_id": alice.as_str() }, whole.clone())
            .await
            .unwrap();
    }
    assert!(node.user(&alice).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_session_is_an_error_of_its_own() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = inhabited(&database).await;
    let alice = new_user("alice").id;
    let sessions = database.collection("portcullis_sessions");
    let whole = sessions.find_one(doc! {}).await.unwrap().unwrap();
    for (field, value) in [
        ("generation", Bson::Int64(-1)),
        ("pair", Bson::String("junk".to_owned())),
        ("pair.refresh_expires", Bson::Int64(-1)),
        ("pair.fresh_until", Bson::String("junk".to_owned())),
        ("pair.refresh", Bson::Null),
        ("authentication", Bson::String("junk".to_owned())),
        ("authentication.level", Bson::Int32(7)),
        ("authentication.methods", Bson::Array(vec![Bson::Int32(7)])),
        ("agent", Bson::Int32(7)),
        ("expires_at", Bson::Int64(7)),
    ] {
        tampered(
            &database,
            "portcullis_sessions",
            doc! { "$set": { field: value } },
        )
        .await;
        assert_unreadable(node.session(session_id(1)).await, "portcullis_sessions");
        assert_unreadable(node.sessions_of(&alice, NOW).await, "portcullis_sessions");
        sessions
            .replace_one(doc! { "_id": session_id(1).to_string() }, whole.clone())
            .await
            .unwrap();
    }
    assert!(node.session(session_id(1)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_start_on_a_feed_that_it_cannot_read() {
    struct Deaf;
    impl FeedSink for Deaf {
        fn apply(&self, _: &[FeedRow]) {}
        fn asked(&self) -> u64 {
            0
        }
        fn heard(&self, _: u64) {}
    }
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let feed = database.collection("portcullis_feed");
    let until = mongodb::bson::DateTime::from_millis(NOW.as_millis());
    for entry in [
        doc! { "kind": "junk", "subject": "junk", "until": until },
        doc! { "kind": "session", "subject": "junk", "until": until },
        doc! { "kind": "generation", "subject": "u", "until": until },
        doc! { "kind": "token", "subject": "t", "until": "junk" },
    ] {
        let row = doc! { "_id": 0_i64, "batch": "b", "entries": [entry] };
        feed.insert_one(row).await.unwrap();
        let answer = node.follow(Timestamp::from_seconds(0), Arc::new(Deaf));
        assert_unreadable(answer.await, "portcullis_feed");
        feed.delete_one(doc! { "_id": 0_i64 }).await.unwrap();
    }
}
