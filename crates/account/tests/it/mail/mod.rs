//! What is mailed, and what it is good for: through a real mail server.

mod address;
mod allowance;
mod confirm;
mod factor;
mod operator;
mod reset;

use std::sync::Arc;
use std::time::Duration;

use account::operator::OperatorSettings;
use account::{
    Accounts, Bearer, LoginAttempt, LoginError, Mailing, Operator, Registration, RequestInfo,
    Tokens, Verification,
};
use mail::{
    Composer, MailUrl, Mailer, Patience, Sender, Stationery, Transport, TrustedAuthorities,
};
use model::{ClientInfo, EmailAddress, SystemRng, User, UserId, Username};
use password::{Principal, Purpose};
use secret::{Sealer, Secret};
use smtp_testing::{MailServer, Received, Setup};
use storage::{LoginName, NewUser, Storage};
use storage_testing::memory::MemoryStore;
use texts::Texts;
use tokio::sync::watch;

use crate::process::{HOUR, PASSWORD, Process};

pub(crate) const NEW_PASSWORD: &str = "wT4$nB9!zR2q";

/// A process that sends mail, and the mail server that takes it.
struct Post {
    process: Process,
    storage: Arc<dyn Storage>,
    server: MailServer,
    stop: watch::Sender<bool>,
}

impl Post {
    async fn with(verification: Verification) -> Self {
        let server = MailServer::start(Setup::default()).await;
        let storage: Arc<dyn Storage> = Arc::new(MemoryStore::new());
        let mailing = mailing(&server.url(), verification);
        let process = Process::with_mail(Arc::clone(&storage), HOUR, Some(mailing)).await;
        Self {
            process,
            storage,
            server,
            stop: watch::Sender::new(false),
        }
    }

    /// With alice, whose address is confirmed.
    async fn with_alice() -> Self {
        let post = Self::with(Verification::Off).await;
        post.process.sign_up().await;
        let alice = post.alice().await;
        let proof = storage::AddressProof::of(&alice).unwrap();
        let confirmed = post.storage.confirm_address(proof, post.moment()).await;
        assert!(confirmed.unwrap().is_some());
        post
    }

    fn moment(&self) -> storage::Moment {
        use model::Clock as _;
        let now = self.process.clock.now();
        storage::Moment {
            now,
            feed_until: now.plus(HOUR),
        }
    }

    fn accounts(&self) -> &Accounts {
        &self.process.accounts
    }

    /// The use cases, for somebody at this network address.
    fn asked_from(&self, network: &str) -> Accounts {
        self.accounts().serving(RequestInfo {
            network: Some(network.parse().unwrap()),
            ..RequestInfo::default()
        })
    }

    /// Does what was posted, as far as it is due.
    async fn work_off(&self) {
        let stop = self.stop.subscribe();
        self.accounts().work_off(&stop).await.unwrap();
    }

    /// The letters that have come since this was asked last.
    async fn letters(&self) -> Vec<Received> {
        self.work_off().await;
        let mut letters = Vec::new();
        for letter in self.server.mailbox().letters() {
            letters.push(self.server.mailbox().wait_for(&letter.to).await);
        }
        letters
    }

    /// The one letter that has come, which is for `to`.
    async fn letter(&self, to: &str) -> Received {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        let letter = letters.remove(0);
        assert_eq!(letter.to, to);
        letter
    }

    /// An operator at the same store, who has `outbox_key` or none.
    fn operator(&self, outbox_key: Option<Secret<[u8; 32]>>) -> Operator {
        let settings = OperatorSettings {
            access_lifetime: HOUR,
            leeway: Duration::ZERO,
            max_clock_difference: Duration::from_secs(2),
            attempt_key: Secret::new([8; 32]),
            outbox_key,
            event_keys: storage::EventKeys::default(),
            keep_events: true,
            factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
            secret_fingerprint: "11".to_owned(),
            public_url: "https://accounts.example.org".to_owned(),
        };
        let (storage, clock) = (self.storage.clone(), self.process.clock.clone());
        Operator::new(storage, clock, Arc::new(SystemRng), settings)
    }

    async fn ask_for_reset(&self, to: &str) {
        self.accounts()
            .ask_for_reset(&address(to), None)
            .await
            .unwrap();
    }

    /// An account that was made before addresses had to be confirmed.
    async fn made_before(&self, name: &str) {
        let permit = self
            .process
            .hasher
            .admit(Purpose::Other, Principal::Name(String::new()));
        let hash = permit.unwrap().hash(PASSWORD.into()).await.unwrap();
        let now = self.moment().now;
        let new = NewUser {
            id: UserId::new(now, &SystemRng),
            username: Username::parse(name).unwrap(),
            email: address(&format!("{name}@example.org")),
            email_verified: false,
            hash,
            now,
        };
        self.storage.create_user(new).await.unwrap();
    }

    async fn alice(&self) -> User {
        self.named("alice").await.unwrap()
    }

    async fn named(&self, name: &str) -> Option<User> {
        let name = LoginName {
            exact: name.to_owned(),
            ..LoginName::default()
        };
        let found = self.storage.credentials_by_login(&name).await;
        found.unwrap().map(|found| found.user)
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<Tokens, LoginError> {
        let attempt = LoginAttempt {
            identifier: name.to_owned(),
            password: password.into(),
            device: None,
            client: ClientInfo::default(),
            browser: None,
            remembered: None,
            quota: None,
        };
        self.accounts().login(attempt, &Bearer).await
    }

    /// What the log calls the account is here only to be compared.
    async fn id(&self) -> UserId {
        self.alice().await.id
    }
}

fn mailing(url: &str, verification: Verification) -> Mailing {
    let patience = Patience {
        connecting: Duration::from_secs(10),
        letter: Duration::from_secs(10),
    };
    let url = MailUrl::parse(url).unwrap();
    let transport = Transport::new(url, "localhost", &TrustedAuthorities::default(), patience);
    let texts = Arc::new(Texts::load(None).unwrap());
    let stationery = Stationery {
        from: Sender::parse("accounts@example.org").unwrap(),
        reply_to: None,
        service: "accounts.example.org".to_owned(),
    };
    let composer = Composer::new(Arc::clone(&texts), stationery, None).unwrap();
    Mailing {
        mailer: Arc::new(Mailer::new(transport.unwrap(), composer)),
        texts,
        public_url: "https://accounts.example.org".to_owned(),
        verification,
    }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// What a link carries.
fn token_of(link: &str) -> String {
    let (_, token) = link.split_once("?token=").unwrap();
    token.to_owned()
}

/// Bob's sign-up.
fn registration(name: &str, email: &str) -> Registration {
    Registration {
        username: Username::parse(name).unwrap(),
        email: address(email),
        password: PASSWORD.into(),
    }
}
