//! The real thing: the use cases on a store, asked as the server asks them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use account::operator::OperatorSettings;
use account::{
    Accounts, Actor, Bearer, ChangePasswordError, DeleteError, EndSessionError, FactorRules,
    Handing, Lifetimes, Live, LoginAttempt, LoginError, Mailing, Operator, Parts, Principal,
    ReauthenticateError, RefreshError, Refreshed, RegisterError, Registration, Settings,
    Verification,
};
use jwt::revocation::{RevocationSet, Staleness};
use jwt::{Algorithm, Authority, SigningKey, TokenKind, Verified};
use mail::{
    Composer, MailUrl, Mailer, Patience, Sender, Stationery, Transport, TrustedAuthorities,
};
use model::{
    ClientInfo, Clock, EmailAddress, ManualClock, SeededRng, Session, SessionId, Timestamp, UserId,
    Username,
};
use password::{Hasher, HasherConfig, Kind, Params, PasswordHash, Policy};
use secret::{Sealer, Secret};
use storage::{EventKeys, FeedRow, FeedSink, LoginName, Moment, NewUser, Storage};
use storage_testing::interleaving::{Gate, Stepped, block_on};
use tempfile::TempDir;
use texts::Texts;

use crate::answer::{Answer, Issued, Trouble, answer};
use crate::model::{ACCESS, GRACE, MAX_AGE, REFRESH};
use crate::request::{Number, Request, Token};

/// How long accounts wait to be deleted, where they do.
pub(crate) const WAIT: Duration = Duration::from_hours(720);

/// Passwords that nobody finds too weak.
pub(crate) const PASSWORDS: [&str; 3] = ["kX8#vQ2m!pL5", "Wz4&hT9s?bN1", "fR6%jY3d+gC7"];

/// The cheapest there is that leaves something cheaper to be outdated.
static HASHER: LazyLock<Hasher> = LazyLock::new(|| {
    let mut config = HasherConfig::with_params(Params::new(16, 1, 1).unwrap()).threads(2);
    config.niceness = 0;
    Hasher::new(config).unwrap()
});

thread_local! {
    /// Where the letters of a test go, and how: of worlds with the same random numbers they have the same names.
    static POST: (TempDir, Mailing) = {
        let folder = tempfile::tempdir().unwrap();
        let mailing = mailing(folder.path());
        (folder, mailing)
    };
}

/// Hashes of [`PASSWORDS`]: of the present cost, and outdated.
pub(crate) static HASHES: LazyLock<[[PasswordHash; 3]; 2]> = LazyLock::new(|| {
    [16, 8].map(|memory| {
        let params = Params::new(memory, 1, 1).unwrap();
        PASSWORDS.map(|password| password::hash(&password.into(), &params).unwrap())
    })
});

/// A process on a store, and another one beside it.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) storage: Arc<dyn Storage>,
    authority: Authority,
    rng: SeededRng,
    /// So many look-ups of an account fail next.
    pub(crate) trouble: Arc<AtomicU32>,
    /// What to note when answers leave, by their refresh token.
    handings: Arc<Mutex<BTreeMap<String, Handing>>>,
    /// Another process on the same store, to which the feed has not come yet.
    lagging: Option<Box<World>>,
}

/// Everything that was issued, by the number of the request.
pub(crate) type Stock = BTreeMap<Number, Issued>;

impl World {
    pub(crate) fn new(store: &Arc<dyn Storage>) -> Self {
        Self::with(store, false)
    }

    /// In which accounts wait to be deleted, and mails go to a folder.
    pub(crate) fn closing(store: &Arc<dyn Storage>) -> Self {
        Self::made(
            store,
            false,
            Some(POST.with(|(_, mailing)| mailing.clone())),
            FactorRules::default(),
        )
    }

    /// In which these rules hold for second factors.
    pub(crate) fn ruled_by(store: &Arc<dyn Storage>, rules: FactorRules) -> Self {
        Self::made(store, false, None, rules)
    }

