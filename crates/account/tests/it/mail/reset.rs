//! A forgotten password.

use account::{LoginError, ResetError};
use futures_util::future::join_all;

use super::{NEW_PASSWORD, Post, token_of};
use crate::process::{HOUR, PASSWORD};

const ALICE: &str = "alice@example.org";

async fn link(post: &Post) -> String {
    post.ask_for_reset(ALICE).await;
    let letter = post.letter(ALICE).await;
    let link = letter.link();
    assert!(link.starts_with("https://accounts.example.org/reset?token=pcr_"));
    token_of(&link)
}

#[tokio::test]
async fn a_mailed_link_sets_a_new_password() {
    let post = Post::with_alice().await;
    let before = post.process.sign_in().await;
    let link = link(&post).await;
    assert!(
        post.accounts()
            .what_is_set_by(&link)
            .await
            .unwrap()
            .is_some()
    );
    post.accounts()
        .reset_password(&link, NEW_PASSWORD.into())
        .await
        .unwrap();

    assert!(!post.process.accepts(before.access.expose()));
    let old = post.sign_in("alice", PASSWORD).await;
    assert!(matches!(old, Err(LoginError::InvalidCredentials)));
    post.sign_in("alice", NEW_PASSWORD).await.unwrap();
    let told = post.letter(ALICE).await;
    let subject = told.header("Subject");
    assert_eq!(subject.as_deref(), Some("Your password was changed"));
}

#[tokio::test]
async fn whoever_has_no_account_is_sent_nothing() {
    let post = Post::with_alice().await;
    post.ask_for_reset("nobody@example.org").await;
    assert!(post.letters().await.is_empty());
}

#[tokio::test]
async fn the_mail_goes_to_the_address_as_it_is_stored() {
    let post = Post::with_alice().await;
    post.ask_for_reset("ALICE@EXAMPLE.org").await;
    post.letter(ALICE).await;
}

#[tokio::test]
async fn of_fifty_uses_of_a_link_at_once_one_sets_the_password() {
    let post = Post::with_alice().await;
    let link = link(&post).await;
    let uses = (0..50).map(|number| {
        let new = format!("{NEW_PASSWORD}{number}");
        post.accounts().reset_password(&link, new.into())
    });
    let done = join_all(uses).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let others = done.iter().filter_map(|done| done.as_ref().err());
    for error in others {
        assert!(
            matches!(error, ResetError::InvalidLink | ResetError::Busy(_)),
            "{error:?}"
        );
    }
    assert_eq!(post.alice().await.generation.0, 1);
}

#[tokio::test]
async fn a_link_is_good_for_an_hour() {
    let post = Post::with_alice().await;
    let link = link(&post).await;
    post.process.let_pass(HOUR);
    assert!(
        post.accounts()
            .what_is_set_by(&link)
            .await
            .unwrap()
            .is_none()
    );
    let late = post
        .accounts()
        .reset_password(&link, NEW_PASSWORD.into())
        .await;
    assert!(matches!(late, Err(ResetError::InvalidLink)));
}

#[tokio::test]
async fn a_link_is_void_once_the_password_has_changed() {
    let post = Post::with_alice().await;
    let (first, second) = (link(&post).await, link(&post).await);
    let reset = post.accounts().reset_password(&second, NEW_PASSWORD.into());
    reset.await.unwrap();
    let again = post
        .accounts()
        .reset_password(&first, PASSWORD.into())
        .await;
    assert!(matches!(again, Err(ResetError::InvalidLink)));
}

#[tokio::test]
async fn a_weak_password_spends_no_link() {
    let post = Post::with_alice().await;
    let link = link(&post).await;
    let weak = post.accounts().reset_password(&link, "password".into());
    assert!(matches!(weak.await, Err(ResetError::Password(_))));
    let good = post.accounts().reset_password(&link, NEW_PASSWORD.into());
    good.await.unwrap();
}

#[tokio::test]
async fn a_reset_forgets_the_guesses_that_went_before() {
    let post = Post::with_alice().await;
    for _ in 0..5 {
        let wrong = post.sign_in("alice", "wrong").await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    }
    let waits = post.sign_in("alice", PASSWORD).await;
    assert!(matches!(waits, Err(LoginError::TooManyAttempts { .. })));
    let link = link(&post).await;
    let reset = post.accounts().reset_password(&link, NEW_PASSWORD.into());
    reset.await.unwrap();
    post.sign_in("alice", NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_reset_proves_the_address() {
    let post = Post::with(account::Verification::Off).await;
    post.process.sign_up().await;
    assert!(!post.alice().await.email_verified);
    let link = link(&post).await;
    let reset = post.accounts().reset_password(&link, NEW_PASSWORD.into());
    reset.await.unwrap();
    assert!(post.alice().await.email_verified);
}

#[tokio::test]
async fn anything_else_is_no_link() {
    let post = Post::with_alice().await;
    let link = link(&post).await;
    let other_kind = link.replace("pcr_", "pcc_");
    let altered = format!("{}A", &link[..link.len() - 1]);
    for bad in ["", "pcr_", "x", &other_kind, &altered] {
        if bad == link {
            continue;
        }
        assert!(post.accounts().what_is_set_by(bad).await.unwrap().is_none());
        let reset = post.accounts().reset_password(bad, NEW_PASSWORD.into());
        assert!(matches!(reset.await, Err(ResetError::InvalidLink)), "{bad}");
    }
}

#[tokio::test]
async fn an_owner_is_told_of_a_change_and_not_of_one_that_was_refused() {
    let post = Post::with_alice().await;
    let tokens = post.process.sign_in().await;
    let actor = post.process.actor(tokens.access.expose());
    let wrong = post
        .accounts()
        .change_password(&actor, None, "wrong".into(), NEW_PASSWORD.into());
    assert!(wrong.await.is_err());
    post.process.let_pass(HOUR / 2);
    assert!(post.letters().await.is_empty());

    let tokens = post.process.sign_in().await;
    let actor = post.process.actor(tokens.access.expose());
    let changed =
        post.accounts()
            .change_password(&actor, None, PASSWORD.into(), NEW_PASSWORD.into());
    changed.await.unwrap();
    let told = post.letter(ALICE).await;
    assert!(told.text().contains("alice"), "{}", told.text());
}
