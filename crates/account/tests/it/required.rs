//! A second factor that the server requires, beside an operator.

use std::sync::Arc;
use std::time::Duration;

use account::{
    Actor, Bearer, EnrolmentRequired, FactorRules, FirstCode, FirstEnrolment, LoginAttempt,
    LoginError, Tokens,
};
use model::{ClientInfo, Clock as _, Level};
use storage::Storage;
use storage_testing::memory::MemoryStore;

use crate::factor::LABELS;
use crate::operator::operator;
use crate::process::{PASSWORD, Process};

const DAY: Duration = Duration::from_hours(24);

fn rules(required: bool, days: u32) -> FactorRules {
    FactorRules {
        required,
        grace: days * DAY,
        ..FactorRules::default()
    }
}

fn store() -> Arc<dyn Storage> {
    Arc::new(MemoryStore::new())
}

async fn process(storage: &Arc<dyn Storage>, rules: FactorRules) -> Process {
    Process::with_rules(Arc::clone(storage), rules).await
}

async fn sign_in(process: &Process) -> Result<Tokens, LoginError> {
    let attempt = LoginAttempt {
        identifier: "alice".to_owned(),
        password: PASSWORD.into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: None,
        quota: None,
    };
    process.accounts.login(attempt, &Bearer).await
}

async fn asked(process: &Process) -> EnrolmentRequired {
    match sign_in(process).await {
        Err(LoginError::EnrolmentRequired(required)) => required,
        other => panic!("nothing must be enrolled: {other:?}"),
    }
}

/// Enrols an app at a sign-in.
async fn enrols(process: &Process) -> Actor {
    let required = asked(process).await;
    let of = || FirstEnrolment {
        challenge: required.challenge.expose().into(),
        browser: None,
    };
    let accounts = &process.accounts;
    let begun = accounts.begin_first_enrolment(of(), LABELS).await;
    let secret = totp_rs::Secret::try_from_base32(begun.unwrap().secret.expose()).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = app.generate(process.clock.now().as_seconds()).to_string();
    let typed = FirstCode {
        of: of(),
        code: code.into(),
        client: ClientInfo::default(),
    };
    let (tokens, codes) = accounts
        .confirm_first_enrolment(typed, &Bearer)
        .await
        .unwrap();
    assert_eq!(codes.0.len(), 10);
    process.actor(tokens.access.expose())
}

#[tokio::test]
async fn after_an_operator_has_removed_a_factor_there_is_no_grace() {
    let store = store();
    let process = process(&store, rules(true, 7)).await;
    process.sign_up().await;
    let first = sign_in(&process).await.unwrap();
    assert!(first.enrol_by.is_some());
    process.let_pass(DAY);
    let actor = process.sign_in().await;
    let actor = process.actor(actor.access.expose());
    let begun = process.accounts.begin_enrolment(&actor, LABELS).await;
    let secret = totp_rs::Secret::try_from_base32(begun.unwrap().secret.expose()).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = app.generate(process.clock.now().as_seconds()).to_string();
    let code = code.into();
    let confirming = process.accounts.confirm_enrolment(&actor, &code);
    confirming.await.unwrap();

    let operator = operator(Arc::clone(&store), process.clock.clone());
    operator.remove_factor("alice").await.unwrap();
    let actor = enrols(&process).await;
    assert_eq!(actor.authentication.level(), Level::Two);
}

#[tokio::test]
async fn one_who_had_a_factor_before_it_was_required_has_no_grace_after_its_removal() {
    let store = store();
    let strict = process(&store, rules(true, 0)).await;
    strict.sign_up().await;
    enrols(&strict).await;
    let operator = operator(Arc::clone(&store), strict.clock.clone());
    operator.remove_factor("alice").await.unwrap();
    let gentle = process(&store, rules(true, 365)).await;
    asked(&gentle).await;
}

#[tokio::test]
async fn what_was_asked_for_at_once_counts_for_a_grace_that_comes_later() {
    let store = store();
    let strict = process(&store, rules(true, 0)).await;
    strict.sign_up().await;
    asked(&strict).await;
    let gentle = process(&store, rules(true, 2)).await;
    gentle.let_pass(DAY);
    let tokens = sign_in(&gentle).await.unwrap();
    let until = gentle.clock.now().plus(DAY);
    assert_eq!(tokens.enrol_by, Some(until));
    gentle.let_pass(DAY);
    asked(&gentle).await;
    let optional = process(&store, rules(false, 0)).await;
    assert_eq!(sign_in(&optional).await.unwrap().enrol_by, None);
}

/// A clock that was far ahead when the account was first asked gives it no more time.
#[tokio::test]
async fn a_time_that_is_yet_to_come_is_no_grace() {
    let store = store();
    let ahead = process(&store, rules(true, 7)).await;
    ahead.sign_up().await;
    ahead.let_pass(365 * DAY);
    assert!(sign_in(&ahead).await.unwrap().enrol_by.is_some());
    let right = process(&store, rules(true, 7)).await;
    asked(&right).await;
}

/// Of two processes that meet an account for the first time one notes the time, and the other goes by that.
#[tokio::test]
async fn two_first_sign_ins_begin_one_grace() {
    let store = store();
    let (first, second) = (
        process(&store, rules(true, 7)).await,
        process(&store, rules(true, 7)).await,
    );
    first.sign_up().await;
    let both = futures_util::future::join(sign_in(&first), sign_in(&second)).await;
    let until = both.0.unwrap().enrol_by;
    assert!(until.is_some());
    assert_eq!(both.1.unwrap().enrol_by, until);
    assert_eq!(sign_in(&first).await.unwrap().enrol_by, until);
}
