//! Confirming an address, and a sign-up.

use account::{
    Actor, Confirm, ConfirmError, ConfirmWith, Confirmable, Confirmer, Confirming, LoginError,
    SignUpBrowser, Verification,
};
use futures_util::future::join_all;
use model::Username;

use super::{NEW_PASSWORD, Post, address, registration, token_of};
use crate::process::{HOUR, PASSWORD};

const BOB: &str = "bob@example.org";

fn by_code(to: &str, code: &str) -> Confirm {
    Confirm::Code {
        address: address(to),
        code: code.into(),
    }
}

fn with_password(password: &str) -> ConfirmWith {
    ConfirmWith {
        password: Some(password.into()),
        ..ConfirmWith::default()
    }
}

fn in_browser(browser: SignUpBrowser) -> ConfirmWith {
    let confirmer = Confirmer {
        browser: Some(browser),
        actor: None,
    };
    ConfirmWith {
        confirmer,
        ..ConfirmWith::default()
    }
}

fn signed_in(actor: Actor) -> ConfirmWith {
    let confirmer = Confirmer {
        browser: None,
        actor: Some(actor),
    };
    ConfirmWith {
        confirmer,
        ..ConfirmWith::default()
    }
}

async fn actor(post: &Post, name: &str) -> Actor {
    let tokens = post.sign_in(name, PASSWORD).await.unwrap();
    post.process.actor(tokens.access.expose())
}

/// Bob signs up where addresses are confirmed if their owners like.
async fn optional() -> Post {
    let post = Post::with(Verification::Optional).await;
    post.accounts()
        .register(registration("bob", BOB))
        .await
        .unwrap();
    post
}

async fn confirm(post: &Post, by: Confirm) -> Result<Confirmable, ConfirmError> {
    post.accounts().confirm(by, with_password(PASSWORD)).await
}

#[tokio::test]
async fn whoever_signs_up_is_mailed_a_link_that_confirms() {
    let post = optional().await;
    assert!(!post.named("bob").await.unwrap().email_verified);
    let letter = post.letter(BOB).await;
    let link = token_of(&letter.link());
    assert_eq!(look(&post, &link, Confirmer::default()).await, Some(true));
    let bob = signed_in(actor(&post, "bob").await).confirmer;
    assert_eq!(look(&post, &link, bob).await, Some(false));
    assert!(
        !post.named("bob").await.unwrap().email_verified,
        "a look changes nothing"
    );
    let confirmed = confirm(&post, Confirm::Link(link.as_str().into())).await;
    assert_eq!(confirmed.unwrap(), Confirmable::Address);
    assert!(post.named("bob").await.unwrap().email_verified);
    let again = confirm(&post, Confirm::Link(link.as_str().into())).await;
    assert!(matches!(again, Err(ConfirmError::InvalidLink)));
}

/// Whether a link that confirms an address takes the password; nothing when it is not good.
async fn look(post: &Post, link: &str, confirmer: Confirmer) -> Option<bool> {
    let what = post.accounts().what_is_confirmed_by(link, &confirmer).await;
    what.unwrap().map(|found| {
        let Confirming {
            what,
            needs_password,
        } = found;
        assert_eq!(what, Confirmable::Address);
        needs_password
    })
}

/// Else whoever has the mailbox would confirm the account of a stranger by a button.
#[tokio::test]
async fn a_link_alone_confirms_no_address() {
    let post = optional().await;
    let letter = post.letter(BOB).await;
    post.accounts()
        .register(registration("carol", "carol@example.org"))
        .await
        .unwrap();
    let ended = actor(&post, "bob").await;
    post.accounts().logout(&ended).await.unwrap();
    let carol = actor(&post, "carol").await;
    for by in [
        Confirm::Link(token_of(&letter.link()).into()),
        by_code(BOB, &letter.code()),
    ] {
        for with in [
            ConfirmWith::default(),
            signed_in(carol.clone()),
            signed_in(ended.clone()),
        ] {
            let alone = post.accounts().confirm(by.clone(), with).await;
            assert!(matches!(alone, Err(ConfirmError::PasswordNeeded)));
        }
    }
    let by = Confirm::Link(token_of(&letter.link()).into());
    let wrong = post
        .accounts()
        .confirm(by.clone(), with_password(NEW_PASSWORD))
        .await;
    assert!(matches!(wrong, Err(ConfirmError::WrongPassword)));
    assert!(!post.named("bob").await.unwrap().email_verified);
    let bob = actor(&post, "bob").await;
    let confirmed = post.accounts().confirm(by, signed_in(bob)).await;
    assert_eq!(confirmed.unwrap(), Confirmable::Address);
    assert!(post.named("bob").await.unwrap().email_verified);
}

