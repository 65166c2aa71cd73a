//! What an operator does is mailed by whichever server runs.

use account::operator::{Invitation, InviteError, LinkError, ResetLinkError};
use account::{NewPassword, Verification};
use model::Username;
use secret::Secret;

use super::{NEW_PASSWORD, Post, address, token_of};
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
    let post = Post::with(Verification::Off).await;
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

fn bob() -> Invitation {
    Invitation {
        username: Username::parse("bob").unwrap(),
        email: address("bob@example.org"),
        is_verified: false,
    }
}

#[tokio::test]
async fn an_invitation_that_was_mailed_proves_the_address_and_names_nobody() {
    let post = Post::with(Verification::Required).await;
    let invited = post.operator(KEY).invite_by_mail(bob()).await.unwrap();
    assert!(invited.user.is_invited && !invited.user.email_verified);
    let letter = post.letter("bob@example.org").await;
    let subject = letter.header("Subject");
    assert_eq!(subject.unwrap(), "Your account at accounts.example.org");
    assert!(!letter.text().replace("bob@example.org", "").contains("bob"));
    let link = token_of(&letter.link());
    let what = post.accounts().what_is_set_by(&link).await.unwrap();
    assert_eq!(what, Some(NewPassword::First));
    let setting = post.accounts().reset_password(&link, NEW_PASSWORD.into());
    setting.await.unwrap();
    let bob = post.named("bob").await.unwrap();
    assert!(bob.email_verified && !bob.is_invited);
    post.sign_in("bob", NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_operator_mails_a_link_to_a_new_password_as_often_as_it_takes() {
    let post = Post::with_alice().await;
    for _ in 0..2 {
        post.operator(KEY).mail_reset_link("alice").await.unwrap();
        let letter = post.letter(ALICE).await;
        let subject = letter.header("Subject");
        assert_eq!(subject.unwrap(), "Choose a new password");
        post.process.let_pass(std::time::Duration::from_secs(1));
    }
    post.operator(KEY).invite(bob()).await.unwrap();
    post.operator(KEY).mail_reset_link("bob").await.unwrap();
    let letter = post.letter("bob@example.org").await;
    let subject = letter.header("Subject");
    assert_eq!(subject.unwrap(), "Your account at accounts.example.org");
}

#[tokio::test]
async fn where_mail_is_off_nobody_is_invited_by_mail() {
    let post = Post::with_alice().await;
    let refused = post.operator(None).invite_by_mail(bob()).await;
    assert!(matches!(
        refused,
        Err(InviteError::Link(LinkError::MailOff(_)))
    ));
    assert!(post.named("bob").await.is_none(), "nothing was made");
    let refused = post.operator(None).mail_reset_link("alice").await;
    assert!(matches!(
        refused,
        Err(ResetLinkError::Link(LinkError::MailOff(_)))
    ));
}
