//! How many mails an address gets.

use account::Verification;
use smtp_testing::Fault;

use super::{Post, address};
use crate::process::{HOUR, QUARTER, START};

const ALICE: &str = "alice@example.org";

/// How many mails come when so many are asked for from one network.
async fn asked(post: &Post, count: u32, network: &str) -> usize {
    for _ in 0..count {
        let accounts = post.asked_from(network);
        let asked = accounts.ask_for_reset(&address(ALICE), None).await;
        asked.unwrap();
    }
    post.letters().await.len()
}

#[tokio::test]
async fn three_at_once_and_ten_a_day_for_one_who_asks() {
    let post = Post::with_alice().await;
    let mut sent = 0;
    for _ in 0..8 {
        sent += asked(&post, 5, "192.0.2.1").await;
        assert!(sent <= 10);
        post.process.let_pass(QUARTER);
    }
    assert_eq!(sent, 10);
    post.process.let_pass(24 * HOUR);
    assert_eq!(asked(&post, 5, "192.0.2.1").await, 3);
}

#[tokio::test]
async fn a_stranger_uses_up_nothing_of_the_owners() {
    let post = Post::with_alice().await;
    for _ in 0..4 {
        asked(&post, 5, "192.0.2.1").await;
        post.process.let_pass(QUARTER);
    }
    assert_eq!(asked(&post, 1, "192.0.2.1").await, 0);
    assert_eq!(asked(&post, 1, "198.51.100.1").await, 1);
}

#[tokio::test]
async fn thirty_a_day_over_all_who_ask_but_for_a_known_device() {
    let post = Post::with_alice().await;
    let tokens = post.process.sign_in().await;
    let device = tokens.device.unwrap();
    let mut sent = 0;
    for network in 1..=20 {
        sent += asked(&post, 3, &format!("192.0.2.{network}")).await;
    }
    assert_eq!(sent, 30);
    let accounts = post.asked_from("192.0.2.1");
    let asked = accounts.ask_for_reset(&address(ALICE), Some(&device)).await;
    asked.unwrap();
    assert_eq!(post.letters().await.len(), 1);
}

#[tokio::test]
async fn a_mail_waits_for_a_mail_server_that_is_down() {
    let post = Post::with_alice().await;
    for fault in [
        Fault::HangsUp,
        Fault::Greeting("421 4.3.2 busy"),
        Fault::Recipient("450 4.2.1 later"),
        Fault::Content("554 5.7.1 no"),
    ] {
        post.server.hang_up(); // what is left of the connection before
        post.server.fails_with(fault);
        post.ask_for_reset(ALICE).await;
        assert!(post.letters().await.is_empty());
        post.server.fails_with(Fault::None);
        post.process.let_pass(QUARTER);
        assert_eq!(post.letters().await.len(), 1);
        post.process.let_pass(HOUR);
    }
}

#[tokio::test]
async fn a_letter_whose_answer_was_lost_comes_again_as_the_same() {
    let post = Post::with_alice().await;
    post.server.fails_with(Fault::LosesTheAnswer);
    post.ask_for_reset(ALICE).await;
    let first = post.letter(ALICE).await;
    post.server.fails_with(Fault::None);
    post.process.let_pass(QUARTER);
    let second = post.letter(ALICE).await;
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!(first.link(), second.link());
}

#[tokio::test]
async fn an_address_that_is_refused_for_good_is_not_tried_again() {
    let post = Post::with_alice().await;
    post.server
        .fails_with(Fault::Recipient("550 5.1.1 no such user"));
    post.ask_for_reset(ALICE).await;
    assert!(post.letters().await.is_empty());
    post.server.fails_with(Fault::None);
    post.process.let_pass(HOUR / 2);
    assert!(post.letters().await.is_empty());

    // The operator can see it, until mail arrives there again.
    let operator = post.operator(None);
    let known = async || operator.show("alice").await.unwrap().undeliverable_since;
    assert_eq!(known().await, Some(START));
    post.ask_for_reset(ALICE).await;
    post.letter(ALICE).await;
    assert_eq!(known().await, None);
}

#[tokio::test]
async fn nothing_is_mailed_where_mail_is_off() {
    let post = Post::with(Verification::Off).await;
    assert!(post.accounts().sends_mail());
    let off = crate::process::Process::on(post.storage.clone(), HOUR).await;
    let asking = off.accounts.ask_for_reset(&address(ALICE), None).await;
    assert!(matches!(asking, Err(account::AskForResetError::MailOff(_))));
}

#[tokio::test]
async fn nobody_has_mail_sent_to_any_number_of_strangers() {
    let post = Post::with_alice().await;
    let tokens = post.process.sign_in().await;
    let actor = post.process.actor(tokens.access.expose());
    for number in 0..20 {
        let stranger = address(&format!("stranger{number}@example.net"));
        let asked = post.accounts().ask_for_address(&actor, &stranger).await;
        asked.unwrap();
    }
    assert_eq!(post.letters().await.len(), 10);
}

#[tokio::test]
async fn thirty_a_day_over_all_devices_of_an_account_however_many_there_are() {
    let post = Post::with(Verification::Off).await;
    post.process.sign_up().await;
    let mut sent = 0;
    for _ in 0..15 {
        let device = post.process.sign_in().await.device.unwrap();
        for _ in 0..3 {
            let (accounts, to) = (post.accounts(), address(ALICE));
            let asked = accounts.ask_for_reset(&to, Some(&device));
            asked.await.unwrap();
        }
        sent += post.letters().await.len();
    }
    assert_eq!(sent, 30);
}
