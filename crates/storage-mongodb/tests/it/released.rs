//! Names that are let go of, between the two documents that know of it.

use std::sync::Arc;

use faulty_network::Proxy;
use model::{EmailAddress, SystemRng, UserId, Username};
use mongodb::bson::{Document, doc};
use storage::{
    FeedEntry, NewUser, ProfileChange, Reservations, SaveUserError, Sessions as _, UniqueField,
    Users as _,
};
use storage_mongodb::{MongoStore, MongoUri, Options};

use crate::ears::{Ears, PATIENCE};
use crate::interrupted::becomes;
use crate::nodes::millis;
use crate::people::{NOW, id, moment, new_user, session, session_id};
use crate::server::{Scratch, scratch};

fn named(name: &str) -> ProfileChange {
    ProfileChange {
        username: Some(Username::parse(name).unwrap()),
        email: None,
    }
}

fn stranger() -> NewUser {
    NewUser {
        id: id("stranger"),
        email: EmailAddress::parse("stranger@example.org").unwrap(),
        ..new_user("alice")
    }
}

/// A node whose commands can be held back.
async fn node_behind_a_proxy(database: &Scratch) -> Option<(Arc<MongoStore>, Proxy)> {
    let proxy = Proxy::before(&database.uri).await?;
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let uri = MongoUri::parse(&*proxy.uri).unwrap();
    let node = MongoStore::open(&uri, options).await.unwrap();
    Some((node, proxy))
}

#[track_caller]
fn assert_taken<T>(answer: Result<T, SaveUserError>) {
    let error = answer.err().expect("it is taken");
    assert!(
        matches!(error, SaveUserError::Taken(UniqueField::Username)),
        "{error}"
    );
}

/// The stranger has looked, and the name was nobody's: neither reserved nor had by an account.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_comes_and_goes_between_a_look_and_an_insertion_is_reserved() {
    let Some(database) = scratch().await else {
        return;
    };
    let Some((slow, proxy)) = node_behind_a_proxy(&database).await else {
        return;
    };
    let node = database.node().await;
    let held = proxy.hold("insert", "users");
    let signing_up = {
        let slow = Arc::clone(&slow);
        tokio::spawn(async move { slow.create_user(stranger()).await })
    };
    held.caught().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let renamed = node.change_profile(&alice, named("alicia"), moment()).await;
    renamed.unwrap().unwrap();
    proxy.let_go();
    assert_taken(signing_up.await.unwrap());
    assert!(node.user(&id("stranger")).await.unwrap().is_none());
    let back = node.change_profile(&alice, named("alice"), moment()).await;
    back.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_comes_and_goes_between_a_look_and_a_renaming_is_reserved() {
    let Some(database) = scratch().await else {
        return;
    };
    let Some((slow, proxy)) = node_behind_a_proxy(&database).await else {
        return;
    };
    let node = database.node().await;
    let bob = node.create_user(new_user("bob")).await.unwrap();
    let held = proxy.hold("findAndModify", "users");
    let renaming = {
        let (slow, bob) = (Arc::clone(&slow), bob.id.clone());
        tokio::spawn(async move { slow.change_profile(&bob, named("alice"), moment()).await })
    };
    held.caught().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    assert!(node.delete_user(&alice, moment()).await.unwrap());
    proxy.let_go();
    assert_taken(renaming.await.unwrap());
    assert!(node.user(&bob.id).await.unwrap().unwrap() == bob);
    // What he would have let go of is his.
    node.change_profile(&bob.id, named("Bob"), moment())
        .await
        .unwrap()
        .unwrap();
}

