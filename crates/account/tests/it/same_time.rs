//! The time of a failed sign-in, while hashes of several kinds are in the store.
#![expect(
    clippy::disallowed_methods,
    reason = "what takes how long is what this is about; only lower bounds are asserted"
)]

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use account::{Bearer, LoginAttempt, LoginError};
use model::{ClientInfo, EmailAddress, SystemRng, UserId, Username};
use password::{Kind, PasswordHash, Principal, Purpose, decoy};
use storage::{NewUser, Users as _};
use storage_testing::memory::MemoryStore;

use crate::process::{Process, QUARTER, START};

/// A hash that takes some 200 milliseconds, far longer than those of new accounts here: nobody waits so long by chance.
fn old() -> PasswordHash {
    let kind: Kind = "scrypt:131072:8:1".parse().unwrap();
    decoy(&kind)
}

async fn process_with(hashes: &[(&str, PasswordHash)]) -> Process {
    let store = Arc::new(MemoryStore::new());
    for (name, hash) in hashes {
        let new = NewUser {
            id: UserId::new(START, &SystemRng),
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
            email_verified: false,
            hash: hash.clone(),
            now: START,
        };
        store.create_user(new).await.unwrap();
    }
    let process = Process::on(store, QUARTER).await;
    process.sign_up().await; // alice, with a hash of today
    process
}

async fn failed(process: &Process, name: &str) -> Duration {
    let attempt = LoginAttempt {
        identifier: name.to_owned(),
        password: "not the password".into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: None,
        quota: None,
    };
    let start = Instant::now();
    let refused = process.accounts.login(attempt, &Bearer).await;
    assert!(matches!(refused, Err(LoginError::InvalidCredentials)));
    start.elapsed()
}

/// The least that checking a hash takes.
async fn cost(process: &Process, hash: &PasswordHash) -> Duration {
    let permit = process
        .hasher
        .admit(Purpose::Other, Principal::User(String::new()))
        .unwrap();
    let mut least = Duration::MAX;
    for _ in 0..5 {
        let (_, took) = permit.verify_timed("".into(), hash.clone()).await.unwrap();
        least = least.min(took);
    }
    least
}

#[tokio::test]
async fn while_an_old_kind_remains_no_failure_is_answered_before_the_dearest_could_be() {
    let process = process_with(&[("olga", old())]).await;
    let cost = cost(&process, &old()).await;
    for name in [
        "olga",
        "alice",
        "alice@example.org",
        "nobody",
        "nobody@example.org",
    ] {
        let took = failed(&process, name).await;
        // It was measured at the start, when the machine may have been less busy.
        assert!(
            took >= cost / 4,
            "{name}: {took:?}, the dearest takes {cost:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_sign_in_waits_without_a_place_in_the_pool() {
    let process = process_with(&[("olga", old())]).await;
    let pool_is_free = async || {
        while process.hasher.taken() > 0 {
            tokio::task::yield_now().await;
        }
    };
    pool_is_free().await; // what was hashed before has ended
    let mut failing = pin!(failed(&process, "alice"));
    tokio::select! {
        biased;
        took = &mut failing => panic!("answered after {took:?}"),
        () = pool_is_free() => {} // the first look at it comes when the sign-in has its permit
    }
    failing.await;
}
