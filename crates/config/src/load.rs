//! From the sources to a configuration, or to everything that is wrong with them.

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::{
    Algorithm, ConfigError, Fault, Forms, Limits, Log, Mail, Notice, Origin, Passwords,
    Registration, Row, SecondFactor, Secrets, Server, Sessions, Sources, Storage, Tokens, describe,
    development_secrets::{self, DevelopmentSecrets, Found},
    env_vars::{
        EnvVar,
        operation::DATA_DIR,
        server::LISTEN,
        tokens::{JWT_SECRET_KEY, SECRET_KEY},
    },
    reader::Reader,
    sections::{check_distinct, deletion_grace, events_kept},
    values::Values,
};

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the server listens and how it is reached.
    pub server: Server,
    /// The secret that protects everything but tokens.
    pub secrets: Secrets,
    /// How tokens are signed, what they say, how long they are good for.
    pub tokens: Tokens,
    /// How long sessions last.
    pub sessions: Sessions,
    /// What is asked of passwords.
    pub passwords: Passwords,
    /// Who may create an account.
    pub registration: Registration,
    /// How long an account waits whose owner deletes it; zero: it doesn't.
    pub deletion_grace: Duration,
    /// How long the store keeps what happened to accounts; `None`: it doesn't.
    pub events_kept: Option<Duration>,
    /// Who must have a second factor, and how often it is asked for.
    pub second_factor: SecondFactor,
    /// Where mail goes, whom it comes from, and what it says.
    pub mail: Mail,
    /// How the forms of the pages are protected.
    pub forms: Forms,
    /// Where accounts are kept.
    pub storage: Storage,
    /// How often anyone may ask.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// What to know before relying on it; to be shown at the start.
    pub notices: Vec<Notice>,
    rows: Vec<Row>,
    origins: BTreeMap<&'static str, Origin>,
}

impl Config {
    /// Reads and checks every setting. Files are read; none is written.
    ///
    /// # Errors
    /// All faults at once.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secrets in the environment have no use afterwards"
    )]
    pub fn load(sources: Sources) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            values: Values::gather(&sources),
        };

        let server = Server::read(&mut reader, &sources.working_dir);
        let storage = Storage::read(&mut reader, &sources.working_dir);
        let algorithm = Algorithm::read(&mut reader);
        let generated = generated(&mut reader, &server, &storage.data_dir, algorithm);
        let secrets = Secrets::read(&mut reader, &generated);
        let tokens = Tokens::read(&mut reader, algorithm, &generated, &server.public_url);
        check_distinct(&mut reader);
        let sessions = Sessions::read(&mut reader);
        let passwords = Passwords::read(&mut reader, &sources.working_dir);
        let registration = Registration::read(&mut reader);
        let deletion_grace = deletion_grace(&mut reader);
        let events_kept = events_kept(&mut reader);
        let second_factor = SecondFactor::read(&mut reader);
        let mail = Mail::read(&mut reader, &sources.working_dir);
        mail.check_beside(&second_factor, &mut reader);
        let limits = Limits::read(&mut reader);
        let forms = Forms::read(&mut reader);
        let log = Log::read(&mut reader);

        let values = reader.values;
        if !values.faults.is_empty() {
            return Err(ConfigError {
                faults: values.faults,
            });
        }
        Ok(Self {
            server,
            secrets,
            tokens,
            sessions,
            passwords,
            registration,
            deletion_grace,
            events_kept,
            second_factor,
            mail,
            forms,
            storage,
            limits,
            log,
            rows: describe::rows(&values),
            origins: values
                .known
                .iter()
                .map(|(name, value)| (*name, value.origin.clone()))
                .collect(),
            notices: values.notices,
        })
    }

    /// A fault of a setting that shows only where it is put to use, with the place where it was set.
    pub fn fault(&self, var: &EnvVar, message: impl Into<String>) -> Fault {
        Fault {
            name: var.name.to_owned(),
            source: self.origins.get(var.name).cloned(),
            message: message.into(),
        }
    }

    /// Every setting, its value as far as it may be shown, and where that came from: what
    /// `portcullis config check` prints.
    pub fn describe(&self) -> Vec<Row> {
        self.rows.clone()
    }
}

/// Looks for the secrets of development, if they are wanted.
fn generated(reader: &mut Reader, server: &Server, data_dir: &Path, algorithm: Algorithm) -> Found {
    let is_missing = |var: &'static EnvVar| reader.raw(var).is_none() && !reader.is_faulty(var);
    let lacks_jwt_secret = is_missing(&JWT_SECRET_KEY) && !algorithm.is_asymmetric();
    let lacks_secret = is_missing(&SECRET_KEY);
    let path = development_secrets::path(data_dir);
    if reader.is_faulty(&LISTEN) || reader.is_faulty(&DATA_DIR) {
        return Found::Faulty;
    }
    if !server.listens_on_loopback() {
        return Found::NotUsed;
    }
    if !lacks_jwt_secret && !lacks_secret {
        return Found::Absent { path };
    }
    if lacks_jwt_secret && !lacks_secret {
        reader.notice(
            &JWT_SECRET_KEY,
            "is not set: one is generated, where Flask-JWT-Extended would sign with SECRET_KEY; to \
             accept that application's tokens, give this its value and SECRET_KEY a new one",
        );
    }
    match DevelopmentSecrets::read(data_dir) {
        Ok(Some(secrets)) => Found::Present { path, secrets },
        Ok(None) => Found::Absent { path },
        Err(message) => {
            reader.values.faults.push(Fault {
                name: path.display().to_string(),
                source: None,
                message,
            });
            Found::Faulty
        }
    }
}
