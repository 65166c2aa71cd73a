//! An application of its own for each test.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use account::Accounts;
use axum::body::Body;
use cli::wire::{Built, Post, Surroundings, Upkeep, build};
use config::{Config, Flags, Sources};
use headers::Scheme;
use http_body_util::BodyExt as _;
use jwt::{Algorithm, Authority, Claims, SigningKey};
use model::{Clock as _, ManualClock, Timestamp};
use password::{HasherConfig, Params};
use scratch_database::{Database, Servers};
use server::listener::{Bounds, Handle, serve};
use server::stack::Stack;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::process::{self, Ran};
use crate::random::Exhaustible;
use crate::request::header;
use crate::{Answer, Request};

/// Where a test's accounts are kept.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A file in a folder of the test's own.
    Sqlite,
    /// A database of the test's own.
    MongoDb(Arc<Database>),
}

impl Backend {
    /// A database of the test's own, where there is a server.
    pub async fn mongodb() -> Option<Self> {
        Self::mongodb_on(Servers::Alone).await
    }

    /// A database of the test's own, where there are such servers.
    pub async fn mongodb_on(servers: Servers) -> Option<Self> {
        let database = Database::fresh(servers).await?;
        Some(Self::MongoDb(Arc::new(database)))
    }

    /// The setting that names it.
    fn setting(&self) -> Option<(&str, &str)> {
        match self {
            Self::Sqlite => None,
            Self::MongoDb(database) => Some(("MONGO_URI", &database.uri)),
        }
    }
}

/// A running application.
pub struct TestApp {
    backend: Backend,
    settings: Vec<(String, String)>,
    bounds: Bounds,
    folder: Arc<TempDir>,
    clock: Arc<ManualClock>,
    random: Arc<Exhaustible>,
    client: reqwest::Client,
    address: SocketAddr,
    accounts: Accounts,
    stack: Stack,
    debug: String,
    running: Running,
}

struct Running {
    handle: Handle,
    serving: JoinHandle<()>,
    upkeep: Upkeep,
}

impl TestApp {
    /// The key that signs the tokens of each test.
    pub const SECRET: &'static str = "the-signing-key-of-the-tests-0123456789-abcdef";

    /// The key for everything else.
    pub const OTHER_SECRET: &'static str = "the-other-key-of-the-tests-0123456789-abcdefgh";

    /// Who issues the tokens of each test.
    pub const ISSUER: &'static str = "https://accounts.example.org";

    /// What the client calls itself.
    pub const AGENT: &'static str = "portcullis-tests/1";

    /// An application with the default settings.
    pub async fn start(backend: Backend) -> Self {
        Self::build(backend, Vec::new(), Bounds::default()).await
    }

    /// An application with other bounds for its clients, on the embedded store.
    pub async fn with_bounds(bounds: Bounds) -> Self {
        Self::build(Backend::Sqlite, Vec::new(), bounds).await
    }

    /// An application with other bounds for its clients and these settings, on the embedded store.
    pub async fn with_bounds_and(bounds: Bounds, settings: &[(&str, &str)]) -> Self {
        Self::build(Backend::Sqlite, owned(settings), bounds).await
    }

