//! Which store: the only lines that name one.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use config::env_vars::operation::{DATA_DIR, MONGO_URI};
use config::{Config, Keys, Notice};
use model::{Clock, Rng, SystemRng};
use ratelimit::{Capacity, SharedStore};
use secret::Secret;
use server::limits::Counters;
use server::listener::{Tls, TlsError, read_certificates};
use storage::{EventKeys, Reservations, Storage, Upkeep as _};
use storage_mongodb::limits::{LeasedLimits, MongoLimits};
use storage_mongodb::{KeyPrint, MongoStore, MongoUri};
use storage_sqlite::{LimitStore, Options, Role, SqliteStore};

use super::keys::{derived_key, fingerprint, previous_keys, signing_key};
use super::prepared::Unusable;
use super::progress::progress;

/// The file that holds everything, in the data folder.
const DATABASE: &str = "portcullis.db";

/// A store that was opened, and where limits are counted.
pub(super) struct Stored {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) counters: Counters,
    /// Counters that are in memory, and written now and then.
    pub(super) behind: Option<Arc<LimitStore>>,
}

/// Holds what the settings say of the store against what it takes, as far as that shows without opening it or asking
/// the network. Gives what to know.
pub(super) fn check_store(config: &Config) -> Result<Vec<Notice>, Unusable> {
    let Some(uri) = &config.storage.mongo_uri else {
        let file = config.storage.data_dir.join(DATABASE);
        let checked = SqliteStore::check(&file).map(|()| Vec::new());
        return checked.map_err(|error| (&DATA_DIR, error.to_string()));
    };
    let uri = MongoUri::parse(uri.expose().as_str());
    let uri = uri.map_err(|fault| (&MONGO_URI, fault.to_string()))?;
    check_files(&uri).map_err(|error| (&MONGO_URI, error.to_string()))?;
    let notices = uri.notices().iter().map(|message| Notice {
        name: MONGO_URI.name.to_owned(),
        message: message.clone(),
    });
    Ok(notices.collect())
}

/// Reads the certificates that a connection string names, as the driver will when it connects.
fn check_files(uri: &MongoUri) -> Result<(), TlsError> {
    let files = uri.tls_files();
    if let Some(authorities) = files.authorities {
        read_certificates(&authorities)?;
    }
    if let Some(certificate) = files.certificate {
        Tls::read(&certificate, &certificate)?;
    }
    Ok(())
}

/// Opens the one that the settings name.
pub(super) async fn open_store(
    config: &Config,
    keys: &Keys,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> anyhow::Result<Stored> {
    match &config.storage.mongo_uri {
        Some(uri) => {
            let options = storage_mongodb::Options::new(rng);
            let options = options.no_slower_than(config.server.request_timeout);
            let options = options.with_reservations(reservations(keys));
            let options = options.with_event_keys(event_keys(keys));
            open_mongo(uri, &key_prints(config, keys)?, options).await
        }
        None => open_sqlite(&config.storage.data_dir, keys, clock).await,
    }
}

/// Opens the one that the settings name for a command, beside running servers or without one. Where no server ever ran
/// nothing is made.
pub(super) async fn open_store_for_a_command(
    config: &Config,
    keys: &Keys,
    clock: &dyn Clock,
) -> anyhow::Result<Arc<dyn Storage>> {
    if let Some(uri) = &config.storage.mongo_uri {
        let uri = MongoUri::parse(uri.expose().as_str()).context("MONGO_URI")?;
        let options = storage_mongodb::Options::new(&SystemRng).for_a_command();
        let options = options.with_reservations(reservations(keys));
        let options = options.with_event_keys(event_keys(keys));
        let storage = MongoStore::open(&uri, options).await.context("MONGO_URI")?;
        storage.expect_keys(&key_prints(config, keys)?).await?;
        return Ok(storage);
    }
    let file = config.storage.data_dir.join(DATABASE);
    anyhow::ensure!(
        file.try_exists()
            .with_context(|| file.display().to_string())?,
        "there is no database at {}: no server has run with this data folder yet",
        file.display()
    );
    let options = Options::new(Role::Command, clock.now());
    let options = options.with_reservations(reservations(keys));
    let options = options.with_event_keys(event_keys(keys));
    Ok(SqliteStore::open(&file, &options)?)
}

/// The keys by which released names are recognized.
fn reservations(keys: &Keys) -> Reservations {
    let key = |secret| derived_key(secret, "released names");
    let previous = keys.secret_key_previous.as_ref().map(key);
    Reservations::new(key(&keys.secret_key), previous)
}

/// The keys that what happens to accounts is chained with.
pub(super) fn event_keys(keys: &Keys) -> EventKeys {
    let key = |secret| derived_key(secret, "events");
    let previous = keys.secret_key_previous.as_ref().map(key);
    EventKeys::new(key(&keys.secret_key), previous)
}

async fn open_sqlite(folder: &Path, keys: &Keys, clock: &dyn Clock) -> anyhow::Result<Stored> {
    let options = Options::new(Role::Server, clock.now());
    let options = options.with_reservations(reservations(keys));
    let options = options.with_event_keys(event_keys(keys));
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
    options: storage_mongodb::Options<'_>,
) -> anyhow::Result<Stored> {
    let uri = MongoUri::parse(uri.expose().as_str()).context("MONGO_URI")?;
    let options = options.with_progress(progress());
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
    let uri = MongoUri::parse(uri.expose().as_str()).context("MONGO_URI")?;
    let options = storage_mongodb::Options::new(&SystemRng).with_progress(progress());
    let storage = MongoStore::open(&uri, options).await.context("MONGO_URI")?;
    let replaced = storage.replace_keys(&key_prints(config, keys)?).await;
    storage.close().await;
    Ok(replaced?)
}

/// What the store may know of the keys.
fn key_prints(config: &Config, keys: &Keys) -> anyhow::Result<Vec<KeyPrint>> {
    let signing = if keys.jwt_secret_key.is_some() {
        "JWT_SECRET_KEY"
    } else {
        "JWT_PRIVATE_KEY"
    };
    let previous = previous_keys(config)?;
    Ok(vec![
        KeyPrint {
            name: signing,
            purpose: "signing",
            present: signing_key(config, keys.jwt_secret_key.as_ref())?
                .key_id()
                .to_owned(),
            previous: previous.iter().map(|key| key.key_id().to_owned()).collect(),
        },
        KeyPrint {
            name: "SECRET_KEY",
            purpose: "secrets",
            present: fingerprint(&keys.secret_key),
            previous: keys.secret_key_previous.iter().map(fingerprint).collect(),
        },
    ])
}

/// The present, as limits count it.
pub(super) fn counted(clock: &dyn Clock) -> ratelimit::Timestamp {
    let millis = u64::try_from(clock.now().as_millis());
    ratelimit::Timestamp::from_millis(millis.unwrap_or_default())
}
