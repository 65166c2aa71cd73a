//! Mail, and the texts that people read, from their settings.

use std::fmt::Display;
use std::sync::Arc;

use account::{Mailing, Verification};
use config::env_vars::mail::{MAIL_CA, MAIL_FROM, MAIL_REPLY_TO, MAIL_TEMPLATES, MAIL_URL, TEXTS};
use config::{Config, EmailVerification, Notice, PublicUrl};
use mail::{
    Composer, MailUrl, Mailer, Patience, Sender, Stationery, Transport, TrustedAuthorities,
};
use secret::Secret;
use texts::Texts;

use super::prepared::{Unusable, keep};

/// What people read, and how they are written to.
#[derive(Clone, Debug)]
pub struct Post {
    /// Every text, in every language.
    pub texts: Arc<Texts>,
    /// Writes letters and hands them over; `None` where mail is off.
    pub mailer: Option<Arc<Mailer>>,
}

impl Post {
    /// Reads texts and templates, and tries them. No mail server is asked.
    ///
    /// # Errors
    /// Every setting that can't be put to use, and why.
    pub fn prepare(config: &Config) -> Result<Self, Vec<Unusable>> {
        let mut faults = Vec::new();
        let texts = Texts::load(config.mail.texts.as_deref()).or_else(|wrong| {
            faults.extend(all(wrong, |fault| (&TEXTS, fault.to_string())));
            // Those that are compiled in show what else is wrong.
            Texts::load(None)
        });
        let Ok(texts) = texts else { return Err(faults) };
        let brand = config.mail.brand.clone().unwrap_or_default();
        let texts = Arc::new(texts.named(brand));
        let mailer = match &config.mail.url {
            Some(url) => mailer(config, url, &texts)
                .map(|mailer| Some(Arc::new(mailer)))
                .map_err(|wrong| faults.extend(wrong)),
            None => Ok(None),
        };
        match mailer {
            Ok(mailer) if faults.is_empty() => Ok(Self { texts, mailer }),
            _ => Err(faults),
        }
    }

    /// What an operator should know: a folder for mail that isn't there yet, which languages are not used, and what they
    /// lack.
    pub(super) fn notices(&self, config: &Config) -> impl Iterator<Item = Notice> {
        let incomplete = self.texts.incomplete().into_iter();
        let incomplete = incomplete.map(|incomplete| Notice {
            name: TEXTS.name.to_owned(),
            message: incomplete.to_string(),
        });
        missing_folder(config).into_iter().chain(incomplete)
    }

    /// What the use cases need to send mail, where it is on.
    pub(super) fn mailing(&self, config: &Config, public_url: &PublicUrl) -> Option<Mailing> {
        let mailer = self.mailer.as_ref()?;
        Some(Mailing {
            mailer: Arc::clone(mailer),
            texts: Arc::clone(&self.texts),
            public_url: public_url.as_str().to_owned(),
            verification: match config.mail.verification {
                EmailVerification::Off => Verification::Off,
                EmailVerification::Optional => Verification::Optional,
                EmailVerification::Required => Verification::Required,
            },
        })
    }
}

fn mailer(
    config: &Config,
    url: &Secret<String>,
    texts: &Arc<Texts>,
) -> Result<Mailer, Vec<Unusable>> {
    let mut faults = Vec::new();
    let transport = keep(&mut faults, transport(config, url));
    let stationery = stationery(config).map_err(|faults_of_it| faults.extend(faults_of_it));
    // Templates are tried whatever else is wrong, so that all of it is reported at once.
    let stationery = stationery.ok().or_else(sample_stationery);
    let folder = config.mail.templates.as_deref();
    let composer = stationery.map(|it| Composer::new(Arc::clone(texts), it, folder));
    match (transport, composer) {
        (Some(transport), Some(Ok(composer))) if faults.is_empty() => {
            return Ok(Mailer::new(transport, composer));
        }
        (_, Some(Err(wrong))) => {
            faults.extend(all(wrong, |fault| (&MAIL_TEMPLATES, fault.to_string())));
        }
        _ => {}
    }
    Err(faults)
}

/// What templates are tried with where the settings of the sender can't be used.
fn sample_stationery() -> Option<Stationery> {
    Some(Stationery {
        from: Sender::parse("nobody@example.org").ok()?,
        reply_to: None,
        service: "example.org".to_owned(),
    })
}

fn transport(config: &Config, url: &Secret<String>) -> Result<Transport, Unusable> {
    let url = MailUrl::parse(url.expose()).map_err(|fault| (&MAIL_URL, fault.to_string()))?;
    if let Some(folder) = url.folder() {
        let checked = private_files::check_folder(folder);
        checked.map_err(|refusal| (&MAIL_URL, format!("{} {refusal}", folder.display())))?;
    }
    let authorities = match &config.mail.authorities {
        Some(path) => TrustedAuthorities::with_file(path)
            .map_err(|fault| (&MAIL_CA, format!("{} {fault}", path.display())))?,
        None => TrustedAuthorities::default(),
    };
    let hello = config.server.public_url.host();
    let transport = Transport::new(url, &hello, &authorities, Patience::default());
    transport.map_err(|fault| (&MAIL_URL, fault.to_string()))
}

fn missing_folder(config: &Config) -> Option<Notice> {
    let url = MailUrl::parse(config.mail.url.as_ref()?.expose()).ok()?;
    let folder = url.folder().filter(|folder| !folder.exists())?;
    Some(Notice {
        name: MAIL_URL.name.to_owned(),
        message: format!(
            "{} does not exist yet: the first message creates it",
            folder.display()
        ),
    })
}

fn stationery(config: &Config) -> Result<Stationery, Vec<Unusable>> {
    let mut faults = Vec::new();
    // A sender is there where there is an address: the configuration sees to it.
    let from = config.mail.from.as_deref().unwrap_or_default();
    let from = Sender::parse(from).map_err(|fault| (&MAIL_FROM, fault.to_string()));
    let reply_to = config.mail.reply_to.as_deref().map(Sender::parse);
    let reply_to = reply_to.transpose();
    let reply_to = reply_to.map_err(|fault| (&MAIL_REPLY_TO, fault.to_string()));
    let (from, reply_to) = (keep(&mut faults, from), keep(&mut faults, reply_to));
    match (from, reply_to) {
        (Some(from), Some(reply_to)) => Ok(Stationery {
            from: match &config.mail.brand {
                Some(brand) => from.or_named(brand.as_str()),
                None => from,
            },
            reply_to,
            service: match &config.mail.brand {
                Some(brand) => brand.to_string(),
                None => config.server.public_url.host(),
            },
        }),
        _ => Err(faults),
    }
}

fn all<F: Display>(faults: Vec<F>, each: impl Fn(F) -> Unusable) -> Vec<Unusable> {
    faults.into_iter().map(each).collect()
}
