//! Accounts that wait to be deleted, beside nodes of a version that doesn't know that.

use model::{Generation, User, UserId};
use mongodb::bson::{Document, doc};
use storage::{Closing, Closings as _, Storage, Users as _};

use crate::people::{NOW, id, moment, new_user};
use crate::server::{Scratch, scratch};

const ALICE: &str = "alice";

/// An account that waits, in its first generation after the closing.
async fn waiting(database: &Scratch, node: &dyn Storage) -> UserId {
    let alice = node.create_user(new_user(ALICE)).await.unwrap().id;
    let closing = Closing {
        user: alice.clone(),
        at: Generation(0),
        until: NOW,
    };
    let closed = node.close_user(closing, moment()).await.unwrap();
    assert!(closed.is_some());
    let document = database.collection("users");
    let document = document.find_one(doc! { "_id": alice.as_str() }).await;
    let document = document.unwrap().unwrap();
    // What the version before goes by.
    assert!(document.get_bool("disabled").unwrap());
    assert_eq!(document.get_i64("generation").unwrap(), 1);
    alice
}

/// Writes what a node of the version before does.
async fn writes(database: &Scratch, alice: &UserId, set: Document) {
    let users = database.collection("users");
    let change = doc! { "$set": set };
    let done = users
        .update_one(doc! { "_id": alice.as_str() }, change)
        .await;
    assert_eq!(done.unwrap().modified_count, 1);
}

async fn stored(node: &dyn Storage, alice: &UserId) -> User {
    node.user(alice).await.unwrap().unwrap()
}

/// How many documents say of an account that it waits.
async fn marked(database: &Scratch) -> u64 {
    let marked = doc! { "portcullis_closes": { "$exists": true } };
    let users = database.collection("users");
    users.count_documents(marked).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_of_the_version_before_does_to_an_account_that_waits_counts() {
    for (change, is_disabled) in [
        // It enables the account.
        (doc! { "disabled": false }, false),
        // It disables it, or ends its sessions.
        (doc! { "disabled": true, "generation": 2_i64 }, true),
    ] {
        let Some(database) = scratch().await else {
            return;
        };
        let node = database.node().await;
        let alice = waiting(&database, &*node).await;
        assert_eq!(stored(&*node, &alice).await.closes_at, Some(NOW));
        assert!(!stored(&*node, &alice).await.disabled);
        writes(&database, &alice, change).await;

        let user = stored(&*node, &alice).await;
        assert_eq!((user.disabled, user.closes_at), (is_disabled, None));
        let deleting = node.delete_due_user(&alice, user.generation, moment());
        assert!(!deleting.await.unwrap());
        // What says that it waits goes when it would be due.
        assert!(node.due_users(NOW, 10).await.unwrap().is_empty());
        assert_eq!(marked(&database).await, 0);
        assert_eq!(stored(&*node, &alice).await.disabled, is_disabled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_which_it_cannot_be_said_whether_it_waits_is_nobodys() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = waiting(&database, &*node).await;
    for junk in [
        doc! { "portcullis_closes": "soon" },
        doc! { "portcullis_closes": { "at": "soon", "generation": 1_i64 } },
        doc! { "portcullis_closes": { "generation": 1_i64 } },
    ] {
        writes(&database, &alice, junk).await;
        let read = node.user(&alice).await;
        assert!(
            matches!(read, Err(storage::Error::UnreadableAccount { .. })),
            "{read:?}"
        );
    }
    assert!(node.due_users(NOW, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_of_another_application_stands_beside_the_waiting() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = waiting(&database, &*node).await;
    writes(&database, &alice, doc! { "is_active": false }).await;
    let user = stored(&*node, &alice).await;
    assert_eq!((user.disabled, user.closes_at), (true, Some(NOW)));
    let reopened = node.reopen_user(&alice, Generation(1), moment()).await;
    assert_eq!(reopened.unwrap(), None);
    let deleted = node.delete_due_user(&alice, Generation(1), moment()).await;
    assert!(deleted.unwrap());
    assert_eq!(node.user(&id("id-of-alice")).await.unwrap(), None);
}
