//! A process that serves accounts, with the parts that a test turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use account::{
    Accounts, Actor, Bearer, FactorRules, Lifetimes, Live, LoginAttempt, Mailing, Parts, Principal,
    Registration, Settings, Tokens,
};
use jwt::revocation::{RevocationSet, Staleness};
use jwt::{Algorithm, Authority, SigningKey};
use model::{ClientInfo, Clock as _, EmailAddress, ManualClock, SystemRng, Timestamp, Username};
use password::{Hasher, HasherConfig, Kind, Params, Policy};
use secret::{Sealer, Secret};
use storage::Storage;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const QUARTER: Duration = Duration::from_mins(15);
pub(crate) const BOUND: Duration = Duration::from_secs(30);
pub(crate) const OUTBOX_KEY: [u8; 32] = [10; 32];
pub(crate) const PASSWORD: &str = "kX8#vQ2m!pL5";

/// A process on a store.
pub(crate) struct Process {
    pub(crate) accounts: Accounts,
    pub(crate) authority: Authority,
    pub(crate) hasher: Hasher,
    pub(crate) clock: Arc<ManualClock>,
    /// Milliseconds that never jump.
    monotonic: Arc<AtomicU64>,
}

impl Process {
    pub(crate) async fn on(storage: Arc<dyn Storage>, access_lifetime: Duration) -> Self {
        Self::with_mail(storage, access_lifetime, None).await
    }

    /// One that sends mail.
    pub(crate) async fn with_mail(
        storage: Arc<dyn Storage>,
        access_lifetime: Duration,
        mailing: Option<Mailing>,
    ) -> Self {
        Self::with_settings(storage, settings(access_lifetime), mailing).await
    }

    /// One with these rules for second factors.
    pub(crate) async fn with_rules(storage: Arc<dyn Storage>, factor_rules: FactorRules) -> Self {
        let settings = Settings {
            factor_rules,
            ..settings(HOUR)
        };
        Self::with_settings(storage, settings, None).await
    }

    async fn with_settings(
        storage: Arc<dyn Storage>,
        settings: Settings,
        mailing: Option<Mailing>,
    ) -> Self {
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
        let hasher = Hasher::new(HasherConfig::with_params(params).threads(1)).unwrap();
        let accounts = Accounts::start(Parts {
            storage,
            hasher: hasher.clone(),
            authority: authority.clone(),
            live: Arc::new(live),
            clock: Arc::clone(&clock) as _,
            rng: Arc::new(SystemRng),
            mailing,
            settings,
        });
        Self {
            accounts: accounts.await.unwrap(),
            authority,
            hasher,
            clock,
            monotonic,
        }
    }

    pub(crate) async fn sign_up(&self) {
        let registration = Registration {
            username: Username::parse("alice").unwrap(),
            email: EmailAddress::parse("alice@example.org").unwrap(),
            password: PASSWORD.into(),
        };
        self.accounts.register(registration).await.unwrap();
    }

    pub(crate) async fn sign_in(&self) -> Tokens {
        let attempt = LoginAttempt {
            identifier: "alice".to_owned(),
            password: PASSWORD.into(),
            device: None,
            client: ClientInfo::default(),
            browser: None,
            remembered: None,
            quota: None,
        };
        self.accounts.login(attempt, &Bearer).await.unwrap()
    }

    /// Whether a token passes here.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        let now = self.clock.now().as_seconds();
        self.authority.verify(token, now).is_ok()
    }

    pub(crate) async fn sign_out(&self, token: &str) {
        let actor = self.actor(token);
        self.accounts.logout(&actor).await.unwrap();
    }

    /// Whom a token speaks for.
    pub(crate) fn actor(&self, token: &str) -> Actor {
        let now = self.clock.now().as_seconds();
        let verified = self.authority.verify(token, now).unwrap();
        match Principal::of(&verified) {
            Some(Principal::Session(actor)) => actor,
            other => panic!("no actor: {other:?}"),
        }
    }

    pub(crate) fn let_pass(&self, time: Duration) {
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
        keep_events: None,
        deletion_grace: Duration::ZERO,
        factor_rules: FactorRules::default(),
        policy: Policy::default(),
        decoy_key: Secret::new([7; 32]),
        attempt_key: Secret::new([8; 32]),
        device_key: Secret::new([9; 32]),
        device_key_previous: None,
        factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
        mail_delay: Duration::ZERO,
        code_key: Secret::new([11; 32]),
        code_key_previous: None,
        outbox_key: Secret::new(OUTBOX_KEY),
        outbox_key_previous: None,
        longest_failure: Duration::from_secs(1),
        lifetimes: Lifetimes::default(),
    }
}
