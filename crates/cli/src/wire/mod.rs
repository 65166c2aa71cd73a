//! The one place that builds everything, and that names a storage backend.

mod keys;
mod mail;
mod operator;
mod prepared;
mod progress;
mod store;
mod upkeep;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use account::{Accounts, FactorRules, Lifetimes, Live, Parts, Settings};
use anyhow::Context as _;
use config::env_vars::accounts::BREACHED_FILE;
use config::{Config, Keys, PublicUrl};
use csrf::FormTokens;
use headers::{Hsts, HttpsRedirect};
use jwt::revocation::{RevocationSet, Staleness};
use model::{Clock, Rng};
use password::{BreachedList, ForeignSettings, Hasher, HasherConfig, HasherParts, Policy, Scheme};
use ratelimit::TrustedProxies;
use secret::Sealer;
use server::limits::{Allowances, Counters, RequestLimits};
use server::listener::Bounds;
use server::pages::{Pages, Reach};
use server::stack::{Edge, Stack};
use server::{AppParts, Cors};

use keys::{authority, derived_key};
use store::{Stored, open_store};

pub use keys::{KeyFault, previous_keys, signing_key};
pub use mail::Post;
pub use operator::open_operator;
pub use prepared::{Prepared, Unusable};
pub use store::replace_known_keys;
pub use upkeep::Upkeep;

/// Load balancers ask these over http.
const HEALTH: &[&str] = &["/livez", "/readyz"];

