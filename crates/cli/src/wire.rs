//! The one place that builds everything, and that names a storage backend.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use account::{Accounts, COUNT_EVERY, Lifetimes, Live, Parts, SWEEP_EVERY, Settings};
use anyhow::Context as _;
use config::{Config, Keys, PublicUrl};
use csrf::FormTokens;
use headers::{Hsts, HttpsRedirect};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jwt::revocation::{RevocationSet, Staleness};
use jwt::{Algorithm, Authority, SigningKey, VerifyingKey};
use model::{Clock, Rng, SystemRng};
use password::{Hasher, HasherConfig, Policy, Scheme};
use ratelimit::{Capacity, SharedStore, TrustedProxies};
use secret::Secret;
use server::limits::{Allowances, Counters, RequestLimits};
use server::listener::Bounds;
use server::pages::{Pages, Reach};
use server::stack::{Edge, Stack};
use server::{App, AppParts};
use sha2::Sha256;
use storage::{Storage, Upkeep as _};
use storage_mongodb::limits::{LeasedLimits, MongoLimits};
use storage_mongodb::{KeyPrint, MongoStore, MongoUri};
use storage_sqlite::{LimitStore, Options, Role, SqliteStore};
use tokio::task::JoinHandle;

/// The file that holds everything, in the data folder.
const DATABASE: &str = "portcullis.db";

/// How often the counters of the rate limits are written.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// How long the last writing of them may take. Those worth most come first: only a flood of keys that were
/// hit once takes longer than a moment, and whoever stops the server waits for it.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// Load balancers ask these over http.
const HEALTH: &[&str] = &["/livez", "/readyz"];

/// How far the clocks of two nodes, and of a node and its store, may differ before `readyz` fails.
pub const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// What a server takes from around it; tests bring their own.
pub struct Surroundings {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub rng: Arc<dyn Rng>,
    /// How passwords are hashed.
    pub hashing: HasherConfig,
    /// How much time and room a client gets.
    pub bounds: Bounds,
    /// By how much the clock may differ from the store's before the server says that it isn't ready.
    pub max_clock_difference: Option<Duration>,
    /// The address that people use: the issuer of the tokens, unless another is set.
    pub public_url: PublicUrl,
}

/// A server, ready to be served.
pub struct Built {
    /// The application.
    pub app: Stack,
    /// The use cases behind it.
    pub accounts: Accounts,
    /// Cares for the store until it is closed.
    pub upkeep: Upkeep,
}

/// What is done now and then, and at the end.
pub struct Upkeep {
    counting: Option<JoinHandle<()>>,
    sweeping: JoinHandle<()>,
    counters: Option<Arc<LimitStore>>,
    accounts: Accounts,
}

impl Upkeep {
    /// Ends the care, writes what is counted, and closes the store.
    pub async fn close(self) {
        for task in self.counting.into_iter().chain([self.sweeping]) {
            task.abort();
            let _ = task.await; // waited for, so that nothing of it holds the store
        }
        if let Some(counters) = &self.counters {
            let written = tokio::time::timeout(LAST_WRITE, write_counters(counters)).await;
            if written.is_err() {
                tracing::warn!("counters of the rate limits that were hit once are left out");
            }
        }
        self.accounts.close().await;
    }
}

/// Opens the store and puts the server together.
///
/// # Errors
/// When the store can't be opened or read, or a key can't be used.
pub async fn build(config: &Config, keys: &Keys, around: Surroundings) -> anyhow::Result<Built> {
    let Stored {
        storage,
        counters,
        behind,
    } = open_store(config, keys, &*around.clock, &*around.rng).await?;
    let bound = config.sessions.revocation_max_staleness;
    let staleness = Arc::new(Staleness::new(bound, Arc::new(monotonic_millis)));
    let revoked = Arc::new(RevocationSet::with_staleness(Arc::clone(&staleness)));
    let authority = authority(
        config,
        keys,
        around.public_url.as_str(),
        Arc::clone(&revoked),
    )?;
    let hashing = around.hashing.scheme(scheme(config));
    let live = Live::new(
        revoked,
        staleness,
        derived_key(&keys.secret_key, "decoys"),
        hashing.kind(),
    );
    let parts = Parts {
        storage,
        hasher: Hasher::new(hashing)?,
        authority: authority.clone(),
        live: Arc::new(live),
        clock: Arc::clone(&around.clock),
        rng: around.rng,
        settings: Settings {
            max_clock_difference: around.max_clock_difference,
            ..settings(config, keys)
        },
    };
    let accounts = Accounts::start(parts)
        .await
        .context("the store can't be read")?;
    let app = App::new(AppParts {
        accounts: accounts.clone(),
        authority,
        clock: Arc::clone(&around.clock),
        limits: request_limits(config, keys, counters),
        pages: Arc::new(pages(
            config,
            keys,
            &around.public_url,
            Arc::clone(&around.clock),
        )?),
    });
    let edge = Edge {
        proxies: TrustedProxies::new(config.server.trusted_proxies.iter().copied())
            .believing(config.server.forwarded_by),
        redirect: HttpsRedirect::new(around.public_url.as_str())?.exempt_paths(HEALTH),
        body_time: around.bounds.body_time,
        answer_time: around.bounds.answer_time,
        hsts: hsts(config),
    };
    let upkeep = Upkeep {
        counting: behind
            .clone()
            .map(|counters| tokio::spawn(write_behind(counters))),
        sweeping: tokio::spawn(keep_up(accounts.clone(), behind.clone(), around.clock)),
        counters: behind,
        accounts: accounts.clone(),
    };
    Ok(Built {
        app: Stack::new(app, edge),
        accounts,
        upkeep,
    })
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("hashing", &self.hashing)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep").finish_non_exhaustive()
    }
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Built")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}

