//! What an operator does beside a process that serves the same accounts.

use std::sync::Arc;
use std::time::Duration;

use account::Operator;
use account::operator::{FindError, OperatorSettings};
use model::{Clock, EmailAddress, ManualClock, Timestamp, User, UserId, Username};
use password::PasswordHash;
use secret::Secret;
use storage::{Error, NewUser, Storage, Users as _};
use storage_testing::memory::MemoryStore;

use crate::process::{BOUND, HOUR, Process, QUARTER, START};

fn operator(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Operator {
    let settings = OperatorSettings {
        access_lifetime: QUARTER,
        leeway: Duration::ZERO,
        max_clock_difference: Duration::from_secs(2),
        attempt_key: Secret::new([8; 32]),
    };
    Operator::new(storage, clock, settings)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(START))
}

async fn account(store: &MemoryStore, id: &str, name: &str) -> User {
    let new = NewUser {
        id: UserId::parse(id).unwrap(),
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
        email_verified: false,
        hash: PasswordHash::from("hash"),
        now: START,
    };
    store.create_user(new).await.unwrap()
}

#[tokio::test]
async fn where_several_could_be_meant_nothing_is_done() {
    let store = Arc::new(MemoryStore::new());
    account(&store, "alice", "bob").await;
    account(&store, "u-2", "alice").await;
    let operator = operator(Arc::clone(&store) as _, clock());
    let Err(FindError::Ambiguous(ids)) = operator.disable("alice").await else {
        panic!("one was chosen");
    };
    assert_eq!(ids, ["alice", "u-2"].map(|id| UserId::parse(id).unwrap()));
    for (named, id) in [
        ("u-2", "u-2"),
        ("ALICE@example.org", "u-2"),
        ("bob", "alice"),
    ] {
        let shown = operator.show(named).await.unwrap();
        assert_eq!(shown.user.id.as_str(), id, "{named}");
        assert!(!shown.user.disabled);
    }
    for nobody in ["", "carol", "u-3", "carol@example.org", &"x".repeat(5000)] {
        let refused = operator.disable(nobody).await;
        assert!(matches!(refused, Err(FindError::Unknown)), "{nobody}");
    }
}

#[tokio::test]
async fn with_a_wrong_clock_nothing_is_done() {
    let time = clock();
    let store = Arc::new(MemoryStore::with_clock(Arc::clone(&time) as _));
    account(&store, "u-1", "alice").await;
    let slow = ManualClock::starting_at(Timestamp::from_seconds(1_799_999_990));
    let operator = operator(Arc::clone(&store) as _, Arc::new(slow));
    let refused = operator.disable("alice").await;
    let Err(FindError::Storage(Error::Unavailable(reason))) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("the clocks differ by 10 s"), "{reason}");
    assert!(!operator.show("alice").await.unwrap().user.disabled);
}

#[tokio::test]
async fn what_an_operator_refuses_is_remembered_for_as_long_as_the_longest_token_lives() {
    let store = Arc::new(MemoryStore::new());
    let server = Process::on(Arc::clone(&store) as _, HOUR).await;
    server.sign_up().await;
    server.let_pass(2 * BOUND + Duration::from_mins(1));
    let tokens = server.sign_in().await;
    assert_eq!(tokens.expires_in, HOUR);
    let operator = operator(Arc::clone(&store) as _, Arc::clone(&server.clock) as _);
    operator.disable("alice").await.unwrap();
    for _ in 0..59 {
        server.let_pass(Duration::from_mins(1));
        server.accounts.sweep().await.unwrap();
        assert!(!server.accepts(tokens.access.expose()));
    }
}
