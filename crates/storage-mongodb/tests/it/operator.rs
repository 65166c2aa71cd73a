//! What an operator does, on a database that others serve.

use std::sync::Arc;

use model::{Generation, SystemRng, UserId};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Uuid, doc};
use storage::{
    Beginning, Enabled, FeedEntry, ListUsersError, Sessions as _, Upkeep as _, UserCursor,
    UserFilter, UserListing, Users as _,
};
use storage_mongodb::{MongoStore, MongoUri, OpenError, Options};

use crate::ears::{Ears, PATIENCE};
use crate::interrupted::{alice_of_a_gone_node, becomes, interrupt, untold};
use crate::keys::key;
use crate::people::{NOW, id, moment, new_user, session, session_id};
use crate::server::{Scratch, scratch};
use crate::shapes::write;

/// The database, as a command opens it.
async fn command(database: &Scratch) -> Result<Arc<MongoStore>, OpenError> {
    let uri = MongoUri::parse(&*database.uri).unwrap();
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    MongoStore::open(&uri, options.for_a_command()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_server_ever_ran_a_command_makes_nothing() {
    let Some(database) = scratch().await else {
        return;
    };
    // Another application has accounts there.
    write(
        &database.collection("users"),
        "u-1",
        doc! { "username": "a" },
    )
    .await;
    let refused = command(&database).await.unwrap_err();
    assert!(matches!(refused, OpenError::NeverServed), "{refused}");
    let users = database.collection("users");
    let names = users.client().database(users.namespace().db.as_str());
    let names = names.list_collection_names().await.unwrap();
    assert_eq!(names, ["users"]);
    let found = users.find_one(doc! {}).await.unwrap().unwrap();
    assert!(!found.contains_key("username_key"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_no_node_and_takes_over_nothing() {
    let Some(database) = scratch().await else {
        return;
    };
    let alice = alice_of_a_gone_node(&database).await;
    interrupt(&database, &alice, untold("changed", &alice), doc! {}).await;
    write(
        &database.collection("users"),
        "u-1",
        doc! { "username": "a" },
    )
    .await;
    let command = command(&database).await.unwrap();
    command
        .note_access_lifetime(std::time::Duration::ZERO)
        .await
        .unwrap();
    let page = command
        .list_users(UserListing {
            limit: 9,
            ..UserListing::default()
        })
        .await;
    assert_eq!(page.unwrap().users.len(), 2);

    let heartbeat = database.collection("portcullis_meta");
    let heartbeat = heartbeat
        .find_one(doc! { "_id": "heartbeat" })
        .await
        .unwrap()
        .unwrap();
    let nodes = heartbeat.get_document("nodes");
    assert!(
        nodes.map_or(true, mongodb::bson::Document::is_empty),
        "{heartbeat}"
    );
    assert_eq!(
        heartbeat.get("beats"),
        heartbeat.get("named"),
        "{heartbeat}"
    );
    let users = database.collection("users");
    let left = doc! { "_id": alice.as_str(), "portcullis_pending": { "$exists": true } };
    assert_eq!(users.count_documents(left).await.unwrap(), 1);
    let keyless = doc! { "_id": "u-1", "username_key": { "$exists": false } };
    assert_eq!(users.count_documents(keyless).await.unwrap(), 1);
    // What it comes upon it finishes.
    command.disable_user(&alice, moment()).await.unwrap();
    let left = doc! { "portcullis_pending": { "$exists": true } };
    assert_eq!(users.count_documents(left).await.unwrap(), 0);
    command.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_needs_the_keys_of_the_servers_and_notes_none() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let command = command(&database).await.unwrap();
    command.expect_keys(&key("own", &[])).await.unwrap();
    node.agree_on_keys(&key("old", &[])).await.unwrap();
    command.expect_keys(&key("old", &[])).await.unwrap();
    let other = command.expect_keys(&key("new", &[])).await;
    assert!(matches!(other, Err(OpenError::OtherKey("JWT_SECRET_KEY"))));
    let newer = command.expect_keys(&key("new", &["old"])).await;
    assert!(matches!(newer, Err(OpenError::NewerKey("JWT_SECRET_KEY"))));
    node.agree_on_keys(&key("old", &[])).await.unwrap();
    command.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_hears_of_what_a_command_does() {
    let Some(database) = scratch().await else {
        return;
    };
    let (a, b) = (database.node().await, database.node().await);
    let ears = [Ears::on(&a, NOW).await, Ears::on(&b, NOW).await];
    let alice = a.create_user(new_user("alice")).await.unwrap().id;
    a.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    let command = command(&database).await.unwrap();
    command.disable_user(&alice, moment()).await.unwrap();
    let entry = FeedEntry::Generation {
        user: alice.clone(),
        minimum: Generation(1),
        keep: None,
    };
    for ears in &ears {
        ears.hear(&entry).await;
    }
    assert!(b.session(session_id(1)).await.unwrap().is_none());
    command.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_that_was_interrupted_is_finished() {
    let Some(database) = scratch().await else {
        return;
    };
    let alice = alice_of_a_gone_node(&database).await;
    let mut pending = untold("generation", &alice);
    pending.extend(doc! { "minimum": 1_i64, "keep": Bson::Null });
    let change = doc! { "generation": 1_i64, "disabled": true };
    interrupt(&database, &alice, pending, change).await;

    let node = database.node().await;
    let ears = Ears::on(&node, NOW).await;
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
    assert!(node.user(&alice).await.unwrap().unwrap().disabled);
    assert!(node.session(session_id(1)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_application_has_switched_off_is_not_enabled_in_its_stead() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    for (account, switches) in [
        ("active", doc! { "is_active": false }),
        ("both", doc! { "disabled": true, "isBanned": 1 }),
        ("ours", doc! { "disabled": true, "is_active": true }),
        ("word", doc! { "disabled": "yes" }),
        ("none", doc! {}),
    ] {
        write(&users, account, switches).await;
    }
    let node = database.node().await;
    for (account, field) in [("active", "is_active"), ("both", "isBanned")] {
        let document = || users.find_one(doc! { "_id": account });
        let before = document().await.unwrap();
        let enabled = node.enable_user(&id(account), moment()).await.unwrap();
        assert_eq!(enabled, Enabled::HeldBy(field.to_owned()));
        assert_eq!(document().await.unwrap(), before);
        assert!(node.user(&id(account)).await.unwrap().unwrap().disabled);
    }
    for account in ["ours", "word", "none"] {
        let enabled = node.enable_user(&id(account), moment()).await.unwrap();
        assert!(
            matches!(enabled, Enabled::Done(user) if !user.disabled),
            "{account}"
        );
        assert!(!node.user(&id(account)).await.unwrap().unwrap().disabled);
    }
    // Ours stands beside theirs.
    node.disable_user(&id("active"), moment()).await.unwrap();
    users
        .update_one(
            doc! { "_id": "active" },
            doc! { "$set": { "is_active": true } },
        )
        .await
        .unwrap();
    assert!(node.user(&id("active")).await.unwrap().unwrap().disabled);
}

/// What a listing meets, in pages of two, and who of them can't be read.
async fn listed(node: &MongoStore, filter: UserFilter) -> (Vec<UserId>, Vec<String>) {
    let (mut met, mut unreadable) = (Vec::new(), Vec::new());
    let mut listing = UserListing {
        filter,
        after: None,
        limit: 2,
    };
    loop {
        let page = node.list_users(listing.clone()).await.unwrap();
        met.extend(page.users.into_iter().map(|user| user.id));
        unreadable.extend(page.unreadable.into_iter().map(|(account, _)| account));
        match page.next {
            Some(next) => listing.after = Some(next),
            None => return (met, unreadable),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_with_ids_of_every_kind_are_listed_once_each() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let object = ObjectId::from_bytes([7; 12]);
    let uuid = Uuid::from_bytes([7; 16]);
    let ids = [
        Bson::from(7),
        Bson::from(40_i64),
        Bson::from(41.0),
        Bson::from("a"),
        Bson::from("b"),
        Bson::from("c"),
        Bson::from(uuid),
        Bson::from(object),
    ];
    for (number, account) in ids.into_iter().enumerate().rev() {
        write(&users, account, doc! { "username": format!("u{number}") }).await;
    }
    write(&users, true, doc! { "username": "strange" }).await;
    write(&users, "bb", doc! { "username": "x", "disabled": "junk" }).await;
    write(
        &users,
        "closing",
        doc! { "username": "y", "portcullis_closing": true },
    )
    .await;
    write(&users, "off", doc! { "username": "z", "is_active": false }).await;
    let node = database.node().await;
    let (met, unreadable) = listed(&node, UserFilter::default()).await;
    let uuid = uuid.to_string();
    let expected = [
        "7",
        "40",
        "41",
        "a",
        "b",
        "c",
        "off",
        &uuid,
        &object.to_hex(),
    ];
    assert_eq!(met, expected.map(id));
    assert_eq!(unreadable, ["bb", "true"]);
    let disabled = UserFilter {
        disabled: true,
        ..UserFilter::default()
    };
    assert_eq!(listed(&node, disabled).await.0, [id("off")]);
    let beginning = UserFilter {
        beginning: Some(Beginning::of("U")),
        ..UserFilter::default()
    };
    assert_eq!(listed(&node, beginning).await.0.len(), 8);

    let listing = UserListing {
        after: Some(UserCursor("a".to_owned())),
        ..UserListing::default()
    };
    let refused = node.list_users(listing).await;
    assert!(matches!(refused, Err(ListUsersError::UnknownCursor)));
}
