//! What an owner is told of the second factor.

use account::{
    Actor, AnswerError, Bearer, ChallengeAnswer, FactorRequired, LoginError, PresentedFactor,
};
use model::{ClientInfo, Clock as _};

use super::Post;
use crate::factor::LABELS;
use crate::process::{HOUR, PASSWORD};

const ALICE: &str = "alice@example.org";

struct Enrolled {
    post: Post,
    recovery: Vec<String>,
}

fn code(post: &Post, secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    app.generate(post.process.clock.now().as_seconds())
        .to_string()
}

async fn actor(post: &Post) -> Actor {
    let tokens = post.process.sign_in().await;
    post.process.actor(tokens.access.expose())
}

/// Alice enrols, and is told.
async fn enrolled() -> Enrolled {
    let post = Post::with_alice().await;
    let actor = actor(&post).await;
    let begun = post.accounts().begin_enrolment(&actor, LABELS).await;
    let code = code(&post, begun.unwrap().secret.expose());
    let confirmed = post
        .accounts()
        .confirm_enrolment(&actor, &code.as_str().into())
        .await;
    let recovery = confirmed.unwrap().0;
    assert_eq!(subject(&post).await, "A second factor was set up");
    Enrolled {
        post,
        recovery: recovery.iter().map(|code| code.expose().clone()).collect(),
    }
}

async fn subject(post: &Post) -> String {
    let letter = post.letter(ALICE).await;
    letter.header("Subject").unwrap()
}

impl Enrolled {
    async fn challenged(&self) -> FactorRequired {
        match self.post.sign_in("alice", PASSWORD).await {
            Err(LoginError::FactorRequired(required)) => required,
            other => panic!("no challenge: {other:?}"),
        }
    }

    async fn answers(&self, presented: PresentedFactor) -> Result<(), AnswerError> {
        let answer = ChallengeAnswer {
            challenge: self.challenged().await.challenge.expose().into(),
            presented,
            browser: None,
            client: ClientInfo::default(),
            keeps_account: false,
            remember: false,
        };
        let accounts = self.post.accounts();
        accounts.answer_challenge(answer, &Bearer).await.map(drop)
    }
}

#[tokio::test]
async fn an_owner_is_told_once_that_somebody_who_knows_the_password_guesses() {
    let enrolled = enrolled().await;
    for _ in 0..4 {
        let wrong = PresentedFactor::Totp("wrong".into());
        enrolled.answers(wrong).await.unwrap_err();
        assert!(enrolled.post.letters().await.is_empty());
    }
    for _ in 0..3 {
        enrolled
            .answers(PresentedFactor::Totp("wrong".into()))
            .await
            .unwrap_err();
        enrolled.post.process.let_pass(HOUR / 4);
    }
    let letters = enrolled.post.letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    let subject = letters[0].header("Subject").unwrap();
    assert_eq!(subject, "Somebody tried to sign in to your account");
}

#[tokio::test]
async fn an_owner_is_told_when_three_recovery_codes_are_left() {
    let enrolled = enrolled().await;
    for code in &enrolled.recovery[..6] {
        let code = PresentedFactor::RecoveryCode(code.as_str().into());
        enrolled.answers(code).await.unwrap();
    }
    assert!(enrolled.post.letters().await.is_empty(), "four are left");
    let code = PresentedFactor::RecoveryCode(enrolled.recovery[6].as_str().into());
    enrolled.answers(code).await.unwrap();
    let letter = enrolled.post.letter(ALICE).await;
    assert_eq!(
        letter.header("Subject").as_deref(),
        Some("Few recovery codes are left")
    );
    assert!(
        letter.text().contains("3 recovery codes are left"),
        "{}",
        letter.text()
    );
}

#[tokio::test]
async fn an_owner_is_told_that_it_was_removed() {
    let enrolled = enrolled().await;
    let post = &enrolled.post;
    let code = PresentedFactor::RecoveryCode(enrolled.recovery[0].as_str().into());
    let answer = ChallengeAnswer {
        challenge: enrolled.challenged().await.challenge.expose().into(),
        presented: code,
        browser: None,
        client: ClientInfo::default(),
        keeps_account: false,
        remember: false,
    };
    let tokens = post
        .accounts()
        .answer_challenge(answer, &Bearer)
        .await
        .unwrap();
    let actor = post.process.actor(tokens.access.expose());
    post.accounts().remove_own_factor(&actor).await.unwrap();
    assert_eq!(subject(post).await, "Your second factor was removed");
}
