//! A collection that a Flask application wrote, and goes on writing.

use std::sync::Arc;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use password::PasswordHash;
use storage::{
    Addresses as _, Feed as _, FeedEntry, PasswordChange, ProfileChange, SaveUserError,
    Sessions as _, UniqueField, Users as _,
};
use storage_mongodb::{Clash, ClashField, MongoStore};

use crate::ears::{Ears, PATIENCE};
use crate::people::{HASH, NOW, id, moment, new_user, row, session, typed};
use crate::server::{Scratch, scratch};

pub(crate) const WERKZEUG: &str = "pbkdf2:sha256:1000$salt$\
    0000000000000000000000000000000000000000000000000000000000000000";
const OBJECT: &str = "65f0c0ffee0123456789abcd";
const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// The collection as the application sets it up.
pub(crate) async fn flask(database: &Scratch) -> Collection<Document> {
    let users = database.collection("users");
    for field in ["username", "email"] {
        let options = IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder()
            .keys(doc! { field: 1 })
            .options(options);
        users.create_index(index.build()).await.unwrap();
    }
    users
}

pub(crate) async fn register(
    users: &Collection<Document>,
    id: impl Into<Bson>,
    name: &str,
    email: &str,
) {
    let user = doc! {
        "_id": id.into(), "username": name, "email": email, "password_hash": WERKZEUG,
    };
    users.insert_one(user).await.unwrap();
}

pub(crate) async fn meant(node: &MongoStore, text: &str) -> Option<String> {
    let found = node.credentials_by_login(&typed(text)).await.unwrap();
    found.map(|credentials| credentials.user.id.as_str().to_owned())
}