/// A store that was opened, and where limits are counted.
struct Stored {
    storage: Arc<dyn Storage>,
    counters: Counters,
    /// Counters that are in memory, and written now and then.
    behind: Option<Arc<LimitStore>>,
}

async fn open_store(
    config: &Config,
    keys: &Keys,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> anyhow::Result<Stored> {
    match &config.storage.mongo_uri {
        Some(uri) => open_mongo(uri, &key_prints(config, keys)?, rng).await,
        None => open_sqlite(&config.storage.data_dir, clock).await,
    }
}

async fn open_sqlite(folder: &Path, clock: &dyn Clock) -> anyhow::Result<Stored> {
    let options = Options::new(Role::Server, clock.now());
    let storage = SqliteStore::open(&folder.join(DATABASE), &options)?;
    let (store, capacity) = (Arc::clone(&storage), Capacity::default());
    let counters = LimitStore::load(store, capacity, counted(clock)).await;
    let counters = Arc::new(counters.context("the rate limits can't be read")?);
    let shared = SharedStore::new(Arc::clone(&counters));
    Ok(Stored {
        storage,
        counters: Counters {
            clients: shared.clone(),
            users: shared,
        },
        behind: Some(counters),
    })
}

async fn open_mongo(
    uri: &Secret<String>,
    keys: &[KeyPrint],
    rng: &dyn Rng,
) -> anyhow::Result<Stored> {
    let uri = MongoUri::parse(uri.expose().clone()).context("MONGO_URI")?;
    let options = storage_mongodb::Options::new(rng);
    let storage = MongoStore::open(&uri, options).await.context("MONGO_URI")?;
    storage.agree_on_keys(keys).await?;
    let limits = Arc::new(MongoLimits::new(Arc::clone(&storage)));
    let users = LeasedLimits::new(Arc::clone(&limits));
    Ok(Stored {
        storage,
        counters: Counters {
            clients: SharedStore::new(limits),
            users: SharedStore::new(users),
        },
        behind: None,
    })
}

/// Has the database that servers share know these keys, and no longer those that it knew.
///
/// # Errors
/// When it can't be opened or written.
pub async fn replace_known_keys(config: &Config, keys: &Keys) -> anyhow::Result<()> {
    let uri = config.storage.mongo_uri.as_ref().context("MONGO_URI")?;
    let uri = MongoUri::parse(uri.expose().clone()).context("MONGO_URI")?;
    let options = storage_mongodb::Options::new(&SystemRng);
    let storage = MongoStore::open(&uri, options).await.context("MONGO_URI")?;
    let replaced = storage.replace_keys(&key_prints(config, keys)?).await;
    storage.close().await;
    Ok(replaced?)
}

/// What the store may know of the keys.
fn key_prints(config: &Config, keys: &Keys) -> anyhow::Result<Vec<KeyPrint>> {
    let print = |secret| {
        let key = derived_key(secret, "fingerprint");
        let half = &key.expose()[..16];
        half.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
            text
        })
    };
    let signing = if keys.jwt_secret_key.is_some() {
        "JWT_SECRET_KEY"
    } else {
        "JWT_PRIVATE_KEY"
    };
    let previous = previous_keys(config, keys)?;
    Ok(vec![
        KeyPrint {
            name: signing,
            purpose: "signing",
            present: signing_key(config, keys)?.key_id().to_owned(),
            previous: previous.iter().map(|key| key.key_id().to_owned()).collect(),
        },
        KeyPrint {
            name: "SECRET_KEY",
            purpose: "secrets",
            present: print(&keys.secret_key),
            previous: keys.secret_key_previous.iter().map(print).collect(),
        },
    ])
}

