//! Second factors, beside nodes of a version and an application that know none.

use model::{Generation, UserId};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use storage::{Enrolment, Error, Factors as _, Storage, Users as _};

use crate::people::{moment, new_user};
use crate::server::{Scratch, scratch};

const ALICE: &str = "alice";

/// An account that has a second factor: its id, and its hash.
async fn enrolled(node: &dyn Storage) -> (UserId, String) {
    let alice = node.create_user(new_user(ALICE)).await.unwrap().id;
    let hash = node.credentials(&alice).await.unwrap().unwrap().hash;
    let enrolment = Enrolment {
        user: alice.clone(),
        at: Generation(0),
        keep: None,
        sealed: b"sealed".to_vec(),
        step: 1,
        recovery_codes: Vec::new(),
    };
    assert!(node.enrol(enrolment, moment()).await.unwrap().is_some());
    (alice, hash.expose().to_owned())
}

async fn document(database: &Scratch, alice: &UserId) -> Document {
    let users = database.collection("users");
    let found = users.find_one(doc! { "_id": alice.as_str() }).await;
    found.unwrap().unwrap()
}

async fn writes(database: &Scratch, alice: &UserId, update: Document) {
    let users = database.collection("users");
    let done = users
        .update_one(doc! { "_id": alice.as_str() }, update)
        .await;
    assert_eq!(done.unwrap().modified_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_find_a_hash_of_no_kind() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let (alice, hash) = enrolled(&*node).await;
    let stored = document(&database, &alice).await;
    let marked = format!("{{2fa}}{hash}");
    assert_eq!(stored.get_str("password_hash").unwrap(), marked);
    let found = node.credentials(&alice).await.unwrap().unwrap();
    assert_eq!(found.hash.expose(), hash);
    // It is counted as what it is.
    assert_eq!(
        stored.get_str("hash_kind").ok(),
        found
            .hash
            .kind()
            .ok()
            .map(|kind| kind.to_string())
            .as_deref()
    );

    let removed = node.remove_factor(&alice, Generation(1), None, moment());
    assert!(removed.await.unwrap().is_some());
    let stored = document(&database, &alice).await;
    assert_eq!(stored.get_str("password_hash").unwrap(), hash);
    assert!(!stored.contains_key("portcullis_factor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_others_set_leaves_the_second_factor() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let (alice, hash) = enrolled(&*node).await;
    let set = doc! { "$set": { "password_hash": &hash, "generation": 2_i64 } };
    writes(&database, &alice, set).await;
    let found = node.credentials(&alice).await.unwrap().unwrap();
    assert!(found.user.second_factor);
    assert_eq!(found.hash.expose(), hash);
}

/// Whoever takes it away by hand, or copies accounts without it, lets nobody in by the password alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_mark_without_a_second_factor_matches_no_password() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let (alice, _) = enrolled(&*node).await;
    writes(
        &database,
        &alice,
        doc! { "$unset": { "portcullis_factor": "" } },
    )
    .await;
    let found = node.credentials(&alice).await.unwrap().unwrap();
    assert!(!found.user.second_factor);
    assert!(found.hash.kind().is_err(), "{:?}", found.hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_second_factor_cannot_be_read_is_nobodys() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let (alice, _) = enrolled(&*node).await;
    for value in [
        Bson::Null,
        Bson::Boolean(false),
        Bson::String(String::new()),
    ] {
        writes(
            &database,
            &alice,
            doc! { "$set": { "portcullis_factor": value } },
        )
        .await;
        let found = node.user(&alice).await;
        assert!(
            matches!(found, Err(Error::UnreadableAccount { .. })),
            "{found:?}"
        );
    }
    writes(
        &database,
        &alice,
        doc! { "$set": { "portcullis_factor": {} } },
    )
    .await;
    assert!(node.user(&alice).await.unwrap().unwrap().second_factor);
    let found = node.second_factor(&alice).await;
    assert!(
        matches!(found, Err(Error::UnreadableAccount { .. })),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_with_ids_of_every_kind_are_given_once_each() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let object = ObjectId::from_bytes([7; 12]);
    for id in [
        Bson::from(7),
        Bson::from("a"),
        Bson::from("z"),
        Bson::from(object),
    ] {
        let document = doc! { "_id": id, "portcullis_factor": {} };
        users.insert_one(document).await.unwrap();
    }
    let node = database.node().await;
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let page = node.users_with_factors(after.as_ref(), 1).await.unwrap();
        let Some(id) = page.into_iter().next() else {
            break;
        };
        met.push(id.as_str().to_owned());
        after = Some(id);
    }
    assert_eq!(met, ["7", "a", "z", &object.to_hex()]);
}
