//! What an operator does is mailed by whichever server runs.

use secret::Secret;

use super::Post;
use crate::process::OUTBOX_KEY;

const ALICE: &str = "alice@example.org";

const KEY: Option<Secret<[u8; 32]>> = Some(Secret::new(OUTBOX_KEY));

#[tokio::test]
async fn the_owner_of_a_deleted_account_is_told_once_it_is_gone() {
    let post = Post::with_alice().await;
    post.operator(KEY).delete("alice").await.unwrap();
    let letter = post.letter(ALICE).await;
    assert_eq!(
        letter.header("Subject").unwrap(),
        "Your account was deleted"
    );
    assert!(post.letters().await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_not_confirmed_is_told_nothing() {
    let post = Post::with(account::Verification::Off).await;
    post.process.sign_up().await;
    post.operator(KEY).delete("alice").await.unwrap();
    assert!(post.named("alice").await.is_none());
    assert!(post.letters().await.is_empty());
}

#[tokio::test]
async fn without_mail_an_operator_deletes_all_the_same() {
    let post = Post::with_alice().await;
    post.operator(None).delete("alice").await.unwrap();
    assert!(post.named("alice").await.is_none());
    assert!(post.letters().await.is_empty());
}