/// The present, as limits count it.
fn counted(clock: &dyn Clock) -> ratelimit::Timestamp {
    let millis = u64::try_from(clock.now().as_millis());
    ratelimit::Timestamp::from_millis(millis.unwrap_or_default())
}

fn request_limits(config: &Config, keys: &Keys, counters: Counters) -> Option<Arc<RequestLimits>> {
    let limits = &config.limits;
    let allowances = Allowances {
        default: limits.default.clone(),
        user: limits.user.clone(),
        pages: limits.pages.clone(),
        strategy: limits.strategy,
    };
    let key = derived_key(&keys.secret_key, "rate limits");
    let (half, _) = key.expose().split_first_chunk()?; // 16 of 32 bytes
    limits
        .enabled
        .then(|| Arc::new(RequestLimits::new(counters, half, &allowances)))
}

fn hsts(config: &Config) -> Hsts {
    if config.server.hsts_subdomains {
        Hsts::default()
    } else {
        Hsts::default().without_subdomains()
    }
}

fn authority(
    config: &Config,
    keys: &Keys,
    public_url: &str,
    revoked: Arc<RevocationSet>,
) -> anyhow::Result<Authority> {
    let tokens = &config.tokens;
    // Tokens of other nodes come from their clocks, which may be ahead of this one as far as `readyz` allows.
    let skew = match config.storage.mongo_uri {
        Some(_) => CLOCK_SKEW,
        None => Duration::ZERO,
    };
    let mut builder = Authority::builder(signing_key(config, keys)?)
        .issuer(tokens.issuer.as_deref().unwrap_or(public_url))
        .leeway(tokens.leeway.as_secs())
        .clock_skew(skew.as_secs())
        .require_session()
        .legacy_until(tokens.legacy_until.map(whole_seconds))
        .revocations(revoked);
    for key in previous_keys(config, keys)? {
        builder = builder.also_accept(key);
    }
    if let Some(issuer) = &tokens.accepted_issuer {
        builder = builder.accept_issuer(issuer);
    }
    if let Some(audience) = &tokens.audience {
        builder = builder.audience(audience);
    }
    if let Some(audience) = &tokens.accepted_audience {
        builder = builder.accept_audience(audience);
    }
    Ok(builder.build())
}

/// Unix seconds, rounded down.
fn whole_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs()) // before the epoch: over
}

/// The key that signs tokens.
///
/// # Errors
/// When it is no key for the configured algorithm, or `JWT_PUBLIC_KEY` belongs to another.
pub fn signing_key(config: &Config, keys: &Keys) -> anyhow::Result<SigningKey> {
    let algorithm = algorithm(config.tokens.algorithm);
    if let Some(secret) = &keys.jwt_secret_key {
        return Ok(SigningKey::hmac(algorithm, secret.expose().as_bytes())?);
    }
    let private = config
        .tokens
        .private_key
        .as_ref()
        .context("JWT_PRIVATE_KEY is not set")?;
    let key = SigningKey::from_pkcs8_pem(algorithm, private.expose()).context("JWT_PRIVATE_KEY")?;
    if let Some(public) = &config.tokens.public_key {
        let public = VerifyingKey::from_public_pem(algorithm, public).context("JWT_PUBLIC_KEY")?;
        anyhow::ensure!(
            public.key_id() == key.key_id(),
            "JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY"
        );
    }
    Ok(key)
}

/// The keys whose tokens are still accepted. They may be of another algorithm than the present one:
/// each verifies with its own and no other.
///
/// # Errors
/// When one is no key.
pub fn previous_keys(config: &Config, keys: &Keys) -> anyhow::Result<Vec<VerifyingKey>> {
    let mut previous = Vec::new();
    if let Some(secret) = &keys.jwt_secret_key_previous {
        let present = algorithm(config.tokens.algorithm);
        let algorithm = if config.tokens.algorithm.is_asymmetric() {
            Algorithm::HS256
        } else {
            present
        };
        let key = VerifyingKey::hmac(algorithm, secret.expose().as_bytes());
        previous.push(key.context("JWT_SECRET_KEY_PREVIOUS")?);
    }
    if let Some(pem) = &config.tokens.previous_public_key {
        let key = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256]
            .into_iter()
            .find_map(|algorithm| VerifyingKey::from_public_pem(algorithm, pem).ok());
        previous.push(key.context("JWT_PUBLIC_KEY_PREVIOUS is no key for EdDSA, ES256 or RS256")?);
    }
    Ok(previous)
}

