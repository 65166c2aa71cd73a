//! What the settings lead to, as far as nothing is changed and nobody is asked.

use anyhow::Context as _;
use config::env_vars::EnvVar;
use config::env_vars::accounts::BREACHED_FILE;
use config::env_vars::operation::{DATA_DIR, LOG};
use config::env_vars::server::{TLS_CERT, TLS_KEY};
use config::{Config, ConfigError, Notice, SecretSource};
use password::BreachedList;
use server::listener::{Tls, TlsError};
use tracing_subscriber::filter::Targets;

use super::Post;
use super::keys::{KeyFault, previous_keys, signing_key};
use super::store::check_store;
use crate::logging;

/// Settings, and what was built from them.
///
/// `serve` goes on from here and `config check` ends here, so that neither takes what the other refuses. What only the
/// network and the store know (a port that is taken, a database that doesn't answer) shows when they are asked.
#[derive(Debug)]
pub struct Prepared {
    /// The settings, with everything there is to know about them.
    pub config: Config,
    /// Which events are logged.
    pub filter: Targets,
    /// The certificate, if the server speaks https itself.
    pub tls: Option<Tls>,
    /// What people read, and how they are written to.
    pub post: Post,
}

/// A setting that can't be put to use, and why, in words that follow its name.
pub type Unusable = (&'static EnvVar, String);

impl Prepared {
    /// Builds what can be built.
    ///
    /// # Errors
    /// Every fault that was found.
    pub fn new(mut config: Config) -> Result<Self, ConfigError> {
        let filter = logging::filter(&config.log).map_err(|message| (&LOG, message));
        let mut faults = Vec::new();
        let filter = keep(&mut faults, filter);
        let tls = keep(&mut faults, read_tls(&config));
        keep(&mut faults, check_signing_key(&config));
        keep(&mut faults, previous_keys(&config).map_err(unusable));
        keep(&mut faults, check_folder(&config));
        keep(&mut faults, check_breached(&config));
        let notices = keep(&mut faults, check_store(&config));
        let post = Post::prepare(&config).map_err(|found| faults.extend(found));
        match (filter, tls, notices, post) {
            (Some(filter), Some((tls, told)), Some(notices), Ok(post)) if faults.is_empty() => {
                let notices = told.into_iter().chain(notices);
                let notices: Vec<_> = notices.chain(post.notices(&config)).collect();
                config.notices.extend(notices);
                Ok(Self {
                    config,
                    filter,
                    tls,
                    post,
                })
            }
            _ => {
                let faults = faults.into_iter();
                let faults = faults.map(|(setting, message)| config.fault(setting, message));
                Err(ConfigError {
                    faults: faults.collect(),
                })
            }
        }
    }

    /// Makes the data folder, if anything is kept there, and reports what it took from others.
    ///
    /// # Errors
    /// When it can't be made, or others could change what is in it.
    pub fn make_folder(&self) -> anyhow::Result<()> {
        if !keeps_files(&self.config) {
            return Ok(());
        }
        let storage = &self.config.storage;
        let mended = storage.create_data_dir();
        let mended = mended.with_context(|| storage.data_dir.display().to_string())?;
        if let Some(mended) = mended {
            tracing::warn!("{mended}");
        }
        Ok(())
    }
}

/// What was built, or nothing and one fault more.
pub(super) fn keep<T>(faults: &mut Vec<Unusable>, built: Result<T, Unusable>) -> Option<T> {
    built.map_err(|fault| faults.push(fault)).ok()
}

/// Whether the data folder is used: by SQLite, or for the secrets of development.
const fn keeps_files(config: &Config) -> bool {
    config.storage.mongo_uri.is_none()
        || matches!(config.tokens.secret_key, SecretSource::ToBeGenerated)
        || matches!(config.secrets.secret_key, SecretSource::ToBeGenerated)
}

fn check_folder(config: &Config) -> Result<(), Unusable> {
    if !keeps_files(config) {
        return Ok(());
    }
    let folder = config.storage.data_dir.display();
    let checked = config.storage.check_data_dir();
    checked.map_err(|refusal| (&DATA_DIR, format!("{folder} {refusal}")))
}

fn check_breached(config: &Config) -> Result<(), Unusable> {
    let Some(file) = &config.passwords.breached_file else {
        return Ok(());
    };
    let list = BreachedList::open(file);
    let fault = |error| (&BREACHED_FILE, format!("{} {error}", file.display()));
    list.map(drop).map_err(fault)
}

fn check_signing_key(config: &Config) -> Result<(), Unusable> {
    let secret = match &config.tokens.secret_key {
        SecretSource::Set(secret) => Some(secret),
        SecretSource::NotUsed => None,
        SecretSource::ToBeGenerated => return Ok(()), // it will be one
    };
    signing_key(config, secret).map(drop).map_err(unusable)
}

fn unusable(fault: KeyFault) -> Unusable {
    (fault.setting, fault.message)
}

/// The certificate, and what to know about its key.
fn read_tls(config: &Config) -> Result<(Option<Tls>, Option<Notice>), Unusable> {
    let Some(files) = &config.server.tls else {
        return Ok((None, None));
    };
    let tls = Tls::read(&files.certificate, &files.key).map_err(|error| {
        let setting = match error {
            TlsError::Certificate { .. } => &TLS_CERT,
            TlsError::Key { .. } | TlsError::Mismatch { .. } | TlsError::NotSetUp => &TLS_KEY,
        };
        (setting, error.to_string())
    })?;
    let opened = private_files::open_named(&files.key);
    let exposed = opened.ok().and_then(|(_, exposed)| exposed);
    let notice = exposed.map(|exposed| Notice {
        name: TLS_KEY.name.to_owned(),
        message: format!("{} {exposed}", files.key.display()),
    });
    Ok((Some(tls), notice))
}