fn uuid() -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Uuid,
        bytes: mongodb::bson::Uuid::parse_str(UUID)
            .unwrap()
            .bytes()
            .to_vec(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn its_users_sign_in_whatever_kind_their_id_has() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "abc123", "Alice", "Alice@Example.org").await;
    let object = ObjectId::parse_str(OBJECT).unwrap();
    register(&users, object, "bob", "bob@example.org").await;
    register(&users, uuid(), "carol", "carol@example.org").await;
    let node = database.node().await;
    for (text, expected) in [
        ("Alice", "abc123"),
        ("alice", "abc123"),
        ("alice@example.org", "abc123"),
        ("bob", OBJECT),
        ("BOB@example.org", OBJECT),
        ("carol", UUID),
    ] {
        assert_eq!(
            meant(&node, text).await.as_deref(),
            Some(expected),
            "{text}"
        );
    }
    let bob = node.credentials(&id(OBJECT)).await.unwrap().unwrap();
    assert_eq!(bob.hash.expose(), WERKZEUG);
    assert_eq!(bob.user.created_at.as_seconds(), 0x65f0_c0ff);
    let kinds = node.hash_kinds().await.unwrap();
    assert_eq!(kinds.iter().map(|(_, count)| count).sum::<u64>(), 3);
    assert_eq!(node.clashes().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_users_are_changed_and_deleted_and_stay_readable_for_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    let object = ObjectId::parse_str(OBJECT).unwrap();
    register(&users, object, "bob", "bob@example.org").await;
    let node = database.node().await;
    let bob = id(OBJECT);
    let upgraded = node
        .upgrade_hash(
            &bob,
            &PasswordHash::from(WERKZEUG),
            &PasswordHash::from(HASH),
        )
        .await;
    assert!(upgraded.unwrap());
    node.open_session(session(&bob, 1), 100, moment())
        .await
        .unwrap();
    let change = PasswordChange {
        user: bob.clone(),
        at: model::Generation(0),
        hash: PasswordHash::from(HASH),
        proven: None,
        keep: None,
    };
    node.change_password(change, moment()).await.unwrap();
    let profile = ProfileChange {
        username: Some(model::Username::parse("robert").unwrap()),
        email: None,
    };
    let changed = node.change_profile(&bob, profile, moment()).await.unwrap();
    assert_eq!(changed.unwrap().username.as_deref(), Some("robert"));
    let found = users
        .find_one(doc! { "_id": object })
        .await
        .unwrap()
        .unwrap();
    for (field, expected) in [
        ("username", "robert"),
        ("email", "bob@example.org"),
        ("password_hash", HASH),
    ] {
        assert_eq!(found.get_str(field).unwrap(), expected);
    }
    let ears = Ears::on(&node, NOW).await;
    assert!(node.delete_user(&bob, moment()).await.unwrap());
    assert!(ears.has(&FeedEntry::Closed(bob)));
    assert_eq!(users.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_fields_mean_nothing_to_us_and_stay() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "u-1", "bob", "bob@example.org").await;
    let own = doc! { "pending": true, "closing": "soon", "imported": 3, "keep": ["a"] };
    let update = doc! { "$set": own.clone() };
    users
        .update_one(doc! { "_id": "u-1" }, update)
        .await
        .unwrap();
    let node = database.node().await;
    assert_eq!(meant(&node, "BOB").await.as_deref(), Some("u-1"));
    let change = ProfileChange {
        username: Some(model::Username::parse("bobby").unwrap()),
        email: None,
    };
    let changed = node.change_profile(&id("u-1"), change, moment()).await;
    assert_eq!(changed.unwrap().unwrap().username.as_deref(), Some("bobby"));
    let change = PasswordChange {
        user: id("u-1"),
        at: model::Generation(0),
        hash: PasswordHash::from(HASH),
        proven: None,
        keep: None,
    };
    node.change_password(change, moment()).await.unwrap();
    let there = users
        .find_one(doc! { "_id": "u-1" })
        .await
        .unwrap()
        .unwrap();
    for (field, value) in &own {
        assert_eq!(there.get(field), Some(value), "{field}");
    }
    assert!(node.delete_user(&id("u-1"), moment()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_clash_keep_their_exact_form_and_are_reported() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "u-1", "Alice", "a@example.org").await;
    register(&users, "u-2", "alice", "A@example.org").await;
    register(&users, "u-3", "carol", "c@example.org").await;
    let node = database.node().await;
    for (text, expected) in [
        ("Alice", Some("u-1")),
        ("alice", Some("u-2")),
        // Nobody guesses who that is.
        ("ALICE", None),
        ("a1ice", None),
        ("a@example.org", None),
        ("A@example.org", None),
        ("CAROL", Some("u-3")),
    ] {
        assert_eq!(meant(&node, text).await.as_deref(), expected, "{text}");
    }
    let clash = |account: &str, field, with: &str| Clash {
        account: id(account),
        field,
        with: with.to_owned(),
    };
    let expected = [
        clash("u-1", ClashField::Username, "u-2"),
        clash("u-1", ClashField::Email, "u-2"),
        clash("u-2", ClashField::Username, "u-1"),
        clash("u-2", ClashField::Email, "u-1"),
    ];
    assert_eq!(node.clashes().await.unwrap(), expected);
    // No new account takes what they share.
    let look_alike = storage::NewUser {
        username: model::Username::parse("a1ice").unwrap(),
        ..new_user("x")
    };
    assert!(matches!(
        node.create_user(look_alike).await,
        Err(SaveUserError::Taken(UniqueField::Username))
    ));
    // Once one of them has another name, the clash is over for it.
    let profile = ProfileChange {
        username: Some(model::Username::parse("alicia").unwrap()),
        email: Some(model::EmailAddress::parse("alicia@example.org").unwrap()),
    };
    node.change_profile(&id("u-2"), profile, moment())
        .await
        .unwrap();
    assert_eq!(meant(&node, "ALICIA").await.as_deref(), Some("u-2"));
    let left = node.clashes().await.unwrap();
    assert!(
        left.iter().all(|clash| clash.account == id("u-1")),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_here_keeps_its_key_against_a_look_alike_made_there() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    register(&users, "u-2", "ALICE", "other@example.org").await;
    // It signs in by its exact name at once, and has its address as soon as it was looked at.
    assert_eq!(meant(&node, "ALICE").await.as_deref(), Some("u-2"));
    let wait = async {
        while meant(&node, "Other@example.org").await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("it gets its keys in time");
    assert_eq!(meant(&node, "Alice").await.as_deref(), Some(alice.as_str()));
    assert_eq!(meant(&node, "a1ice").await.as_deref(), Some(alice.as_str()));
    let clashes = node.clashes().await.unwrap();
    assert_eq!(clashes.len(), 1);
    assert_eq!(clashes[0].account, id("u-2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_changed_there_is_not_found_by_its_old_key() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "u-1", "alice", "a@example.org").await;
    let node = database.node().await;
    let update = doc! { "$set": { "username": "zoe", "email": "z@example.org" } };
    users
        .update_one(doc! { "_id": "u-1" }, update)
        .await
        .unwrap();
    for (text, expected) in [
        ("zoe", Some("u-1")),
        ("ALICE", None),
        ("a@example.org", None),
    ] {
        assert_eq!(meant(&node, text).await.as_deref(), expected, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_there_is_found_and_what_was_given_up_is_free() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "u-1", "bob", "bob@example.org").await;
    register(&users, "u-2", "carol", "carol@example.org").await;
    let node = database.node().await;
    let change = async |id: &str, name: &str, email: &str| {
        let update = doc! { "$set": { "username": name, "email": email } };
        users.update_one(doc! { "_id": id }, update).await.unwrap();
    };
    change("u-1", "Robert", "Robert@example.org").await;
    let u1 = Some("u-1");
    assert_eq!(meant(&node, "Robert@example.org").await.as_deref(), u1);
    // From then on it is found in every form, and by nothing that it had.
    assert_eq!(meant(&node, "robert").await.as_deref(), u1);
    assert_eq!(meant(&node, "robert@EXAMPLE.org").await.as_deref(), u1);
    assert_eq!(meant(&node, "bob").await, None);
    assert_eq!(meant(&node, "bob@example.org").await, None);

    // Nobody has signed in since: who wants what was given up gets it.
    change("u-2", "caroline", "caroline@example.org").await;
    node.create_user(new_user("carol")).await.unwrap();
    assert_eq!(meant(&node, "carol").await.as_deref(), Some("id-of-carol"));
    // A look-alike that was made there takes nothing from anybody.
    change("u-2", "Carol", "CAROL@example.org").await;
    assert_eq!(
        meant(&node, "carol@example.org").await.as_deref(),
        Some("id-of-carol")
    );
    assert_eq!(meant(&node, "CAROL").await.as_deref(), Some("id-of-carol"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_can_be_none_of_ours_is_served_as_it_is() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    register(&users, "u-1", "alice@home", "not an address").await;
    register(&users, "u-2", "Зoe ☺", "z@example.org").await;
    let node = database.node().await;
    assert_eq!(meant(&node, "alice@home").await.as_deref(), Some("u-1"));
    assert_eq!(meant(&node, "Зoe ☺").await.as_deref(), Some("u-2"));
    // Its name and its address are taken, though they have no key.
    assert_eq!(node.clashes().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_id_wins_over_an_equal_object_id() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    let object = ObjectId::parse_str(OBJECT).unwrap();
    register(&users, object, "shadow", "shadow@example.org").await;
    register(&users, OBJECT, "alice", "alice@example.org").await;
    let node = database.node().await;
    let user = node.user(&id(OBJECT)).await.unwrap().unwrap();
    assert_eq!(user.username.as_deref(), Some("alice"));
    // The other one would get tokens that name alice.
    for text in ["shadow", "SHADOW", "shadow@example.org"] {
        assert_eq!(meant(&node, text).await, None, "{text}");
    }
    assert_eq!(meant(&node, "alice").await.as_deref(), Some(OBJECT));
    let expected = Clash {
        account: id(OBJECT),
        field: ClashField::Id,
        with: OBJECT.to_owned(),
    };
    assert_eq!(node.clashes().await.unwrap(), [expected]);
    // What is done to the account is done to alice.
    node.delete_user(&id(OBJECT), moment()).await.unwrap();
    let left = users.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(left.get_object_id("_id").unwrap(), object);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_can_set_up_its_indexes_after_us() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    node.create_user(new_user("alice")).await.unwrap();
    let users = flask(&database).await;
    register(&users, "u-2", "bob", "bob@example.org").await;
    // A name that its index alone knows is taken for us too.
    let bob = node.create_user(new_user("bob")).await;
    assert!(matches!(
        bob,
        Err(SaveUserError::Taken(UniqueField::Username))
    ));
    let carol = storage::NewUser {
        email: model::EmailAddress::parse("bob@example.org").unwrap(),
        ..new_user("carol")
    };
    assert!(matches!(
        node.create_user(carol).await,
        Err(SaveUserError::Taken(UniqueField::Email))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_accounts_get_their_keys_from_where_the_last_start_stopped() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    let documents = (0..250).map(|number| {
        doc! {
            "_id": format!("u-{number}"), "username": format!("User.{number}"),
            "email": format!("User.{number}@example.org"), "password_hash": WERKZEUG,
        }
    });
    users.insert_many(documents).await.unwrap();
    database.node().await;
    let without = doc! { "username_key_version": { "$exists": false } };
    assert_eq!(users.count_documents(without.clone()).await.unwrap(), 0);
    // One that was not reached.
    let unset = doc! { "$unset": { "username_key_version": "", "username_key": "" } };
    users
        .update_one(doc! { "_id": "u-7" }, unset)
        .await
        .unwrap();
    let node: Arc<MongoStore> = database.node().await;
    assert_eq!(users.count_documents(without).await.unwrap(), 0);
    assert_eq!(meant(&node, "USER.7").await.as_deref(), Some("u-7"));
    node.append(vec![row("x")]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_another_application_wrote_is_proven_by_nobody() {
    let Some(database) = scratch().await else {
        return;
    };
    let store = database.node().await;
    let alice = store.create_user(new_user("alice")).await.unwrap();
    let proof = storage::AddressProof::of(&alice).unwrap();
    let confirmed = store.confirm_address(proof, moment()).await.unwrap();
    assert!(confirmed.unwrap().email_verified);
    let users = database.collection("users");
    let put = |email: &'static str| {
        let users = users.clone();
        async move {
            let one = doc! { "username": "alice" };
            let set = doc! { "$set": { "email": email } };
            users.update_one(one, set).await.unwrap();
        }
    };
    let is_verified = async || store.user(&alice.id).await.unwrap().unwrap().email_verified;
    put("victim@example.com").await;
    assert!(!is_verified().await);
    put("alice@example.org").await;
    assert!(is_verified().await);
}
