//! Records and the accounts that they go with.

use std::sync::Arc;

use storage::SaveRecordError;

use super::Backend;
use super::fixtures::{at_once, id, moment};
use super::records::{
    Client, Passkey, client, found, ids, insert, passkey, replace, with_accounts,
};

pub async fn the_records_of_a_deleted_account_go_with_it(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    for number in 0..5 {
        let passkey = passkey("alice", &number.to_string());
        insert(&store, &format!("p-{number}"), passkey)
            .await
            .unwrap();
    }
    insert(&store, "p-9", passkey("bob", "b")).await.unwrap();
    insert(&store, "c-1", client("c")).await.unwrap();
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    let left = store.records::<Passkey>().list(None, 100).await.unwrap();
    assert_eq!(ids(&left.records), ["p-9"]);
    assert!(
        store
            .records::<Client>()
            .by_key("c")
            .await
            .unwrap()
            .is_some()
    );
    // What they had is free.
    insert(&store, "p-0", passkey("bob", "0")).await.unwrap();
}

pub async fn nobody_keeps_a_record_for_an_account_that_is_not_there(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    for name in ["alice", "nobody"] {
        let refused = insert(&store, "p-1", passkey(name, "a")).await;
        assert!(matches!(refused, Err(SaveRecordError::OwnerGone)), "{name}");
    }
    assert_eq!(found(&store, "p-1").await, None);
    insert(&store, "p-1", passkey("bob", "a")).await.unwrap();
}

pub async fn of_fifty_inserts_and_a_deletion_of_their_owner_at_once_nothing_is_left(
    backend: &dyn Backend,
) {
    let store = with_accounts(backend).await;
    at_once(51, |number| {
        let store = Arc::clone(&store);
        async move {
            if number == 25 {
                let deleted = store.delete_user(&id("alice"), moment(1)).await;
                assert!(deleted.unwrap());
                return;
            }
            let key = number.to_string();
            match insert(&store, &format!("p-{number}"), passkey("alice", &key)).await {
                Ok(_) | Err(SaveRecordError::OwnerGone) => {}
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
    let left = store.records::<Passkey>().list(None, 100).await.unwrap();
    assert!(left.records.is_empty(), "{left:?}");
}

pub async fn a_record_keeps_its_owner(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    let moved = replace(&store, first.clone().with(|p| p.owner = id("bob"))).await;
    assert!(matches!(moved, Err(SaveRecordError::OwnerChanged)));
    assert_eq!(found(&store, "p-1").await, Some(first));
}
