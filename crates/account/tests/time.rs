//! What becomes of revocations when clocks are wrong, and when tokens come to live longer; a store that takes its
//! time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use account::{
    Accounts, Actor, Lifetimes, Live, LoginAttempt, Parts, Registration, Settings, Tokens,
};
use jwt::revocation::{RevocationSet, Staleness};
use jwt::{Algorithm, Authority, SigningKey};
use model::{
    Clock as _, EmailAddress, Generation, ManualClock, Origin, SessionId, SystemRng, Timestamp,
    TokenId, UserId, Username,
};
use password::{Hasher, HasherConfig, Kind, Params, Policy};
use secret::Secret;
use storage::Storage;
use storage::memory::MemoryStore;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HOUR: Duration = Duration::from_hours(1);
const QUARTER: Duration = Duration::from_mins(15);
const BOUND: Duration = Duration::from_secs(30);
const PASSWORD: &str = "kX8#vQ2m!pL5";

/// A process on a store.
struct Process {
    accounts: Accounts,
    authority: Authority,
    clock: Arc<ManualClock>,
    /// Milliseconds that never jump.
    monotonic: Arc<AtomicU64>,
}

impl Process {
    async fn on(storage: Arc<dyn Storage>, access_lifetime: Duration) -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        let monotonic = Arc::new(AtomicU64::new(0));
        let ticks = Arc::clone(&monotonic);
        let staleness = Staleness::new(BOUND, Arc::new(move || ticks.load(Ordering::SeqCst)));
        let revoked = Arc::new(RevocationSet::new());
        let key = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
        let authority = Authority::builder(key)
            .require_session()
            .revocations(Arc::clone(&revoked))
            .build();
        let params = Params::new(16, 1, 1).unwrap();
        let live = Live::new(
            revoked,
            Arc::new(staleness),
            Secret::new([7; 32]),
            Kind::of(&params),
        );
        let accounts = Accounts::start(Parts {
            storage,
            hasher: Hasher::new(HasherConfig::with_params(params).threads(1)).unwrap(),
            authority: authority.clone(),
            live: Arc::new(live),
            clock: Arc::clone(&clock) as _,
            rng: Arc::new(SystemRng),
            settings: settings(access_lifetime),
        });
        Self {
            accounts: accounts.await.unwrap(),
            authority,
            clock,
            monotonic,
        }
    }

    async fn sign_up(&self) {
        let registration = Registration {
            username: Username::parse("alice").unwrap(),
            email: EmailAddress::parse("alice@example.org").unwrap(),
            password: PASSWORD.into(),
        };
        self.accounts.register(registration).await.unwrap();
    }

    async fn sign_in(&self) -> Tokens {
        let attempt = LoginAttempt {
            identifier: "alice".to_owned(),
            password: PASSWORD.into(),
            device: None,
            origin: Origin::default(),
        };
        self.accounts.login(attempt).await.unwrap()
    }

    /// Whether a token passes here.
    fn accepts(&self, token: &str) -> bool {
        let now = self.clock.now().as_seconds();
        self.authority.verify(token, now).is_ok()
    }

    async fn sign_out(&self, token: &str) {
        let now = self.clock.now().as_seconds();
        let verified = self.authority.verify(token, now).unwrap();
        let claims = &verified.claims;
        let actor = Actor {
            user: UserId::parse(&claims.sub).unwrap(),
            session: SessionId::parse(claims.sid.as_deref().unwrap()).unwrap(),
            token: TokenId::from_stored(claims.jti.clone().unwrap()),
            generation: Generation(claims.generation.unwrap()),
            fresh: true,
        };
        self.accounts.logout(&actor).await.unwrap();
    }

    fn let_pass(&self, time: Duration) {
        self.clock.advance(time);
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
    }
}

fn settings(access_lifetime: Duration) -> Settings {
    Settings {
        max_clock_difference: Some(Duration::from_secs(2)),
        access_lifetime,
        refresh_lifetime: 24 * HOUR,
        refresh_grace: Duration::from_secs(10),
        session_max_age: 48 * HOUR,
        leeway: Duration::ZERO,
        registration_open: true,
        upgrade_hashes: true,
        policy: Policy::default(),
        decoy_key: Secret::new([7; 32]),
        attempt_key: Secret::new([8; 32]),
        device_key: Secret::new([9; 32]),
        device_key_previous: None,
        lifetimes: Lifetimes::default(),
    }
}

#[tokio::test]
async fn a_clock_that_the_store_does_not_confirm_forgets_no_revocation() {
    let time = Arc::new(ManualClock::starting_at(START));
    let store = Arc::new(MemoryStore::with_clock(Arc::clone(&time) as _));
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    let b = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    let tokens = a.sign_in().await;
    let access = tokens.access.expose();
    a.sign_out(access).await;

    b.clock.advance(HOUR);
    assert!(b.accounts.sweep().await.is_err());
    // Neither the store has forgotten, nor does it itself when its clock is set right.
    let later = Process::on(Arc::clone(&store) as _, QUARTER).await;
    assert!(!later.accepts(access));
    let in_memory = b.authority.verify(access, START.as_seconds());
    assert!(in_memory.is_err());

    // By the right time it goes.
    time.advance(HOUR);
    b.accounts.sweep().await.unwrap();
    assert!(b.authority.verify(access, START.as_seconds()).is_ok());
}

#[tokio::test]
async fn a_process_that_knew_of_shorter_lives_remembers_the_end_of_a_longer_one() {
    let store = Arc::new(MemoryStore::new());
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    let b = Process::on(Arc::clone(&store) as _, HOUR).await;
    for process in [&a, &b] {
        process.let_pass(2 * BOUND + Duration::from_mins(1));
    }
    let tokens = b.sign_in().await;
    assert_eq!(tokens.expires_in, HOUR);
    let access = tokens.access.expose();
    a.sign_out(access).await;

    for _ in 0..59 {
        for process in [&a, &b] {
            process.let_pass(Duration::from_mins(1));
            process.accounts.sweep().await.unwrap();
            assert!(!process.accepts(access));
        }
    }
}

#[tokio::test]
async fn longer_lives_begin_when_every_other_process_must_know_of_them() {
    let store = Arc::new(MemoryStore::new());
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    assert_eq!(a.sign_in().await.expires_in, QUARTER); // the first waits for nobody

    let b = Process::on(Arc::clone(&store) as _, HOUR).await;
    assert_eq!(b.sign_in().await.expires_in, QUARTER);
    b.let_pass(BOUND + Duration::from_secs(59));
    assert_eq!(b.sign_in().await.expires_in, QUARTER);
    b.let_pass(Duration::from_secs(1));
    assert_eq!(b.sign_in().await.expires_in, HOUR);

    // What was shortened is shorter at once.
    let c = Process::on(store, QUARTER).await;
    assert_eq!(c.sign_in().await.expires_in, QUARTER);
}

#[tokio::test]
async fn accounts_that_are_too_many_to_be_counted_are_served_and_swept() {
    let process = Process::on(Arc::new(MemoryStore::uncountable()), QUARTER).await;
    process.sign_up().await;
    process.sign_in().await;
    process.accounts.sweep().await.unwrap();
}
