//! Changing the address, and taking that back.

use account::{
    Actor, AskForAddressError, Confirm, ConfirmError, ConfirmWith, Confirmer, LoginError,
    NewProfile, Refused, UndoAddressError, Verification,
};
use futures_util::future::join_all;

use super::{NEW_PASSWORD, Post, address, registration, token_of};
use crate::process::{HOUR, PASSWORD, QUARTER};

const OLD: &str = "alice@example.org";
const NEW: &str = "alice@example.net";

async fn actor(post: &Post) -> Actor {
    let tokens = post.process.sign_in().await;
    post.process.actor(tokens.access.expose())
}

/// Alice asks for another address: the token of the link that is mailed there.
async fn asked(post: &Post, to: &str) -> String {
    let actor = actor(post).await;
    let asked = post.accounts().ask_for_address(&actor, &address(to)).await;
    asked.unwrap();
    let letter = post.letter(to).await;
    token_of(&letter.link())
}

async fn confirmed(post: &Post, link: &str) -> Result<(), ConfirmError> {
    let by = Confirm::Link(link.into());
    let with = ConfirmWith {
        password: Some(PASSWORD.into()),
        ..ConfirmWith::default()
    };
    post.accounts().confirm(by, with).await.map(drop)
}

/// Changes alice's address: the token of the link by which that is taken back.
async fn changed(post: &Post, from: &str, to: &str) -> String {
    let link = asked(post, to).await;
    confirmed(post, &link).await.unwrap();
    let told = post.letter(from).await;
    assert!(told.text().contains("/email/undo?token="));
    assert!(!told.message.contains(to), "the new address is masked");
    token_of(&told.link())
}

#[tokio::test]
async fn a_new_address_is_in_force_once_it_is_confirmed() {
    let post = Post::with_alice().await;
    let link = asked(&post, NEW).await;
    assert_eq!(post.alice().await.email.as_deref(), Some(OLD));
    confirmed(&post, &link).await.unwrap();
    let alice = post.alice().await;
    assert_eq!(alice.email.as_deref(), Some(NEW));
    assert!(alice.email_verified);
    assert!(confirmed(&post, &link).await.is_err());
}

/// Else whoever has the mailbox would give the account of a stranger their address by a button.
#[tokio::test]
async fn a_link_alone_changes_no_address() {
    let post = Post::with_alice().await;
    let link = asked(&post, NEW).await;
    let alone = post
        .accounts()
        .confirm(Confirm::Link(link.as_str().into()), ConfirmWith::default())
        .await;
    assert!(matches!(alone, Err(ConfirmError::PasswordNeeded)));
    assert_eq!(post.alice().await.email.as_deref(), Some(OLD));
    let confirmer = Confirmer {
        browser: None,
        actor: Some(actor(&post).await),
    };
    let with = ConfirmWith {
        confirmer,
        ..ConfirmWith::default()
    };
    let confirming = post.accounts().confirm(Confirm::Link(link.into()), with);
    confirming.await.unwrap();
    assert_eq!(post.alice().await.email.as_deref(), Some(NEW));
}

#[tokio::test]
async fn a_change_of_the_profile_asks_for_the_address_too() {
    let post = Post::with_alice().await;
    let actor = actor(&post).await;
    let new = NewProfile {
        username: None,
        email: Some(address(NEW)),
    };
    let id = post.id().await;
    let changing = post.accounts().change_profile(&actor, id.as_str(), new);
    assert_eq!(changing.await.unwrap().user.email.as_deref(), Some(OLD));
    let link = token_of(&post.letter(NEW).await.link());
    confirmed(&post, &link).await.unwrap();
    assert_eq!(post.alice().await.email.as_deref(), Some(NEW));
}