const fn algorithm(configured: config::Algorithm) -> Algorithm {
    match configured {
        config::Algorithm::Hs256 => Algorithm::HS256,
        config::Algorithm::Hs384 => Algorithm::HS384,
        config::Algorithm::Hs512 => Algorithm::HS512,
        config::Algorithm::EdDsa => Algorithm::EdDSA,
        config::Algorithm::Es256 => Algorithm::ES256,
        config::Algorithm::Rs256 => Algorithm::RS256,
    }
}

/// Milliseconds that go on while the machine sleeps: what was not heard for so long is not known.
fn monotonic_millis() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or_default() * 1000 + nanos.unwrap_or_default() / 1_000_000
}

/// What new hashes are: while a Flask application signs in the same people, what it can read.
const fn scheme(config: &Config) -> Scheme {
    if config.passwords.upgrade {
        Scheme::Argon2id
    } else {
        Scheme::Werkzeug
    }
}

fn settings(config: &Config, keys: &Keys) -> Settings {
    let tokens = &config.tokens;
    Settings {
        access_lifetime: tokens.access_expires,
        refresh_lifetime: tokens.refresh_expires,
        refresh_grace: config.sessions.refresh_grace,
        session_max_age: config.sessions.max_age,
        leeway: tokens.leeway,
        registration_open: config.registration.is_open(),
        upgrade_hashes: config.passwords.upgrade,
        policy: Policy::with_min_chars(config.passwords.min_length),
        decoy_key: derived_key(&keys.secret_key, "decoys"),
        attempt_key: derived_key(&keys.secret_key, "attempts"),
        device_key: derived_key(&keys.secret_key, "devices"),
        device_key_previous: keys
            .secret_key_previous
            .as_ref()
            .map(|previous| derived_key(previous, "devices")),
        lifetimes: Lifetimes::default(),
        max_clock_difference: None,
    }
}

fn pages(
    config: &Config,
    keys: &Keys,
    public_url: &PublicUrl,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Pages> {
    let reach = match (public_url.is_https(), public_url.is_loopback()) {
        (true, _) => Reach::Https,
        (false, true) => Reach::Loopback,
        (false, false) => Reach::PlainHttp,
    };
    let mut tokens = FormTokens::new(derived_key(&keys.secret_key, "forms").expose())?
        .time_limit(config.forms.time_limit)
        .clock_skew(CLOCK_SKEW);
    if let Some(previous) = &keys.secret_key_previous {
        tokens = tokens.with_previous_secret(derived_key(previous, "forms").expose())?;
    }
    Ok(Pages::new(public_url.as_str(), reach, tokens, clock)?)
}

/// A key for one purpose (RFC 5869 §2.3, one block: the secret is strong already).
#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn derived_key(secret: &Secret<String>, purpose: &str) -> Secret<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length");
    mac.update(b"portcullis/");
    mac.update(purpose.as_bytes());
    mac.update(&[1]);
    Secret::new(mac.finalize().into_bytes().into())
}

/// Sweeps now and then. A failing store is no reason to stop: it may come back.
async fn keep_up(accounts: Accounts, counters: Option<Arc<LimitStore>>, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 1_u32.. {
        ticks.tick().await;
        if let Err(error) = accounts.sweep().await {
            tracing::warn!(%error, "what has run out could not be swept");
        }
        if round.is_multiple_of(COUNT_EVERY)
            && let Err(error) = accounts.refresh_decoys().await
        {
            tracing::warn!(%error, "the kinds of hash could not be counted");
        }
        if let Some(counters) = &counters {
            counters.sweep(counted(&*clock)).await;
        }
    }
}

/// Writes the counters of the rate limits again and again: at a kill less than a second of them is lost,
/// and more only of those that matter least, while a flood brings more than the disk takes.
async fn write_behind(counters: Arc<LimitStore>) {
    let mut ticks = tokio::time::interval(WRITE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write_counters(&counters).await;
    }
}

async fn write_counters(counters: &LimitStore) {
    loop {
        match counters.write_behind().await {
            Ok(true) => return,
            Ok(false) => {} // a flood: the next round begins with what is worth most
            Err(error) => {
                tracing::warn!(%error, "what was counted for the rate limits could not be written yet");
                return;
            }
        }
    }
}
