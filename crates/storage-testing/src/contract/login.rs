//! Who is meant by what was typed.

use std::sync::Arc;

use storage::{LoginName, Storage};

use super::Backend;
use super::fixtures::{account, id, typed};

pub async fn the_exact_name_comes_before_its_key_and_the_address(backend: &dyn Backend) {
    let store = three(backend).await;
    let name = typed("alice", Some("bob"), Some("carol"));
    assert_eq!(meant(&store, &name).await, Some("alice"));
}

pub async fn the_key_of_the_name_comes_before_the_address(backend: &dyn Backend) {
    let store = three(backend).await;
    let name = typed("nobody", Some("bob"), Some("carol"));
    assert_eq!(meant(&store, &name).await, Some("bob"));
}

pub async fn the_address_comes_last(backend: &dyn Backend) {
    let store = three(backend).await;
    let name = typed("nobody", Some("nobody"), Some("carol"));
    assert_eq!(meant(&store, &name).await, Some("carol"));
    assert_eq!(
        meant(&store, &typed("nobody", None, Some("carol"))).await,
        Some("carol")
    );
}

pub async fn nothing_that_was_typed_is_nobody(backend: &dyn Backend) {
    let store = three(backend).await;
    assert_eq!(
        meant(&store, &typed("nobody", Some("nobody"), Some("nobody"))).await,
        None
    );
    assert_eq!(
        meant(&store, &typed("alice@example.org", None, None)).await,
        None
    );
    assert_eq!(meant(&store, &LoginName::default()).await, None);
}

async fn three(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    for name in ["carol", "bob", "alice"] {
        account(&store, name).await;
    }
    store
}

async fn meant(store: &Arc<dyn Storage>, name: &LoginName) -> Option<&'static str> {
    let found = store.credentials_by_login(name).await.unwrap()?;
    ["alice", "bob", "carol"]
        .into_iter()
        .find(|name| found.user.id == id(name))
}