#[tokio::test]
async fn it_takes_a_fresh_token() {
    let post = Post::with_alice().await;
    let actor = actor(&post).await;
    post.process.let_pass(HOUR / 4);
    let asking = post.accounts().ask_for_address(&actor, &address(NEW)).await;
    assert!(matches!(
        asking,
        Err(AskForAddressError::Refused(Refused::NotFresh))
    ));
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_to_its_owner_only() {
    let post = Post::with_alice().await;
    let bob = post.accounts().register(registration("bob", NEW));
    bob.await.unwrap();
    let actor = actor(&post).await;
    let asked = post.accounts().ask_for_address(&actor, &address(NEW)).await;
    asked.unwrap();
    let letter = post.letter(NEW).await;
    let subject = letter.header("Subject");
    assert_eq!(
        subject.as_deref(),
        Some("Your e-mail address stays with your account")
    );
    assert!(!letter.message.contains("token="));
}

#[tokio::test]
async fn that_an_address_is_taken_is_told_where_it_is_stored_whatever_was_typed() {
    let post = Post::with_alice().await;
    let kim = post
        .accounts()
        .register(registration("kim", "kim@example.com"));
    kim.await.unwrap();
    let actor = actor(&post).await;
    for typed in ["KIM@example.com", "k\u{131}m@example.com"] {
        let asked = post
            .accounts()
            .ask_for_address(&actor, &address(typed))
            .await;
        asked.unwrap();
        post.letter("kim@example.com").await;
    }
}

#[tokio::test]
async fn whoever_takes_the_address_first_has_it() {
    let post = Post::with_alice().await;
    let link = asked(&post, NEW).await;
    let bob = post.accounts().register(registration("bob", NEW));
    bob.await.unwrap();
    let late = confirmed(&post, &link).await;
    assert!(matches!(late, Err(ConfirmError::InvalidLink)));
    assert_eq!(post.alice().await.email.as_deref(), Some(OLD));
}

#[tokio::test]
async fn a_change_that_is_taken_back_leaves_no_way_in_but_a_mail() {
    let post = Post::with_alice().await;
    let undo = changed(&post, OLD, NEW).await;
    let thief = post.process.sign_in().await;
    assert!(post.accounts().is_good_for_undo(&undo).await.unwrap());
    post.accounts().undo_address(&undo).await.unwrap();

    let alice = post.alice().await;
    assert_eq!(alice.email.as_deref(), Some(OLD));
    assert!(alice.email_verified);
    assert!(!post.process.accepts(thief.access.expose()));
    let known = post.sign_in("alice", PASSWORD).await;
    assert!(matches!(known, Err(LoginError::InvalidCredentials)));

    let letter = post.letter(OLD).await;
    let link = token_of(&letter.link());
    let setting = post.accounts().reset_password(&link, NEW_PASSWORD.into());
    setting.await.unwrap();
    post.sign_in("alice", NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn of_fifty_who_take_it_back_at_once_one_does() {
    let post = Post::with_alice().await;
    let undo = changed(&post, OLD, NEW).await;
    let tries = (0..50).map(|_| post.accounts().undo_address(&undo));
    let done = join_all(tries).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(post.alice().await.generation.0, 1);
}

#[tokio::test]
async fn it_wins_over_later_changes() {
    let post = Post::with_alice().await;
    let undo = changed(&post, OLD, "thief@example.net").await;
    let thief = changed(&post, "thief@example.net", "thief@example.com").await;
    post.accounts().undo_address(&undo).await.unwrap();
    assert_eq!(post.alice().await.email.as_deref(), Some(OLD));
    for link in [&undo, &thief] {
        assert!(!post.accounts().is_good_for_undo(link).await.unwrap());
        let again = post.accounts().undo_address(link).await;
        assert!(matches!(again, Err(UndoAddressError::InvalidLink)));
    }
    assert_eq!(post.alice().await.email.as_deref(), Some(OLD));
}

#[tokio::test]
async fn it_wins_after_a_change_of_the_password_too() {
    let post = Post::with_alice().await;
    let undo = changed(&post, OLD, NEW).await;
    let actor = actor(&post).await;
    let changing =
        post.accounts()
            .change_password(&actor, None, PASSWORD.into(), NEW_PASSWORD.into());
    changing.await.unwrap();
    post.accounts().undo_address(&undo).await.unwrap();
    let thief = post.sign_in("alice", NEW_PASSWORD).await;
    assert!(matches!(thief, Err(LoginError::InvalidCredentials)));
}

#[tokio::test]
async fn it_can_be_taken_back_for_seven_days() {
    let post = Post::with_alice().await;
    let undo = changed(&post, OLD, NEW).await;
    post.process.let_pass(7 * 24 * HOUR);
    assert!(!post.accounts().is_good_for_undo(&undo).await.unwrap());
    let late = post.accounts().undo_address(&undo).await;
    assert!(matches!(late, Err(UndoAddressError::InvalidLink)));
}

#[tokio::test]
async fn an_address_that_nobody_has_proven_is_told_nothing() {
    let post = Post::with(Verification::Off).await;
    post.process.sign_up().await;
    let link = asked(&post, NEW).await;
    confirmed(&post, &link).await.unwrap();
    assert!(post.letters().await.is_empty());
    assert_eq!(post.alice().await.email.as_deref(), Some(NEW));
}

#[tokio::test]
async fn a_link_is_void_once_the_password_has_changed() {
    let post = Post::with_alice().await;
    let link = asked(&post, NEW).await;
    let actor = actor(&post).await;
    let changing =
        post.accounts()
            .change_password(&actor, None, PASSWORD.into(), NEW_PASSWORD.into());
    changing.await.unwrap();
    let late = confirmed(&post, &link).await;
    assert!(matches!(late, Err(ConfirmError::InvalidLink)));
}

/// Alice's session asks for an address that another account takes before it is confirmed.
async fn refused(post: &Post, to: &str) {
    let link = asked(post, to).await;
    let mallory = post.accounts().register(registration("mallory", to));
    mallory.await.unwrap();
    assert!(confirmed(post, &link).await.is_err());
}

#[tokio::test]
async fn a_change_that_was_refused_keeps_no_other_from_being_told() {
    let post = Post::with_alice().await;
    refused(&post, "decoy@example.net").await;
    post.process.let_pass(QUARTER);
    assert!(post.letters().await.is_empty(), "nothing was changed");
    changed(&post, OLD, "thief@example.net").await;
}

#[tokio::test]
async fn an_owner_is_told_of_the_address_that_it_was_changed_to() {
    let post = Post::with_alice().await;
    refused(&post, "decoy@nice.example").await;
    let link = asked(&post, "thief@example.net").await;
    confirmed(&post, &link).await.unwrap();
    let told = post.letter(OLD).await;
    assert!(!told.text().contains("nice.example"), "{}", told.text());
    post.process.let_pass(QUARTER);
    assert!(post.letters().await.is_empty(), "once is enough");
}

#[tokio::test]
async fn the_way_back_in_is_mailed_whatever_strangers_asked_for() {
    let post = Post::with_alice().await;
    for network in 1..=20 {
        for _ in 0..3 {
            let stranger = post.asked_from(&format!("192.0.2.{network}"));
            let asked = stranger.ask_for_reset(&address(OLD), None).await;
            asked.unwrap();
        }
    }
    assert_eq!(post.letters().await.len(), 30);
    let undo = changed(&post, OLD, NEW).await;
    post.accounts().undo_address(&undo).await.unwrap();
    post.letter(OLD).await;
}