#[tokio::test]
async fn a_code_confirms_and_spends_the_link() {
    let post = optional().await;
    let letter = post.letter(BOB).await;
    let confirmed = confirm(&post, by_code("BOB@example.org", &letter.code())).await;
    assert_eq!(confirmed.unwrap(), Confirmable::Address);
    let link = token_of(&letter.link());
    let again = confirm(&post, Confirm::Link(link.into())).await;
    assert!(matches!(again, Err(ConfirmError::InvalidLink)));
}

#[tokio::test]
async fn a_code_is_of_no_use_for_another_address() {
    let post = optional().await;
    let code = post.letter(BOB).await.code();
    let other = confirm(&post, by_code("carol@example.org", &code)).await;
    assert!(matches!(other, Err(ConfirmError::InvalidLink)));
}

#[tokio::test]
async fn there_are_five_tries_at_the_codes_of_an_address_a_day() {
    let post = optional().await;
    let code = post.letter(BOB).await.code();
    let wrong = if code == "00000000" {
        "11111111"
    } else {
        "00000000"
    };
    let tries = join_all((0..50).map(|_| confirm(&post, by_code(BOB, wrong)))).await;
    let compared = tries
        .iter()
        .filter(|tried| matches!(tried, Err(ConfirmError::InvalidLink)));
    assert_eq!(compared.count(), 5);
    let right = confirm(&post, by_code(BOB, &code)).await;
    let waits = |tried: Result<_, ConfirmError>| match tried {
        Err(ConfirmError::TooManyAttempts { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    };
    assert_eq!(waits(right), 24 * HOUR);
    post.process.let_pass(23 * HOUR);
    assert_eq!(waits(confirm(&post, by_code(BOB, &code)).await), HOUR);
    assert!(!post.named("bob").await.unwrap().email_verified);
}

#[tokio::test]
async fn the_newest_three_links_stay_good() {
    let post = optional().await;
    let mut links = vec![token_of(&post.letter(BOB).await.link())];
    for _ in 0..2 {
        let asked = post
            .accounts()
            .ask_for_confirmation(&address(BOB), None, None)
            .await;
        asked.unwrap();
        links.push(token_of(&post.letter(BOB).await.link()));
    }
    for link in &links {
        assert!(look(&post, link, Confirmer::default()).await.is_some());
    }
}

#[tokio::test]
async fn of_fifty_uses_of_a_link_at_once_one_confirms() {
    let post = optional().await;
    let link = token_of(&post.letter(BOB).await.link());
    let bob = actor(&post, "bob").await;
    let uses = (0..50).map(|_| {
        let by = Confirm::Link(link.as_str().into());
        post.accounts().confirm(by, signed_in(bob.clone()))
    });
    let done = join_all(uses).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_link_confirms_nothing_once_the_address_is_another() {
    let post = optional().await;
    let link = token_of(&post.letter(BOB).await.link());
    let bob = post.named("bob").await.unwrap();
    let change = storage::ProfileChange {
        username: None,
        email: Some(address("victim@example.org")),
    };
    let changed = post.storage.change_profile(&bob.id, change, post.moment());
    changed.await.unwrap();
    let late = confirm(&post, Confirm::Link(link.into())).await;
    assert!(matches!(late, Err(ConfirmError::InvalidLink)));
    assert!(!post.named("bob").await.unwrap().email_verified);
}

#[tokio::test]
async fn nobody_is_asked_who_has_confirmed_or_has_no_account() {
    let post = Post::with_alice().await;
    for to in ["alice@example.org", "nobody@example.org"] {
        let asked = post
            .accounts()
            .ask_for_confirmation(&address(to), None, None)
            .await;
        asked.unwrap();
    }
    assert!(post.letters().await.is_empty());
}

/// Bob asks for an account where the address must be confirmed first: what his browser keeps, and the link.
async fn required(post: &Post, name: &str, email: &str) -> (account::SignUpBrowser, String) {
    let asking = post.accounts().ask_for_account(registration(name, email));
    let browser = asking.await.unwrap();
    let letter = post.letter(email).await;
    (browser, token_of(&letter.link()))
}

#[tokio::test]
async fn there_is_no_account_before_the_address_is_confirmed() {
    let post = Post::with(Verification::Required).await;
    let (browser, link) = required(&post, "bob", BOB).await;
    assert!(post.named("bob").await.is_none());
    let early = post.sign_in("bob", PASSWORD).await;
    assert!(matches!(early, Err(LoginError::InvalidCredentials)));

    let with = in_browser(browser);
    let confirmed = post.accounts().confirm(Confirm::Link(link.into()), with);
    confirmed.await.unwrap();
    assert!(post.named("bob").await.unwrap().email_verified);
    post.sign_in("bob", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_browser_that_signed_up_has_the_mail_sent_once_more() {
    let post = Post::with(Verification::Required).await;
    let (browser, first) = required(&post, "bob", BOB).await;
    let (other, _) = required(&post, "carol", "carol@example.org").await;
    let ask = async |to: &str, browser: Option<&SignUpBrowser>| {
        let to = address(to);
        let asking = post.accounts().ask_for_confirmation(&to, None, browser);
        asking.await.unwrap();
        post.letters().await
    };
    assert!(ask(BOB, None).await.is_empty(), "a stranger");
    assert!(ask(BOB, Some(&other)).await.is_empty(), "another sign-up");
    assert!(ask("bob@example.net", Some(&browser)).await.is_empty());
    let again = ask(BOB, Some(&browser)).await;
    let [letter] = &*again else {
        panic!("{again:?}")
    };
    let second = token_of(&letter.link());
    let by = Confirm::Link(second.into());
    let confirmed = post.accounts().confirm(by, in_browser(browser.clone()));
    confirmed.await.unwrap();
    let by = Confirm::Link(first.into());
    let once = post.accounts().confirm(by, in_browser(browser.clone()));
    assert!(matches!(once.await, Err(ConfirmError::InvalidLink)));
    assert!(ask(BOB, Some(&browser)).await.is_empty(), "it is confirmed");
}

#[tokio::test]
async fn another_browser_needs_the_password_that_was_chosen() {
    let post = Post::with(Verification::Required).await;
    let (_, link) = required(&post, "bob", BOB).await;
    let by = || Confirm::Link(link.as_str().into());
    let (other, _) = required(&post, "carol", "carol@example.org").await;
    let without = post.accounts().confirm(by(), ConfirmWith::default()).await;
    assert!(matches!(without, Err(ConfirmError::PasswordNeeded)));
    let with = in_browser(other);
    let without = post.accounts().confirm(by(), with).await;
    assert!(matches!(without, Err(ConfirmError::PasswordNeeded)));
    let wrong = post
        .accounts()
        .confirm(by(), with_password(NEW_PASSWORD))
        .await;
    assert!(matches!(wrong, Err(ConfirmError::WrongPassword)));
    assert!(post.named("bob").await.is_none());
    let right = post.accounts().confirm(by(), with_password(PASSWORD)).await;
    right.unwrap();
    post.sign_in("bob", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn whoever_holds_the_link_has_five_guesses_at_the_password() {
    let post = Post::with(Verification::Required).await;
    let (_, link) = required(&post, "bob", BOB).await;
    for _ in 0..5 {
        let by = Confirm::Link(link.as_str().into());
        let wrong = post.accounts().confirm(by, with_password("wrong")).await;
        assert!(matches!(wrong, Err(ConfirmError::WrongPassword)));
    }
    let by = Confirm::Link(link.as_str().into());
    let waits = post.accounts().confirm(by, with_password(PASSWORD)).await;
    assert!(matches!(waits, Err(ConfirmError::TooManyAttempts { .. })));
}

#[tokio::test]
async fn guesses_by_a_link_are_counted_and_use_up_none_of_the_owners() {
    let post = optional().await;
    let link = token_of(&post.letter(BOB).await.link());
    for _ in 0..5 {
        let by = Confirm::Link(link.as_str().into());
        let wrong = post.accounts().confirm(by, with_password("wrong")).await;
        assert!(matches!(wrong, Err(ConfirmError::WrongPassword)));
    }
    let waits = confirm(&post, Confirm::Link(link.as_str().into())).await;
    assert!(matches!(waits, Err(ConfirmError::TooManyAttempts { .. })));
    let bob = signed_in(actor(&post, "bob").await);
    let by = Confirm::Link(link.into());
    post.accounts().confirm(by, bob).await.unwrap();
}

#[tokio::test]
async fn a_sign_up_with_the_address_of_an_account_is_told_to_its_owner_only() {
    let post = Post::with(Verification::Required).await;
    let (browser, link) = required(&post, "bob", BOB).await;
    let with = in_browser(browser);
    let confirmed = post.accounts().confirm(Confirm::Link(link.into()), with);
    confirmed.await.unwrap();

    let asking = post
        .accounts()
        .ask_for_account(registration("mallory", BOB));
    asking.await.unwrap();
    let letter = post.letter(BOB).await;
    let subject = letter.header("Subject");
    assert_eq!(subject.as_deref(), Some("You already have an account"));
    assert!(!letter.message.contains("mallory"));
}

#[tokio::test]
async fn no_strangers_name_stands_in_a_mail() {
    let post = Post::with(Verification::Required).await;
    let asking = post
        .accounts()
        .ask_for_account(registration("win-money", "victim@example.org"));
    asking.await.unwrap();
    let letter = post.letter("victim@example.org").await;
    assert!(!letter.message.contains("win-money"));
}

#[tokio::test]
async fn a_sign_up_reserves_nothing_and_takes_another_name_when_it_must() {
    let post = Post::with(Verification::Required).await;
    let (_, first) = required(&post, "bob", BOB).await;
    let (_, second) = required(&post, "bob", "robert@example.org").await;
    let by = |link: &str| Confirm::Link(link.into());
    let confirmed = post
        .accounts()
        .confirm(by(&second), with_password(PASSWORD));
    confirmed.await.unwrap();
    let taken = post
        .accounts()
        .confirm(by(&first), with_password(PASSWORD))
        .await;
    assert!(matches!(taken, Err(ConfirmError::UsernameTaken)));
    let with = ConfirmWith {
        username: Some(Username::parse("bobby").unwrap()),
        ..with_password(PASSWORD)
    };
    let confirmed = post.accounts().confirm(by(&first), with).await;
    confirmed.unwrap();
    assert_eq!(
        post.named("bobby").await.unwrap().email.as_deref(),
        Some(BOB)
    );
}

#[tokio::test]
async fn of_fifty_uses_of_a_sign_up_at_once_one_makes_the_account() {
    let post = Post::with(Verification::Required).await;
    let (browser, link) = required(&post, "bob", BOB).await;
    let uses = (0..50).map(|number| {
        let with = ConfirmWith {
            username: Some(Username::parse(&format!("bob{number}")).unwrap()),
            password: Some(PASSWORD.into()),
            ..in_browser(browser.clone())
        };
        let by = Confirm::Link(link.as_str().into());
        post.accounts().confirm(by, with)
    });
    let done = join_all(uses).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let others = done.iter().filter_map(|done| done.as_ref().err());
    for error in others {
        let refused = matches!(
            error,
            ConfirmError::InvalidLink | ConfirmError::TooManyAttempts { .. }
        );
        assert!(refused, "{error:?}");
    }
}

#[tokio::test]
async fn an_account_with_an_unproven_address_waits_for_it_to_be_confirmed() {
    let post = Post::with(Verification::Required).await;
    post.made_before("alice").await;
    let right = post.sign_in("alice", PASSWORD).await;
    assert!(matches!(right, Err(LoginError::EmailUnverified)));
    let wrong = post.sign_in("alice", NEW_PASSWORD).await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    let alice = address("alice@example.org");
    let asked = post
        .accounts()
        .ask_for_confirmation(&alice, None, None)
        .await;
    asked.unwrap();
    let letter = post.letter("alice@example.org").await;
    let link = token_of(&letter.link());
    confirm(&post, Confirm::Link(link.into())).await.unwrap();
    post.sign_in("alice", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_link_is_good_for_a_day() {
    let post = Post::with(Verification::Required).await;
    let (browser, link) = required(&post, "bob", BOB).await;
    post.process.let_pass(24 * HOUR);
    let with = in_browser(browser);
    let late = post
        .accounts()
        .confirm(Confirm::Link(link.into()), with)
        .await;
    assert!(matches!(late, Err(ConfirmError::InvalidLink)));
}

#[tokio::test]
async fn nobody_makes_an_account_beside_that() {
    let post = Post::with(Verification::Required).await;
    let beside = post.accounts().register(registration("bob", BOB)).await;
    assert!(matches!(beside, Err(account::RegisterError::Closed)));
}
