//! What an operator does beside a process that serves the same accounts.

use std::sync::Arc;
use std::time::Duration;

use account::operator::{
    FindError, Invitation, InviteError, Need, OperatorSettings, ResetLinkError,
};
use account::{NewPassword, Operator};
use model::{Clock, EmailAddress, ManualClock, SystemRng, Timestamp, User, UserId, Username};
use password::PasswordHash;
use secret::{Sealer, Secret};
use storage::{Enrolment, Error, Factors as _, Moment, NewUser, Storage, Users as _};
use storage_testing::memory::MemoryStore;

use crate::process::{BOUND, HOUR, Process, QUARTER, START};

fn settings() -> OperatorSettings {
    OperatorSettings {
        access_lifetime: QUARTER,
        leeway: Duration::ZERO,
        max_clock_difference: Duration::from_secs(2),
        attempt_key: Secret::new([8; 32]),
        outbox_key: None,
        event_keys: storage::EventKeys::default(),
        keep_events: true,
        factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
        secret_fingerprint: "11".to_owned(),
        public_url: "https://accounts.example.org".to_owned(),
    }
}

pub(crate) fn operator(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Operator {
    Operator::new(storage, clock, Arc::new(SystemRng), settings())
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

fn bob() -> Invitation {
    Invitation {
        username: Username::parse("bob").unwrap(),
        email: EmailAddress::parse("bob@example.org").unwrap(),
        is_verified: false,
    }
}

/// What a link carries.
fn token_of(link: &Secret<String>) -> &str {
    let page = "https://accounts.example.org/reset?token=";
    link.expose().strip_prefix(page).unwrap()
}

#[tokio::test]
async fn whoever_is_invited_sets_a_password_once() {
    let store = Arc::new(MemoryStore::new());
    let process = Process::on(store.clone(), HOUR).await;
    let operator = operator(store.clone(), process.clock.clone());
    let invited = operator.invite(bob()).await.unwrap();
    let token = token_of(&invited.link);
    let what = process.accounts.what_is_set_by(token).await.unwrap();
    assert_eq!(what, Some(NewPassword::First));
    assert!(invited.user.is_invited);
    let setting = process
        .accounts
        .reset_password(token, "wT4$nB9!zR2q".into());
    setting.await.unwrap();
    let again = process
        .accounts
        .reset_password(token, "kX8#vQ2m!pL5".into());
    assert!(again.await.is_err());
    let bob = store.user(&invited.user.id).await.unwrap().unwrap();
    assert!(!bob.email_verified, "nobody has proven the address");
    assert!(!bob.is_invited);
    let other = operator.reset_link("bob").await.unwrap();
    let what = process.accounts.what_is_set_by(token_of(&other.link));
    assert_eq!(what.await.unwrap(), Some(NewPassword::Another));
}

#[tokio::test]
async fn nobody_is_invited_under_the_name_or_the_address_of_another() {
    let store = Arc::new(MemoryStore::new());
    let operator = operator(store, clock());
    operator.invite(bob()).await.unwrap();
    let again = operator.invite(bob()).await;
    assert!(matches!(again, Err(InviteError::Taken(_))));
}

#[tokio::test]
async fn a_link_of_an_operator_is_good_for_a_day_and_until_the_password_changes() {
    let store = Arc::new(MemoryStore::new());
    let process = Process::on(store.clone(), HOUR).await;
    process.sign_up().await;
    let operator = operator(store, process.clock.clone());
    let first = operator.reset_link("alice").await.unwrap();
    let second = operator.reset_link("alice@example.org").await.unwrap();
    let good = async |link: &Secret<String>| {
        let asked = process.accounts.what_is_set_by(token_of(link));
        asked.await.unwrap().is_some()
    };
    assert!(good(&first.link).await);
    let setting = process
        .accounts
        .reset_password(token_of(&second.link), "wT4$nB9!zR2q".into());
    setting.await.unwrap();
    assert!(!good(&first.link).await);
    let third = operator.reset_link("alice").await.unwrap();
    process.let_pass(24 * HOUR);
    assert!(!good(&third.link).await);
}

#[tokio::test]
async fn there_is_no_link_to_an_account_that_is_disabled() {
    let store = Arc::new(MemoryStore::new());
    account(&store, "u-1", "alice").await;
    let operator = operator(store, clock());
    operator.disable("alice").await.unwrap();
    let refused = operator.reset_link("alice").await;
    assert!(matches!(refused, Err(ResetLinkError::Disabled)));
}

#[tokio::test]
async fn every_factor_is_encrypted_anew_that_a_key_opens() {
    let store = Arc::new(MemoryStore::new());
    let [before, present, lost] = [10, 11, 12].map(|byte| Secret::new([byte; 32]));
    // More than are read at a time.
    for number in 0..450_u32 {
        let id = format!("u-{number:03}");
        let user = account(&store, &id, &format!("name{number}")).await;
        let key = match number {
            17 => &lost,
            number if number % 2 == 0 => &present,
            _ => &before,
        };
        let purpose = format!("totp/{id}");
        let sealed =
            Sealer::new(key, None).seal(purpose.as_bytes(), &[7; 20], |bytes| bytes.fill(1));
        let enrolment = Enrolment {
            user: user.id,
            at: user.generation,
            keep: None,
            sealed: sealed.unwrap(),
            step: 1,
            recovery_codes: Vec::new(),
        };
        let moment = Moment {
            now: START,
            feed_until: START,
        };
        assert!(store.enrol(enrolment, moment).await.unwrap().is_some());
    }
    let settings = OperatorSettings {
        factors: Arc::new(Sealer::new(&present, Some(&before))),
        ..settings()
    };
    let storage = Arc::clone(&store) as Arc<dyn Storage>;
    let operator = Operator::new(storage, clock(), Arc::new(SystemRng), settings);
    for is_dry_run in [true, true, false] {
        let done = operator.reencrypt(is_dry_run).await.unwrap();
        assert_eq!((done.anew, done.present, done.unreadable), (224, 225, 1));
        assert_eq!(done.unreadable_accounts[0].as_str(), "u-017");
    }
    let done = operator.reencrypt(false).await.unwrap();
    assert_eq!((done.anew, done.present, done.unreadable), (0, 449, 1));
    let needs = [(Need::InHands, START.plus(Duration::from_hours(24)))];
    assert_eq!(done.needs, needs);
}
