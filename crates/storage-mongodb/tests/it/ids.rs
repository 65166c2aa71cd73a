//! Accounts whose `_id`s are of kinds that others write, and such as have one text.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Uuid, doc};
use storage::{Error, ProfileChange, Sessions as _, Users as _};
use storage_mongodb::ClashField;

use crate::flask::meant;
use crate::people::{id, moment, session, session_id, typed};
use crate::server::scratch;
use crate::shapes::write;

const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

fn uuid(subtype: BinarySubtype) -> Bson {
    let bytes = Uuid::parse_str(UUID).unwrap().bytes().to_vec();
    Bson::Binary(Binary { subtype, bytes })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_number_for_an_id_is_served_by_its_text() {
    for number in [Bson::Int32(42), Bson::Int64(42), Bson::Double(42.0)] {
        let Some(database) = scratch().await else {
            return;
        };
        let users = database.collection("users");
        let name = doc! { "username": "alice", "email": "alice@example.org" };
        write(&users, number.clone(), name).await;
        let node = database.node().await;
        let alice = id("42");
        for text in ["alice", "ALICE", "alice@EXAMPLE.org"] {
            assert_eq!(meant(&node, text).await.as_deref(), Some("42"), "{text}");
        }
        node.open_session(session(&alice, 1), 100, moment())
            .await
            .unwrap();
        let change = ProfileChange {
            username: None,
            email: Some(model::EmailAddress::parse("new@example.org").unwrap()),
        };
        let changed = node.change_profile(&alice, change, moment()).await.unwrap();
        assert_eq!(changed.unwrap().email.as_deref(), Some("new@example.org"));
        let stored = users.find_one(doc! {}).await.unwrap().unwrap();
        assert_eq!(stored.get("_id"), Some(&number), "it stays what it was");
        assert!(node.delete_user(&alice, moment()).await.unwrap());
        assert!(node.session(session_id(1)).await.unwrap().is_none());
        assert_eq!(meant(&node, "alice").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_ids_with_one_text_one_is_served_and_the_other_refused_and_reported() {
    for (wins, loses, text) in [
        (Bson::from("42"), Bson::Int32(42), "42"),
        (Bson::from("42"), Bson::Int64(42), "42"),
        (Bson::from(UUID), uuid(BinarySubtype::Uuid), UUID),
        (
            uuid(BinarySubtype::Uuid),
            uuid(BinarySubtype::UuidOld),
            UUID,
        ),
    ] {
        let Some(database) = scratch().await else {
            return;
        };
        let users = database.collection("users");
        let alice = doc! { "username": "alice", "email": "alice@example.org" };
        let bob = doc! { "username": "bob", "email": "bob@example.org" };
        write(&users, loses.clone(), bob).await;
        write(&users, wins.clone(), alice).await;
        let node = database.node().await;
        assert_eq!(meant(&node, "alice").await.as_deref(), Some(text));
        for name in ["bob", "BOB", "bob@example.org"] {
            assert_eq!(meant(&node, name).await, None, "{loses}: {name}");
        }
        let found = node.user(&id(text)).await.unwrap().unwrap();
        assert_eq!(found.username.as_deref(), Some("alice"));
        let clashes = node.clashes().await.unwrap();
        assert_eq!(clashes.len(), 1, "{clashes:?}");
        assert_eq!(
            (clashes[0].field, clashes[0].with.as_str()),
            (ClashField::Id, text)
        );
        let marked = users.find_one(doc! { "key_clash.id": text }).await.unwrap();
        assert_eq!(marked.unwrap().get("_id"), Some(&loses));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_no_kind_that_is_served_is_refused_and_reported_and_the_others_are_served() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let strange = [
        Bson::Double(1.5),
        Bson::Boolean(true),
        Bson::from("x".repeat(200)),
    ];
    for (number, account) in strange.iter().enumerate() {
        let name = format!("strange{number}");
        write(&users, account.clone(), doc! { "username": name }).await;
    }
    write(&users, "u-1", doc! { "username": "alice" }).await;
    let node = database.node().await;
    for number in 0..strange.len() {
        let name = typed(&format!("strange{number}"));
        let answer = node.credentials_by_login(&name).await;
        assert!(
            matches!(answer, Err(Error::UnreadableAccount { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(meant(&node, "alice").await.as_deref(), Some("u-1"));
    let found = node.examine().await.unwrap();
    let mut named: Vec<_> = found
        .unreadable()
        .iter()
        .map(|(account, _)| account.as_str())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["1.5", "true", &"x".repeat(128)]);
}
