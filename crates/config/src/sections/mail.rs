//! Mail, and the texts that people read.

use std::path::{Path, PathBuf};

use secret::Secret;
use texts::BrandName;

use super::SecondFactor;
use crate::{
    env_vars::{
        EnvVar,
        accounts::MFA,
        mail::{
            BRAND_NAME, EMAIL_VERIFICATION, MAIL_CA, MAIL_FROM, MAIL_REPLY_TO, MAIL_TEMPLATES,
            MAIL_URL, TEXTS,
        },
    },
    reader::Reader,
};

/// Where mail goes, whom it comes from, and what it says.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The mail server or folder; without one there is no mail.
    pub url: Option<Secret<String>>,
    /// The sender, which is there where `url` is.
    pub from: Option<String>,
    /// Where replies go.
    pub reply_to: Option<String>,
    /// A file of certificates to believe.
    pub authorities: Option<PathBuf>,
    /// The folder of templates.
    pub templates: Option<PathBuf>,
    /// What the service is called, where that was set.
    pub brand: Option<BrandName>,
    /// The folder of texts.
    pub texts: Option<PathBuf>,
    /// Whether addresses are confirmed.
    pub verification: EmailVerification,
}

/// Whether people prove that an address is theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmailVerification {
    /// Never.
    #[default]
    Off,
    /// They are asked to, and nothing waits for it.
    Optional,
    /// There is no account without.
    Required,
}

impl Mail {
    pub(crate) fn read(reader: &mut Reader, working_dir: &Path) -> Self {
        use EmailVerification::{Off, Optional, Required};

        let words = [("off", Off), ("optional", Optional), ("required", Required)];
        let mut path = |var: &'static EnvVar| {
            reader.optional(var, |text| match text {
                "" => Err("names nothing"),
                text => Ok(working_dir.join(text)),
            })
        };
        let (authorities, templates, texts) = (path(&MAIL_CA), path(&MAIL_TEMPLATES), path(&TEXTS));
        let mail = Self {
            url: reader.optional(&MAIL_URL, parse_url),
            from: reader.text(&MAIL_FROM),
            reply_to: reader.text(&MAIL_REPLY_TO),
            authorities,
            templates,
            brand: reader.optional(&BRAND_NAME, BrandName::parse),
            texts,
            verification: reader.choice(&EMAIL_VERIFICATION, &words),
        };
        mail.check(reader);
        mail
    }

    /// Where a second factor is required and mail is on, whoever has none confirms the address before enrolling one. Nothing
    /// else asks for that while the verification isn't required.
    pub(crate) fn check_beside(&self, second_factor: &SecondFactor, reader: &mut Reader) {
        let is_required = self.verification == EmailVerification::Required;
        if second_factor.required && self.url.is_some() && !is_required {
            reader.notice(
                &MFA,
                "has accounts without a second factor and with an unconfirmed address confirm that first, before they \
                 enrol one at a sign-in (portcullis user list --no-factor --unverified)",
            );
        }
    }

    fn check(&self, reader: &mut Reader) {
        if self.url.is_some() {
            if self.from.is_none() && !reader.is_faulty(&MAIL_FROM) {
                reader.fault(
                    &MAIL_FROM,
                    "must be set with PORTCULLIS_MAIL_URL: it says whom mail comes from",
                );
            }
            return;
        }
        if reader.is_faulty(&MAIL_URL) {
            return;
        }
        if self.verification != EmailVerification::Off {
            reader.fault(
                &EMAIL_VERIFICATION,
                "needs PORTCULLIS_MAIL_URL: without mail nobody can confirm an address",
            );
        }
        for var in [&MAIL_FROM, &MAIL_REPLY_TO, &MAIL_CA, &MAIL_TEMPLATES] {
            if reader.raw(var).is_some() {
                reader.notice(var, "has no effect without PORTCULLIS_MAIL_URL");
            }
        }
    }
}

/// Nothing of it is quoted: it may hold a password.
fn parse_url(text: &str) -> Result<Secret<String>, &'static str> {
    let schemes = ["smtp://", "smtps://", "file:///"];
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(Secret::from(text))
    } else {
        Err("must begin with smtp://, smtps:// or file:/// and an absolute path")
    }
}
