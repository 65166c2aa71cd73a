//! Who has which share of the hashing pool, and what is hashed for whom.

use std::net::IpAddr;
use std::sync::Arc;

use account::{
    Accounts, Bearer, ChangePasswordError, LoginAttempt, LoginError, ProofError,
    ReauthenticateError, RegisterError, Registration, RequestInfo,
};
use model::{ClientInfo, EmailAddress, Username};
use password::{Permit, Principal, Purpose};
use storage_testing::memory::MemoryStore;

use crate::process::{PASSWORD, Process, QUARTER};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

async fn process() -> Process {
    let process = Process::on(Arc::new(MemoryStore::new()), QUARTER).await;
    process.sign_up().await;
    process
}

/// Every permit that is to be had, for `purpose`, by so many of `principals`.
fn fill(
    process: &Process,
    purpose: Purpose,
    principals: impl IntoIterator<Item = Principal>,
) -> Vec<Permit> {
    let all_of = |principal: Principal| {
        let admit = move || process.hasher.admit(purpose, principal.clone()).ok();
        std::iter::from_fn(admit)
    };
    principals.into_iter().flat_map(all_of).collect()
}

fn many() -> impl Iterator<Item = Principal> {
    (0..100).map(|number: u8| Principal::User(number.to_string()))
}

fn serving(process: &Process, network: Option<IpAddr>) -> Accounts {
    process.accounts.serving(RequestInfo {
        network,
        ..RequestInfo::default()
    })
}

async fn sign_in(accounts: &Accounts, name: &str) -> Result<(), LoginError> {
    let attempt = LoginAttempt {
        identifier: name.to_owned(),
        password: PASSWORD.into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: None,
        quota: None,
    };
    accounts.login(attempt, &Bearer).await.map(drop)
}

async fn sign_up(accounts: &Accounts, name: &str) -> Result<(), RegisterError> {
    let registration = Registration {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
        password: PASSWORD.into(),
    };
    accounts.register(registration).await.map(drop)
}

#[tokio::test]
async fn whoever_is_signed_in_leaves_half_of_the_places_to_those_who_sign_in() {
    let process = process().await;
    let alice = process.actor(process.sign_in().await.access.expose());
    let _taken = fill(&process, Purpose::Other, many());

    let here = serving(&process, Some(HERE));
    let again = here
        .reauthenticate(&alice, None, PASSWORD.into(), None)
        .await;
    assert!(matches!(
        again,
        Err(ReauthenticateError::Proof(ProofError::Busy(_)))
    ));
    let change = here.change_password(&alice, None, PASSWORD.into(), "x".into());
    assert!(matches!(
        change.await,
        Err(ChangePasswordError::Proof(ProofError::Busy(_)))
    ));
    let bob = sign_up(&here, "bob").await;
    assert!(matches!(bob, Err(RegisterError::Busy(_))));
    assert!(sign_in(&here, "alice").await.is_ok());
}

#[tokio::test]
async fn a_user_has_one_share_wherever_they_ask_from() {
    let process = process().await;
    let alice = process.actor(process.sign_in().await.access.expose());
    let user = Principal::User(alice.user.as_str().to_owned());
    let _taken = fill(&process, Purpose::Other, [user]);

    for network in [Some(HERE), Some(ELSEWHERE), None] {
        let accounts = serving(&process, network);
        let again = accounts
            .reauthenticate(&alice, None, PASSWORD.into(), None)
            .await;
        assert!(matches!(
            again,
            Err(ReauthenticateError::Proof(ProofError::Busy(_)))
        ));
        assert!(
            sign_up(
                &accounts,
                &format!("b{network:?}").replace(['(', ')', '.'], "")
            )
            .await
            .is_ok()
        );
    }
}

#[tokio::test]
async fn strangers_of_one_network_share_whatever_names_they_try() {
    let process = process().await;
    let _taken = [Purpose::SignIn, Purpose::Other]
        .map(|purpose| fill(&process, purpose, [Principal::Network(HERE)]));

    let here = serving(&process, Some(HERE));
    for name in ["alice", "nobody", "alice@example.org"] {
        let refused = sign_in(&here, name).await;
        assert!(matches!(refused, Err(LoginError::Busy(_))), "{name}");
    }
    let refused = sign_up(&here, "bob").await;
    assert!(matches!(refused, Err(RegisterError::Busy(_))));
    let elsewhere = serving(&process, Some(ELSEWHERE));
    assert!(sign_in(&elsewhere, "alice").await.is_ok());
    assert!(sign_up(&elsewhere, "bob").await.is_ok());
}

#[tokio::test]
async fn behind_a_back_end_each_name_has_its_own_share_in_whatever_form() {
    let process = process().await;
    let back_end = serving(&process, None);
    let key = Username::parse("alice").unwrap().key();
    let name = Principal::Name(key.as_str().to_owned());
    let _taken = fill(&process, Purpose::SignIn, [name]);

    for name in ["alice", "ALICE"] {
        let refused = sign_in(&back_end, name).await;
        assert!(matches!(refused, Err(LoginError::Busy(_))), "{name}");
    }
    let wrong = sign_in(&back_end, "nobody").await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
}

#[tokio::test]
async fn a_new_password_is_judged_after_the_current_one() {
    let process = process().await;
    let alice = process.actor(process.sign_in().await.access.expose());
    let change = |current: &str| {
        let (accounts, alice) = (process.accounts.clone(), alice.clone());
        let current = current.into();
        async move {
            accounts
                .change_password(&alice, None, current, "alice".into())
                .await
        }
    };
    let wrong = change("not the password").await;
    assert!(matches!(
        wrong,
        Err(ChangePasswordError::Proof(ProofError::InvalidCredentials))
    ));
    let weak = change(PASSWORD).await;
    assert!(matches!(weak, Err(ChangePasswordError::Password(_))));
}