/// What a change has left that has taken the name of alice, which is reserved for her.
async fn interrupted(database: &Scratch, account: &UserId, before: Option<Document>) -> Document {
    let reservations = Reservations::default();
    let of = |account: &UserId| reservations.released(UniqueField::Username, "alice", account);
    let (hers, wanted) = (of(&id("of-alice")).unwrap(), of(account).unwrap());
    let until = millis(NOW.plus(Reservations::LIFETIME));
    let kept = doc! { "_id": hers.name, "owner": hers.owner, "expires_at": until };
    database
        .collection("portcullis_released")
        .insert_one(kept)
        .await
        .unwrap();
    let wanted = doc! { "field": "username", "name": wanted.name, "owner": wanted.owner };
    let mut claim = doc! { "at": millis(NOW), "wanted": [wanted] };
    if let Some(before) = before {
        claim.insert("before", before);
    }
    doc! {
        "kind": "changed", "subject": account.as_str(), "until": millis(moment().feed_until), "op": "gone-1",
        "claim": claim,
    }
}

async fn leave(database: &Scratch, account: &UserId, pending: Document) {
    let set =
        doc! { "username": "alice", "username_key": "alice", "portcullis_pending": [pending] };
    let users = database.collection("users");
    let account = doc! { "_id": account.as_str() };
    users
        .update_one(account, doc! { "$set": set })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renaming_that_was_interrupted_is_taken_back() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let bob = node.create_user(new_user("bob")).await.unwrap();
    storage::Upkeep::close(&*node).await;
    let before =
        doc! { "set": { "username": "bob", "username_key": "bob" }, "unset": { "key_clash": "" } };
    let pending = interrupted(&database, &bob.id, Some(before)).await;
    leave(&database, &bob.id, pending).await;

    let other = database.node().await;
    let ears = Ears::on(&other, NOW).await;
    becomes(&database, "users", bob.id.as_str(), |user| {
        !user.unwrap().contains_key("portcullis_pending")
    })
    .await;
    ears.hear(&FeedEntry::Changed(bob.id.clone())).await;
    assert!(other.user(&bob.id).await.unwrap().unwrap() == bob);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_was_interrupted_goes_with_its_sessions() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let bob = node.create_user(new_user("bob")).await.unwrap().id;
    node.open_session(session(&bob, 1), 100, moment())
        .await
        .unwrap();
    storage::Upkeep::close(&*node).await;
    let pending = interrupted(&database, &bob, None).await;
    leave(&database, &bob, pending).await;

    let other = database.node().await;
    let ears = Ears::on(&other, NOW).await;
    ears.hear(&FeedEntry::Closed(bob.clone())).await;
    becomes(&database, "users", bob.as_str(), |user| user.is_none()).await;
    becomes(
        &database,
        "portcullis_sessions",
        &session_id(1).to_string(),
        |session| session.is_none(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_was_interrupted_stays_where_its_name_is_free() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let bob = node.create_user(new_user("bob")).await.unwrap().id;
    storage::Upkeep::close(&*node).await;
    let pending = interrupted(&database, &bob, None).await;
    database
        .collection("portcullis_released")
        .delete_many(doc! {})
        .await
        .unwrap();
    leave(&database, &bob, pending).await;

    let other = database.node().await;
    becomes(&database, "users", bob.as_str(), |user| {
        !user.unwrap().contains_key("portcullis_pending")
    })
    .await;
    let kept = other.user(&bob).await.unwrap().unwrap();
    assert_eq!(kept.username.as_deref(), Some("alice"));
}

/// What is kept can be read by whoever reads the database.
#[tokio::test(flavor = "multi_thread")]
async fn neither_names_nor_accounts_can_be_read_from_what_is_kept() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.delete_user(&alice, moment()).await.unwrap();
    let released = database.collection("portcullis_released");
    let mut count = 0;
    let mut all = released.find(doc! {}).await.unwrap();
    while all.advance().await.unwrap() {
        let kept = format!("{:?}", all.deserialize_current().unwrap());
        assert!(
            !kept.contains("alice") && !kept.contains("example"),
            "{kept}"
        );
        count += 1;
    }
    assert_eq!(count, 2);
    let indexes = released.list_index_names().await.unwrap();
    assert!(
        indexes.contains(&"portcullis_expires".to_owned()),
        "{indexes:?}"
    );
}