    /// An application with these settings, on the embedded store.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::start_with(Backend::Sqlite, settings).await
    }

    /// An application with these settings. Several on one database are nodes, each with its own clock.
    pub async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        Self::build(backend, owned(settings), Bounds::default()).await
    }

    async fn build(backend: Backend, settings: Vec<(String, String)>, bounds: Bounds) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the test"));
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_seconds(
            1_800_000_000,
        )));
        Self::run(backend, settings, bounds, folder, clock).await
    }

    async fn run(
        backend: Backend,
        settings: Vec<(String, String)>,
        bounds: Bounds,
        folder: Arc<TempDir>,
        clock: Arc<ManualClock>,
    ) -> Self {
        let env = environment(&backend, &settings);
        let env = env.into_iter();
        let config = Config::load(Sources {
            env: env
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            working_dir: folder.path().to_owned(),
            flags: Flags::default(),
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let keys = config.keys().expect("the keys are set");
        let listener = TcpListener::bind(config.server.listen).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let random = Arc::new(Exhaustible::default());
        let surroundings = Surroundings {
            clock: Arc::clone(&clock) as _,
            rng: Arc::clone(&random) as _,
            hashing: HasherConfig::with_params(cheap()),
            bounds,
            max_clock_difference: None, // the test's clock is its own
            mail_delay: Duration::ZERO, // it stands still
            public_url: config.server.public_url_at(address),
            post: Post::prepare(&config).expect("settings of mail that can be used"),
        };
        let debug = format!("{config:?} {keys:?}");
        let Built {
            app,
            accounts,
            upkeep,
        } = build(&config, &keys, surroundings)
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
        let debug = format!("{debug} {app:?} {accounts:?}");
        let handle = Handle::new();
        let stack = app.clone();
        let serving = tokio::spawn({
            let handle = handle.clone();
            async move {
                serve(listener, app, bounds, None, handle)
                    .await
                    .expect("it serves");
            }
        });
        let client = reqwest::Client::builder()
            .user_agent(Self::AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        let running = Running {
            handle,
            serving,
            upkeep,
        };
        Self {
            backend,
            settings,
            bounds,
            folder,
            clock,
            random,
            client,
            address,
            accounts,
            stack,
            debug,
            running,
        }
    }

    /// Stops it, and starts it again on what it has stored.
    pub async fn restart(self) -> Self {
        let Self {
            backend,
            settings,
            bounds,
            folder,
            clock,
            accounts,
            stack,
            running,
            ..
        } = self;
        running
            .handle
            .graceful_shutdown(Some(Duration::from_secs(1)));
        running.serving.await.expect("it stops");
        stack.settled().await;
        drop((accounts, stack));
        running.upkeep.close().await;
        Self::run(backend, settings, bounds, folder, clock).await
    }

    /// Stops it, and starts it again with these settings, too.
    pub async fn restart_with(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(owned(settings));
        self.restart().await
    }

    /// Runs a command of the binary beside it, with its settings.
    pub async fn command(&self, arguments: &[&str]) -> Ran {
        // It may have to be built first, and the application goes on meanwhile.
        let built = tokio::task::spawn_blocking(process::binary).await;
        built.expect("it is built");
        let env = environment(&self.backend, &self.settings);
        let env: Vec<_> = env
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        process::run(self.folder(), arguments, &env, "").await
    }

    /// Closes the store under the running server.
    pub async fn close_store(&self) {
        self.accounts.close().await;
    }

    /// Lets whatever needs a random number panic.
    pub fn exhaust_randomness(&self) {
        self.random.exhaust();
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// What time it is for it.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Removes what has run out.
    pub async fn sweep(&self) {
        self.accounts.sweep().await.expect("the store is there");
    }

    /// Where its accounts are kept.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The folder it runs in.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// An access token of a session, as whoever has the key can make one.
    pub fn token_of(&self, user: &str, session: &str) -> String {
        let key = SigningKey::hmac(Algorithm::HS256, Self::SECRET.as_bytes());
        let authority = Authority::builder(key.expect("it is long enough"))
            .issuer(Self::ISSUER)
            .build();
        let now = self.clock.now().as_seconds();
        let claims = Claims::access(user, "made-by-a-test", now, 900).with_session(session, 0);
        let token = authority.issue(&claims).expect("it can be signed");
        token.expose().to_owned()
    }

    /// What sends requests to it.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `Debug` shows of all its parts.
    pub fn debug(&self) -> &str {
        &self.debug
    }

    /// The answer to a request as if it came over https: to the application itself, beside the listener.
    pub async fn over_https(&self, request: Request) -> Answer {
        let (parts, body) = self.unsent(request, Scheme::Https).await.into_parts();
        let body = body.collect().await.expect("the body arrives").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// Carries a request out, and loses the answer before its first byte leaves.
    pub async fn lose_answer(&self, request: Request) {
        let answer = self.unsent(request, Scheme::Http).await;
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Carries a request out, and sends the first bytes of the answer to someone who takes no more.
    pub async fn begin_answer(&self, request: Request) {
        let mut answer = self.unsent(request, Scheme::Http).await;
        let first = answer.body_mut().frame().await;
        assert!(first.is_some_and(|frame| frame.is_ok()), "it has a body");
        self.settle().await;
    }

    /// Waits until what answers have left behind is stored.
    pub async fn settle(&self) {
        self.stack.settled().await;
    }

    /// An answer of the application itself, beside the listener.
    async fn unsent(&self, request: Request, scheme: Scheme) -> http::Response<Body> {
        let mut request = request.built();
        let host = request.uri().authority().expect("it has a host").as_str();
        let host = header(host);
        request.headers_mut().insert("host", host);
        let peer = SocketAddr::from(([127, 0, 0, 1], 4));
        let answering = self.stack.answer(request, peer, scheme);
        answering.await.unwrap_or_else(|never| match never {})
    }
}

/// The settings of an application: a later one wins.
fn environment(backend: &Backend, settings: &[(String, String)]) -> BTreeMap<String, String> {
    let defaults = [
        ("PORTCULLIS_LISTEN", "127.0.0.1:0"),
        ("JWT_SECRET_KEY", TestApp::SECRET),
        ("JWT_ENCODE_ISSUER", TestApp::ISSUER), // the port differs from start to start
        // Counted as ever, and out of the way of tests of other things.
        ("RATELIMIT_DEFAULT", "1000000 per hour"),
        ("PORTCULLIS_RATELIMIT_USER", "1000000 per hour"),
        ("PORTCULLIS_RATELIMIT_HASHING", "1000000 per hour"),
        ("PORTCULLIS_RATELIMIT_SIGNIN", "1000000 per hour"),
        ("PORTCULLIS_RATELIMIT_PAGES", "1000000 per hour"),
        ("PORTCULLIS_RATELIMIT_TAKEN", "1000000 per hour"),
        ("SECRET_KEY", TestApp::OTHER_SECRET),
        // For a machine that does much else.
        ("PORTCULLIS_REQUEST_TIMEOUT", "30"),
    ];
    let defaults = defaults.into_iter().chain(backend.setting());
    let given = settings.iter().map(|(name, value)| (&**name, &**value));
    let all = defaults.chain(given);
    all.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
    settings.iter().map(owned).collect()
}

/// Costs next to nothing: tests hash often.
fn cheap() -> Params {
    Params::new(64, 1, 1).expect("Argon2 has such a cost")
}
