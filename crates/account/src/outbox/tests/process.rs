//! A process on a store, and a job that does what a test says.

use std::collections::{BTreeMap, HashSet};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jwt::revocation::{RevocationSet, Staleness};
use jwt::{Algorithm, Authority, SigningKey};
use model::{Clock as _, ManualClock, SystemRng, Timestamp};
use password::{Hasher, HasherConfig, Params, Policy};
use secret::{Sealer, Secret};
use serde::{Deserialize, Serialize};
use storage::outbox::{ClaimedJob, JobId, Tries, Wanted};
use storage::{Kind, Posted, Storage};
use tokio::sync::watch;

use super::super::{Job, Outcome, Posting, Running, Urgency};
use crate::{Accounts, Lifetimes, Live, Parts, Settings};

pub(super) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

/// How often each probe ran, and how many of its test run and have run at once.
static RUNS: Mutex<BTreeMap<String, Runs>> = Mutex::new(BTreeMap::new());

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) tries: Vec<u32>,
    pub(super) ids: HashSet<JobId>,
    running: u32,
    pub(super) most_at_once: u32,
}

/// What a probe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Does {
    Succeed,
    Fail,
    FailForEver,
    Panic,
    Hang,
    TakeTwoSeconds,
    /// After a first try that fails.
    TakeTwoSecondsLater,
}

/// A job of a test, which its name tells from those of other tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::outbox) struct Probe {
    test: String,
    does: Does,
    lane: Option<String>,
}

/// One that may wait for what is urgent.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::outbox) struct OrdinaryProbe(pub(super) Probe);

impl Job for OrdinaryProbe {
    const KIND: Kind = Kind("ordinary_probe");
    const URGENCY: Urgency = Urgency::Ordinary;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        self.0.run(accounts, at).await
    }
}

impl Job for Probe {
    const KIND: Kind = Kind("probe");
    const URGENCY: Urgency = Urgency::Urgent;

    fn lane(&self) -> Option<String> {
        self.lane.clone()
    }

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        assert!(accounts.0.clock.now() < at.expires);
        let note = |change: &dyn Fn(&mut Runs)| {
            change(RUNS.lock().unwrap().entry(self.test.clone()).or_default());
        };
        note(&|runs| {
            runs.tries.push(at.tries);
            runs.ids.insert(at.id);
            runs.running += 1;
            runs.most_at_once = runs.most_at_once.max(runs.running);
        });
        let outcome = match self.does {
            Does::Succeed => Outcome::Done,
            Does::Fail => Outcome::Later("refused"),
            Does::FailForEver => Outcome::Never("unknown"),
            Does::Panic => panic!("a probe"),
            Does::Hang => pending().await,
            Does::TakeTwoSecondsLater if at.tries == 1 => Outcome::Later("refused"),
            Does::TakeTwoSeconds | Does::TakeTwoSecondsLater => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Outcome::Done
            }
        };
        note(&|runs| runs.running -= 1);
        outcome
    }
}

/// A probe of this test.
pub(super) fn probe(test: &str, does: Does) -> Probe {
    Probe {
        test: test.to_owned(),
        does,
        lane: None,
    }
}

/// The same in a lane.
pub(super) fn probe_in(lane: &str, test: &str, does: Does) -> Probe {
    Probe {
        lane: Some(lane.to_owned()),
        ..probe(test, does)
    }
}

/// How those of this test ran.
pub(super) fn runs(test: &str) -> Runs {
    RUNS.lock().unwrap().get(test).cloned().unwrap_or_default()
}

/// A process.
pub(super) struct Process {
    pub(super) accounts: Accounts,
    pub(super) store: Arc<dyn Storage>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) stop: watch::Sender<bool>,
}

impl Process {
    /// One with these keys.
    pub(super) async fn on(store: Arc<dyn Storage>, key: u8, previous: Option<u8>) -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        let revoked = Arc::new(RevocationSet::new());
        let signing = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
        let params = Params::new(16, 1, 1).unwrap();
        let staleness = Staleness::new(Duration::from_secs(30), Arc::new(|| 0));
        let accounts = Accounts::start(Parts {
            storage: Arc::clone(&store),
            hasher: Hasher::new(HasherConfig::with_params(params).threads(1)).unwrap(),
            authority: Authority::builder(signing).require_session().build(),
            live: Arc::new(Live::new(
                revoked,
                Arc::new(staleness),
                Secret::new([7; 32]),
                password::Kind::of(&params),
            )),
            clock: Arc::clone(&clock) as _,
            rng: Arc::new(SystemRng),
            mailing: None,
            settings: settings(key, previous),
        });
        Self {
            accounts: accounts.await.unwrap(),
            store,
            clock,
            stop: watch::Sender::new(false),
        }
    }

    pub(super) async fn alone() -> Self {
        let store = storage_testing::memory::MemoryStore::new();
        Self::on(Arc::new(store), 1, None).await
    }

    pub(super) async fn post(&self, probe: &Probe) {
        let posted = self.post_as(probe, Posting::within(DAY)).await;
        assert_eq!(posted, Posted::Kept);
    }

    pub(super) async fn post_ordinary(&self, probe: Probe) {
        let posting = Posting::within(DAY);
        let posted = self.accounts.post(&OrdinaryProbe(probe), posting).await;
        assert_eq!(posted.unwrap(), Posted::Kept);
    }

    pub(super) async fn post_as(&self, probe: &Probe, posting: Posting) -> Posted {
        self.accounts.post(probe, posting).await.unwrap()
    }

    pub(super) async fn work_off(&self) -> usize {
        let stop = self.stop.subscribe();
        self.accounts.work_off(&stop).await.unwrap()
    }

    /// How many jobs wait.
    pub(super) async fn waiting(&self) -> u32 {
        let depth = self.store.outbox_depth(self.clock.now()).await;
        depth.unwrap().waiting
    }

    /// Claims what is due, as another process does.
    pub(super) async fn claim(&self) -> Vec<ClaimedJob> {
        let now = self.clock.now();
        let mut claimed = Vec::new();
        for tries in [Tries::First, Tries::Further] {
            let wanted = Wanted {
                kinds: vec![Probe::KIND],
                tries,
                outside: Vec::new(),
            };
            let claiming = self.store.claim_jobs(&wanted, now, now.plus(DAY), 9);
            claimed.extend(claiming.await.unwrap());
        }
        claimed
    }
}

fn settings(key: u8, previous: Option<u8>) -> Settings {
    Settings {
        max_clock_difference: None,
        access_lifetime: 15 * MINUTE,
        refresh_lifetime: DAY,
        refresh_grace: Duration::from_secs(10),
        session_max_age: 2 * DAY,
        leeway: Duration::ZERO,
        registration_open: true,
        upgrade_hashes: true,
        keep_events: None,
        deletion_grace: Duration::ZERO,
        factor_rules: crate::FactorRules::default(),
        policy: Policy::default(),
        decoy_key: Secret::new([7; 32]),
        attempt_key: Secret::new([8; 32]),
        device_key: Secret::new([9; 32]),
        device_key_previous: None,
        factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
        mail_delay: Duration::ZERO,
        code_key: Secret::new([11; 32]),
        code_key_previous: None,
        outbox_key: Secret::new([key; 32]),
        outbox_key_previous: previous.map(|key| Secret::new([key; 32])),
        longest_failure: Duration::from_secs(1),
        lifetimes: Lifetimes::default(),
    }
}
