//! Which keys the nodes of a database have.

use storage_mongodb::{KeyPrint, OpenError};

use crate::server::scratch;

pub(crate) fn key(present: &str, previous: &[&str]) -> Vec<KeyPrint> {
    vec![KeyPrint {
        name: "JWT_SECRET_KEY",
        purpose: "signing",
        present: present.to_owned(),
        previous: previous.iter().map(|text| (*text).to_owned()).collect(),
    }]
}

fn assert_other(answer: &Result<(), OpenError>) {
    let Err(OpenError::OtherKey(name)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(*name, "JWT_SECRET_KEY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_way_to_one_that_knows_it_and_to_no_other() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    node.agree_on_keys(&key("old", &[])).await.unwrap();
    node.agree_on_keys(&key("old", &[])).await.unwrap();
    assert_other(&node.agree_on_keys(&key("new", &[])).await);
    node.agree_on_keys(&key("new", &["old"])).await.unwrap();
    assert_other(&node.agree_on_keys(&key("old", &[])).await);
    // Another setting for the same purpose is another key.
    let mut other = key("pair", &[]);
    other[0].name = "JWT_PRIVATE_KEY";
    let refused = node.agree_on_keys(&other).await;
    assert!(matches!(
        refused,
        Err(OpenError::OtherKey("JWT_PRIVATE_KEY"))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_is_replaced_by_one_that_does_not_know_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    node.agree_on_keys(&key("leaked", &[])).await.unwrap();
    node.replace_keys(&key("new", &[])).await.unwrap();
    node.agree_on_keys(&key("new", &[])).await.unwrap();
    assert_other(&node.agree_on_keys(&key("leaked", &[])).await);
}