/// How far the clocks of two nodes, and of a node and its store, may differ before `readyz` fails.
pub const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// What is asked for by mail is done within so long, as a rule.
pub const MAIL_DELAY: Duration = Duration::from_secs(4);

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
    /// The longest that what is asked for by mail waits before anything is looked up.
    pub mail_delay: Duration,
    /// The address that people use: the issuer of the tokens, unless another is set.
    pub public_url: PublicUrl,
    /// What people read, and how they are written to.
    pub post: Post,
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
    let hashing = hashing.patience(patience(config.server.request_timeout));
    let live = Live::new(
        revoked,
        staleness,
        derived_key(&keys.secret_key, "decoys"),
        hashing.kind(),
    );
    let parts = Parts {
        storage,
        hasher: Hasher::with_parts(hashing, hashing_parts(config)?)?,
        authority: authority.clone(),
        live: Arc::new(live),
        clock: Arc::clone(&around.clock),
        rng: around.rng,
        mailing: around.post.mailing(config, &around.public_url),
        settings: Settings {
            max_clock_difference: around.max_clock_difference,
            mail_delay: around.mail_delay,
            ..settings(config, keys)
        },
    };
    let accounts = Accounts::start(parts)
        .await
        .context("the store can't be read")?;
    let parts = AppParts {
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
        texts: around.post.texts,
        app_issuer: app_issuer(config, &around.public_url),
    };
    let edge = Edge {
        proxies: TrustedProxies::new(config.server.trusted_proxies.iter().copied())
            .believing(config.server.forwarded_by),
        redirect: HttpsRedirect::new(around.public_url.as_str())?.exempt_paths(HEALTH),
        body_time: around.bounds.body_time,
        request_time: config.server.request_timeout,
        hsts: hsts(config),
        cors: Cors::new(config.server.cors_origins.iter().map(PublicUrl::as_str)),
    };
    let upkeep = Upkeep::begin(accounts.clone(), behind, around.clock);
    Ok(Built {
        app: Stack::new(parts, edge),
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

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Built")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}

fn request_limits(config: &Config, keys: &Keys, counters: Counters) -> Option<Arc<RequestLimits>> {
    let limits = &config.limits;
    let allowances = Allowances {
        default: limits.default.clone(),
        user: limits.user.clone(),
        hashing: limits.hashing.clone(),
        sign_in: limits.sign_in.clone(),
        pages: limits.pages.clone(),
        taken: limits.taken.clone(),
        strategy: limits.strategy,
    };
    let key = derived_key(&keys.secret_key, "rate limits");
    let (half, _) = key.expose().split_first_chunk()?; // 16 of 32 bytes
    limits.enabled.then(|| {
        Arc::new(RequestLimits::new(
            counters,
            half,
            &allowances,
            server::routes(),
        ))
    })
}

fn hsts(config: &Config) -> Hsts {
    if config.server.hsts_subdomains {
        Hsts::default()
    } else {
        Hsts::default().without_subdomains()
    }
}

/// Milliseconds that go on while the machine sleeps: what was not heard for so long is not known.
fn monotonic_millis() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or_default() * 1000 + nanos.unwrap_or_default() / 1_000_000
}

/// How long a request may wait for its turn at hashing. Not until its deadline: the look-ups before, the hashing itself
/// and the session afterwards need time as well, and whoever is let in should be answered.
fn patience(request_timeout: Duration) -> Duration {
    request_timeout * 3 / 5
}

/// How long a sign-in that fails may take from its turn at hashing on, where those that fail are made to take the same.
/// Somebody who had to wait for a turn until the last moment is answered before the deadline all the same.
fn longest_failure(request_timeout: Duration) -> Duration {
    request_timeout.saturating_sub(patience(request_timeout)) * 3 / 4
}

/// What new hashes are: while a Flask application signs in the same people, what it can read.
const fn scheme(config: &Config) -> Scheme {
    if config.passwords.upgrade {
        Scheme::Argon2id
    } else {
        Scheme::Werkzeug
    }
}

/// What passwords are held against.
fn hashing_parts(config: &Config) -> anyhow::Result<HasherParts> {
    let file = config.passwords.breached_file.as_deref();
    Ok(HasherParts {
        foreign: foreign(config),
        breached: file.map(open_breached).transpose()?,
    })
}

/// The list of passwords that are known from breaches.
fn open_breached(file: &Path) -> anyhow::Result<BreachedList> {
    let list = BreachedList::open(file);
    list.map_err(|error| anyhow::anyhow!("{}: {} {error}", BREACHED_FILE.name, file.display()))
}

/// What the hashes of an old application don't say about themselves.
fn foreign(config: &Config) -> ForeignSettings {
    ForeignSettings {
        truncate_bcrypt: config.passwords.truncate_bcrypt,
        bcrypt_pepper: config.passwords.bcrypt_pepper.clone(),
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
        deletion_grace: config.deletion_grace,
        keep_events: config.events_kept,
        factor_rules: factor_rules(config),
        policy: Policy::with_min_chars(config.passwords.min_length),
        decoy_key: derived_key(&keys.secret_key, "decoys"),
        attempt_key: derived_key(&keys.secret_key, "attempts"),
        device_key: derived_key(&keys.secret_key, "devices"),
        device_key_previous: keys
            .secret_key_previous
            .as_ref()
            .map(|previous| derived_key(previous, "devices")),
        factors: Arc::new(sealer(keys, "factors")),
        mail_delay: MAIL_DELAY,
        code_key: derived_key(&keys.secret_key, "codes"),
        code_key_previous: keys
            .secret_key_previous
            .as_ref()
            .map(|previous| derived_key(previous, "codes")),
        outbox_key: derived_key(&keys.secret_key, "outbox"),
        outbox_key_previous: keys
            .secret_key_previous
            .as_ref()
            .map(|previous| derived_key(previous, "outbox")),
        longest_failure: longest_failure(config.server.request_timeout),
        lifetimes: Lifetimes::default(),
        max_clock_difference: None,
    }
}

/// What authenticator apps list accounts under, as mail calls the service: people may have accounts at several that have no
/// name.
fn app_issuer(config: &Config, public_url: &PublicUrl) -> String {
    match &config.mail.brand {
        Some(brand) => brand.to_string(),
        None => public_url.host(),
    }
}

fn factor_rules(config: &Config) -> FactorRules {
    let rules = &config.second_factor;
    FactorRules {
        required: rules.required,
        grace: rules.grace,
        remember: rules.remember,
    }
}

/// Encrypts what is stored for one purpose.
fn sealer(keys: &Keys, purpose: &str) -> Sealer {
    let previous = keys.secret_key_previous.as_ref();
    let previous = previous.map(|previous| derived_key(previous, purpose));
    Sealer::new(&derived_key(&keys.secret_key, purpose), previous.as_ref())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_a_turn_and_then_fails_is_answered_before_the_deadline() {
        for seconds in [1, 2, 5, 300] {
            let time = Duration::from_secs(seconds);
            let took = patience(time) + longest_failure(time);
            assert!(took <= time * 9 / 10, "{took:?} of {time:?}");
        }
    }
}
