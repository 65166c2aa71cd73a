//! Devices on which the second factor isn't asked for: how many there are, and what else ends them.

use std::sync::Arc;
use std::time::Duration;

use account::{
    Bearer, ChallengeAnswer, Cookie, FactorRules, LoginAttempt, LoginError, PresentedFactor,
    RememberedDevice, Tokens,
};
use model::{ClientInfo, Clock as _, UserId};
use storage::records::{By, RecordChange, StoredRecord, UniqueKey};
use storage::{RecordBody, Storage, Tells};
use storage_testing::memory::MemoryStore;

use crate::factor::LABELS;
use crate::operator::operator;
use crate::process::{PASSWORD, Process};

const KIND: storage::Kind = storage::Kind("remembered_devices");

/// A process with alice, whose app is enrolled.
struct Alice {
    process: Process,
    storage: Arc<dyn Storage>,
    app: totp_rs::Totp,
    id: UserId,
}

impl Alice {
    async fn new() -> Self {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStore::new());
        let rules = FactorRules {
            remember: Duration::from_hours(24 * 30),
            ..FactorRules::default()
        };
        let process = Process::with_rules(Arc::clone(&storage), rules).await;
        process.sign_up().await;
        let actor = process.sign_in().await;
        let actor = process.actor(actor.access.expose());
        let begun = process.accounts.begin_enrolment(&actor, LABELS).await;
        let secret = totp_rs::Secret::try_from_base32(begun.unwrap().secret.expose()).unwrap();
        let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let code = app.generate(process.clock.now().as_seconds()).to_string();
        let code = code.into();
        let confirming = process.accounts.confirm_enrolment(&actor, &code);
        confirming.await.unwrap();
        Self {
            process,
            storage,
            app,
            id: actor.user,
        }
    }

    async fn login(&self, device: Option<&RememberedDevice>) -> Result<Tokens, LoginError> {
        self.process.accounts.login(attempt(device), &Bearer).await
    }

    async fn challenge(&self) -> String {
        match self.login(None).await {
            Err(LoginError::FactorRequired(required)) => required.challenge.expose().to_owned(),
            other => panic!("no challenge: {other:?}"),
        }
    }

    /// Signs in by both factors on a device that is to be remembered.
    async fn remembered(&self) -> RememberedDevice {
        self.process.let_pass(Duration::from_secs(30));
        let challenge = self.challenge().await;
        let tokens = self.answer(&challenge).await.unwrap();
        tokens.remembered.expect("the device is remembered")
    }

    async fn answer(&self, challenge: &str) -> Result<Tokens, account::AnswerError> {
        let now = self.process.clock.now().as_seconds();
        let answer = ChallengeAnswer {
            challenge: challenge.into(),
            presented: PresentedFactor::Totp(self.app.generate(now).to_string().into()),
            browser: None,
            client: ClientInfo::default(),
            keeps_account: false,
            remember: true,
        };
        let accounts = &self.process.accounts;
        accounts.answer_challenge(answer, &Bearer).await
    }

    async fn is_remembered(&self, device: &RememberedDevice) -> bool {
        match self.login(Some(device)).await {
            Ok(_) => true,
            Err(LoginError::FactorRequired(_)) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// The record of all devices, as it is stored.
    async fn stored(&self) -> Option<StoredRecord> {
        let key = By::First(UniqueKey::of(self.id.as_str()));
        self.storage.record(KIND, key).await.unwrap()
    }
}

fn attempt(device: Option<&RememberedDevice>) -> LoginAttempt {
    LoginAttempt {
        identifier: "alice".to_owned(),
        password: PASSWORD.into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: device.cloned(),
        quota: None,
    }
}

#[tokio::test]
async fn the_oldest_of_twenty_one_is_forgotten() {
    let alice = Alice::new().await;
    let mut devices = Vec::new();
    for _ in 0..21 {
        devices.push(alice.remembered().await);
    }
    assert!(!alice.is_remembered(&devices[0]).await);
    for device in &devices[1..] {
        assert!(alice.is_remembered(device).await);
    }
}

#[tokio::test]
async fn what_is_stored_holds_nothing_that_a_device_keeps() {
    let alice = Alice::new().await;
    let device = alice.remembered().await;
    let stored = alice.stored().await.unwrap();
    assert_eq!(stored.owner, Some(alice.id.clone()));
    let body = stored.body.as_str();
    let secret = device.expose().strip_prefix("pcm_").unwrap();
    assert!(!body.contains(secret), "{body}");
    assert!(!format!("{device:?}").contains(secret));
}

#[tokio::test]
async fn an_operator_who_ends_all_sessions_or_disables_the_account_voids_them() {
    let alice = Alice::new().await;
    let operator = operator(Arc::clone(&alice.storage), alice.process.clock.clone());
    let device = alice.remembered().await;
    operator.end_sessions("alice").await.unwrap();
    assert!(!alice.is_remembered(&device).await);
    let device = alice.remembered().await;
    operator.disable("alice").await.unwrap();
    operator.enable("alice").await.unwrap();
    assert!(!alice.is_remembered(&device).await);
    operator.delete("alice").await.unwrap();
    assert_eq!(alice.stored().await, None);
}

#[tokio::test]
async fn a_cookie_that_it_opens_is_not_fresh() {
    let alice = Alice::new().await;
    let device = alice.remembered().await;
    let carrier = Cookie { previous: None };
    let accounts = &alice.process.accounts;
    let opened = accounts.login(attempt(Some(&device)), &carrier).await;
    let actor = accounts.browser_actor(opened.unwrap().cookie).await;
    let actor = actor.unwrap().unwrap().actor;
    let now = alice.process.clock.now();
    assert!(!actor.authentication.is_fresh(now));
    let sessions = accounts.sessions(&actor).await.unwrap();
    let own = sessions.iter().find(|listed| listed.current).unwrap();
    assert_eq!(own.session.authentication.at, now);
}

/// What a later version demands besides, this one can't check.
#[tokio::test]
async fn a_device_of_a_later_version_counts_for_nothing_and_stays() {
    let alice = Alice::new().await;
    let device = alice.remembered().await;
    let stored = alice.stored().await.unwrap();
    let mut body: serde_json::Value = serde_json::from_str(stored.body.as_str()).unwrap();
    body["devices"][0]["attested"] = true.into();
    body["of_all"] = 7.into();
    let change = RecordChange {
        kind: KIND,
        id: stored.id,
        at: stored.version,
        keys: storage::Keys::one(alice.id.as_str()),
        body: RecordBody::new(body.to_string()).unwrap(),
    };
    assert!(
        alice
            .storage
            .change_record(change, Tells::nothing())
            .await
            .unwrap()
    );
    assert!(!alice.is_remembered(&device).await);
    alice.remembered().await;
    let after = alice.stored().await.unwrap();
    let after: serde_json::Value = serde_json::from_str(after.body.as_str()).unwrap();
    assert_eq!(after["of_all"], 7);
    assert_eq!(after["devices"].as_array().unwrap().len(), 2);
    assert_eq!(after["devices"][0]["attested"], true);
}