    /// In which guesses at a password are counted.
    pub(crate) fn counting(store: &Arc<dyn Storage>) -> Self {
        Self::with(store, true)
    }

    fn with(store: &Arc<dyn Storage>, counts: bool) -> Self {
        Self::made(store, counts, None, FactorRules::default())
    }

    fn made(
        store: &Arc<dyn Storage>,
        counts: bool,
        mailing: Option<Mailing>,
        rules: FactorRules,
    ) -> Self {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_millis(
            1_700_000_000_250,
        )));
        let gate = Arc::<Gate>::default();
        let stepped = || {
            let mut stepped = Stepped::new(Arc::clone(store), Arc::clone(&gate));
            stepped.counts = counts;
            stepped
        };
        let mut lagging = stepped();
        lagging.hears = false;
        let mut world = Self::process(stepped(), &clock, &gate, mailing.clone(), rules);
        let mut lagging = Self::process(lagging, &clock, &gate, mailing, rules);
        lagging.handings = Arc::clone(&world.handings);
        world.lagging = Some(Box::new(lagging));
        world
    }

    fn process(
        stepped: Stepped,
        clock: &Arc<ManualClock>,
        gate: &Arc<Gate>,
        mailing: Option<Mailing>,
        rules: FactorRules,
    ) -> Self {
        let settings = Settings {
            keep_events: None,
            factor_rules: rules,
            deletion_grace: mailing.as_ref().map_or(Duration::ZERO, |_| WAIT),
            ..settings()
        };
        let (hears, trouble) = (stepped.hears, Arc::clone(&stepped.trouble));
        let storage: Arc<dyn Storage> = Arc::new(stepped);
        let (live, authority) = process();
        let accounts = block_on(Accounts::start(Parts {
            storage: Arc::clone(&storage),
            hasher: HASHER.clone(),
            authority: authority.clone(),
            live,
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            rng: Arc::new(SeededRng::new(if hears { 7 } else { 9 })),
            mailing,
            settings,
        }))
        .unwrap();
        Self {
            accounts,
            clock: Arc::clone(clock),
            gate: Arc::clone(gate),
            storage,
            authority,
            rng: SeededRng::new(8),
            trouble,
            handings: Arc::default(),
            lagging: None,
        }
    }

    /// The folder that the letters of this test go to.
    pub(crate) fn letters() -> PathBuf {
        POST.with(|(folder, _)| folder.path().to_owned())
    }

    /// An operator beside them.
    pub(crate) fn operator(&self) -> Operator {
        let settings = OperatorSettings {
            access_lifetime: Duration::from_secs(ACCESS),
            leeway: Duration::ZERO,
            max_clock_difference: Duration::from_secs(2),
            attempt_key: Secret::new([8; 32]),
            outbox_key: Some(Secret::new([10; 32])),
            event_keys: EventKeys::default(),
            keep_events: false,
            factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
            secret_fingerprint: "11".to_owned(),
            public_url: "https://accounts.example.org".to_owned(),
        };
        let (storage, clock) = (Arc::clone(&self.storage), Arc::clone(&self.clock));
        Operator::new(storage, clock, Arc::new(SeededRng::new(6)), settings)
    }

    /// The process that someone asks: of two, one each; of those the second knows of nothing that was
    /// revoked.
    pub(crate) fn asked_by(&self, hand: usize) -> &Self {
        match &self.lagging {
            Some(lagging) if hand % 2 == 1 => lagging,
            _ => self,
        }
    }

    /// The one that knows of nothing that was revoked. What it admits the store must refuse.
    pub(crate) fn lagging(&self) -> &Self {
        self.asked_by(1)
    }

    /// Whether a request with this token gets in.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.authority.verify(token, self.seconds()).is_ok()
    }

    /// Which of `tokens` a process accepts that has just started on `store`, and heard its feed.
    pub(crate) fn accepted_anew<'a>(
        &self,
        store: &dyn Storage,
        tokens: impl Iterator<Item = &'a str>,
    ) -> Vec<bool> {
        let (live, authority) = process();
        let sink = Arc::new(Listening(Arc::downgrade(&live)));
        block_on(store.follow(self.clock.now(), sink)).unwrap();
        tokens
            .map(|token| authority.verify(token, self.seconds()).is_ok())
            .collect()
    }

    /// Makes an account as if it had been there before; `outdated`: with a hash to be upgraded.
    pub(crate) fn import(&self, who: &str, password: usize, outdated: bool) {
        let (username, email) = names(who);
        let now = self.clock.now();
        let new = NewUser {
            id: UserId::parse(who).unwrap(),
            username,
            email,
            email_verified: false,
            hash: HASHES[usize::from(outdated)][password].clone(),
            now,
        };
        block_on(self.storage.create_user(new)).unwrap();
    }

    /// Puts an outdated hash of the same password in the place of the present one.
    pub(crate) fn outdate(&self, who: &str, password: usize) {
        let name = LoginName {
            exact: who.to_owned(),
            ..LoginName::default()
        };
        let found = block_on(self.storage.credentials_by_login(&name))
            .unwrap()
            .unwrap();
        let outdated = &HASHES[1][password];
        let put = self
            .storage
            .upgrade_hash(&found.user.id, &found.hash, outdated);
        assert!(block_on(put).unwrap(), "nobody else is at it");
    }

    /// Opens `count` more sessions like the one of `actor`, now.
    pub(crate) fn crowd(&self, actor: &Actor, count: usize) {
        let now = self.clock.now();
        let moment = Moment {
            now,
            feed_until: now,
        };
        let like = block_on(self.storage.session(actor.session))
            .unwrap()
            .unwrap();
        for _ in 0..count {
            let session = Session {
                id: SessionId::new(now, &self.rng),
                created_at: now,
                ..like.clone()
            };
            block_on(self.storage.open_session(session, u32::MAX, moment)).unwrap();
        }
    }

    /// Carries a request out, as the server does: it looks at the token, then calls once.
    pub(crate) async fn perform(
        &self,
        who: impl Fn(usize) -> String,
        stock: &Stock,
        request: &Request,
    ) -> Answer {
        match *request {
            Request::Register {
                who: name,
                password,
            } => self.register(&who(name), password).await,
            Request::Login {
                who: name,
                password,
            } => self.login(who(name), password).await,
            Request::Wait(duration) => {
                self.clock.advance(duration);
                Answer::Done
            }
            Request::Sweep => answer(self.accounts.sweep().await.map_err(Trouble::Store)),
            Request::Refresh { with } => match self.admit(&stock[&with], Token::Refresh(with)) {
                Some(actor) => self.refresh(actor).await,
                None => Answer::Refused,
            },
            Request::RefreshByOlder { with } => {
                match self.admit(&stock[&with], Token::Refresh(with)) {
                    Some(actor) => self.refresh_as_before(actor).await,
                    None => Answer::Refused,
                }
            }
            Request::HandOut { of } => {
                let refresh = stock[&of].refresh.as_ref();
                let handing = refresh.and_then(|text| self.handings().get(text).cloned());
                match handing {
                    Some(handing) => {
                        let noted = self.accounts.note_handed_out(handing).await;
                        answer(noted.map_err(Trouble::Store))
                    }
                    None => Answer::Done,
                }
            }
            Request::Logout { with } => {
                let (Token::Access(number) | Token::Refresh(number)) = with;
                match self.admit_even_expired(&stock[&number], with) {
                    Some(actor) => {
                        answer(self.accounts.logout(&actor).await.map_err(Trouble::Store))
                    }
                    None => Answer::Refused,
                }
            }
            Request::ChangePassword { with, .. }
            | Request::Delete { with }
            | Request::EndSession { with, .. }
            | Request::EndOthers { with }
            | Request::Reauthenticate { with, .. } => {
                match self.admit(&stock[&with], Token::Access(with)) {
                    Some(actor) => self.perform_as(&actor, stock, request).await,
                    None => Answer::Refused,
                }
            }
        }
    }

    async fn refresh(&self, actor: Actor) -> Answer {
        match self.accounts.refresh(actor, ClientInfo::default()).await {
            Ok(Refreshed { tokens, handing }) => {
                if let Some(handing) = handing {
                    let text = tokens.refresh.expose().to_owned();
                    self.handings().insert(text, handing);
                }
                tokens.into()
            }
            Err(RefreshError::Revoked) => Answer::Refused,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    /// What the version before does: its pairs bear no mark, and it sees none.
    async fn refresh_as_before(&self, actor: Actor) -> Answer {
        let id = actor.session;
        let Some(before) = self.storage.session(id).await.unwrap() else {
            return Answer::Refused;
        };
        let is_late = self.clock.now().since(before.rotated_at) > GRACE;
        if before.pair.refresh != actor.token && is_late {
            self.remove_mark(&before).await;
        }
        let answer = self.refresh(actor).await;
        let after = self.storage.session(id).await.unwrap();
        if let Some(after) = after.filter(|after| after.pair.refresh != before.pair.refresh) {
            self.remove_mark(&after).await;
        }
        answer
    }

    async fn remove_mark(&self, session: &Session) {
        let (refresh, unchanged) = (session.pair.refresh.clone(), session.rotated_at);
        let noted = self.storage.note_handed_out(session.id, refresh, unchanged);
        noted.await.unwrap();
    }

    fn handings(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Handing>> {
        self.handings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn perform_as(&self, actor: &Actor, stock: &Stock, request: &Request) -> Answer {
        let accounts = &self.accounts;
        match *request {
            Request::ChangePassword { current, new, .. } => {
                let (current, new) = (secret(current), secret(new));
                answer(
                    accounts
                        .change_password(actor, None, current, new)
                        .await
                        .map(|_| ())
                        .map_err(|error| match error {
                            ChangePasswordError::Proof(error) => error.into(),
                            error => Trouble::Other(error.to_string()),
                        }),
                )
            }
            Request::Delete { .. } => {
                let deleted = accounts.delete_account(actor, actor.user.as_str()).await;
                answer(deleted.map(drop).map_err(|error| match error {
                    DeleteError::Forbidden => Trouble::Other(error.to_string()),
                    DeleteError::Refused(refused) => refused.into(),
                }))
            }
            Request::EndSession { session_of, .. } => {
                let target = stock[&session_of].session.to_string();
                let ended = accounts.end_session(actor, &target).await;
                answer(ended.map_err(|error| match error {
                    EndSessionError::NotFound => Trouble::Refused,
                    EndSessionError::Refused(refused) => refused.into(),
                }))
            }
            Request::EndOthers { .. } => answer(
                accounts
                    .end_other_sessions(actor)
                    .await
                    .map(drop)
                    .map_err(Trouble::from),
            ),
            Request::Reauthenticate { password, .. } => {
                match accounts
                    .reauthenticate(actor, None, secret(password), None)
                    .await
                {
                    Ok(fresh) => Answer::Tokens(Issued {
                        session: actor.session,
                        access: fresh.access.expose().to_owned(),
                        refresh: None,
                    }),
                    Err(ReauthenticateError::Proof(error)) => answer(Err(error.into())),
                    Err(error) => Answer::Failed(error.to_string()),
                }
            }
            _ => Answer::Failed("not asked with an access token".to_owned()),
        }
    }

    async fn register(&self, who: &str, password: usize) -> Answer {
        let (username, email) = names(who);
        let registration = Registration {
            username,
            email,
            password: secret(password),
        };
        match self.accounts.register(registration).await {
            Ok(_) => Answer::Done,
            Err(RegisterError::Taken(_)) => Answer::Refused,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    async fn login(&self, who: String, password: usize) -> Answer {
        let attempt = LoginAttempt {
            identifier: who,
            password: secret(password),
            device: None,
            client: ClientInfo::default(),
            browser: None,
            remembered: None,
            quota: None,
        };
        match self.accounts.login(attempt, &Bearer).await {
            Ok(tokens) => tokens.into(),
            Err(LoginError::InvalidCredentials) => Answer::Refused,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    /// The holder of a good token.
    pub(crate) fn admit(&self, issued: &Issued, token: Token) -> Option<Actor> {
        let (text, kind) = text_of(issued, token)?;
        let verified = self.authority.verify(text, self.seconds()).ok()?;
        (verified.kind() == kind).then(|| actor(&verified))
    }

    fn admit_even_expired(&self, issued: &Issued, token: Token) -> Option<Actor> {
        let (text, _) = text_of(issued, token)?;
        let verified = self
            .authority
            .verify_even_expired(text, self.seconds())
            .ok()?;
        Some(actor(&verified))
    }

    fn seconds(&self) -> u64 {
        self.clock.now().as_seconds()
    }
}

fn actor(token: &Verified) -> Actor {
    match Principal::of(token) {
        Some(Principal::Session(actor)) => actor,
        other => panic!("no actor: {other:?}"),
    }
}

/// A listener that ends with its process.
struct Listening(Weak<Live>);

impl FeedSink for Listening {
    fn apply(&self, rows: &[FeedRow]) {
        if let Some(live) = self.0.upgrade() {
            live.apply(rows);
        }
    }

    fn asked(&self) -> u64 {
        0
    }

    fn heard(&self, _: u64) {}
}

/// What a process has in memory when it starts.
fn process() -> (Arc<Live>, Authority) {
    let revoked = Arc::new(RevocationSet::new());
    let key = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
    let authority = Authority::builder(key)
        .require_session()
        .cache_entries(16)
        .revocations(Arc::clone(&revoked))
        .build();
    let live = Live::new(
        revoked,
        Arc::new(Staleness::new(std::time::Duration::MAX, Arc::new(|| 0))),
        Secret::new([7; 32]),
        Kind::of(HASHER.params()),
    );
    (Arc::new(live), authority)
}

fn mailing(letters: &Path) -> Mailing {
    let patience = Patience {
        connecting: Duration::from_secs(10),
        letter: Duration::from_secs(10),
    };
    let url = MailUrl::parse(&format!("file://{}", letters.display())).unwrap();
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
        verification: Verification::Off,
    }
}

fn settings() -> Settings {
    let seconds = std::time::Duration::from_secs;
    Settings {
        max_clock_difference: None,
        keep_events: None,
        access_lifetime: seconds(ACCESS),
        refresh_lifetime: seconds(REFRESH),
        refresh_grace: GRACE,
        session_max_age: seconds(MAX_AGE),
        leeway: seconds(0),
        registration_open: true,
        upgrade_hashes: true,
        deletion_grace: seconds(0),
        factor_rules: FactorRules::default(),
        policy: Policy::default(),
        decoy_key: Secret::new([7; 32]),
        attempt_key: Secret::new([8; 32]),
        device_key: Secret::new([9; 32]),
        device_key_previous: None,
        factors: Arc::new(Sealer::new(&Secret::new([11; 32]), None)),
        mail_delay: std::time::Duration::ZERO,
        code_key: Secret::new([11; 32]),
        code_key_previous: None,
        outbox_key: Secret::new([10; 32]),
        outbox_key_previous: None,
        longest_failure: seconds(1),
        lifetimes: Lifetimes::default(),
    }
}

fn names(who: &str) -> (Username, EmailAddress) {
    let email = format!("{who}@example.org");
    (
        Username::parse(who).unwrap(),
        EmailAddress::parse(&email).unwrap(),
    )
}

fn secret(password: usize) -> Secret<String> {
    PASSWORDS[password].into()
}

fn text_of(issued: &Issued, token: Token) -> Option<(&str, TokenKind)> {
    match token {
        Token::Access(_) => Some((&issued.access, TokenKind::Access)),
        Token::Refresh(_) => Some((issued.refresh.as_deref()?, TokenKind::Refresh)),
    }
}
