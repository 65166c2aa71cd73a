//! Mail to the owners of accounts.
//!
//! Nothing is sent while a request waits, and nothing is looked up for it either: whoever asks for a mail posts a job
//! (`outbox`), which is the same whether anybody has the address or not. The job looks it up, makes what the mail carries, and
//! posts the mail itself ([`deliver`]). So neither the answer nor its time says who has an account.

mod allowance;
mod code;
mod deliver;
mod farewell;
mod notice;
mod undeliverable;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mail::{Letter, Mailer};
use model::{EmailAddress, User, UserId};
use secret::{PlainToken, Secret};
use serde::{Deserialize, Serialize};
use storage::LoginName;
use texts::{Language, Part, Texts};

use crate::outbox::{Outbox, Outcome, Posting, Urgency, share_of};
use crate::unreadable::readable;
use crate::{Accounts, DeviceToken};

pub(crate) use allowance::Mail;
pub(crate) use code::Code;
pub(crate) use deliver::{Deliver, DeliverOrdinary};
pub(crate) use farewell::{ClosingNotice, DeletionNotice, KeepingNotice};
pub(crate) use notice::{
    AddressNotice, Announced, LIFETIME as NOTICE_LIFETIME, Owner, PasswordNotice,
};
pub(crate) use undeliverable::undeliverable_since;

/// How long links and codes are good that confirm an address.
pub(crate) const CONFIRMATION: Duration = Duration::from_hours(24);

/// How long a link is good that sets a new password.
pub(crate) const RESET: Duration = Duration::from_hours(1);

/// How mail is sent, and what needs it.
#[derive(Clone)]
pub struct Mailing {
    /// Sends it.
    pub mailer: Arc<Mailer>,
    /// The languages that it is written in.
    pub texts: Arc<Texts>,
    /// The address that people use (`PORTCULLIS_PUBLIC_URL`): links begin with it, whatever a request says.
    pub public_url: String,
    /// Whether new accounts must have a confirmed address (`PORTCULLIS_EMAIL_VERIFICATION`).
    pub verification: Verification,
}

/// Whether an account must have a confirmed address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Nobody is asked.
    #[default]
    Off,
    /// Whoever signs up is asked, and may go on without.
    Optional,
    /// There is no account, and no sign-in, before.
    Required,
}

/// This server sends no mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this server sends no mail")]
pub struct MailOff;

/// Who has asked for a mail, as far as it is bounded how many they get sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Requester {
    /// The network that they ask from; nothing where a trusted back end asks for whomever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// What they say that their device is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// The language that they want to read.
    language: String,
}

impl Accounts {
    /// How mail is sent.
    pub(crate) fn mailing(&self) -> Result<&Mailing, MailOff> {
        self.0.mailing.as_ref().ok_or(MailOff)
    }

    /// Whether this server sends mail.
    pub fn sends_mail(&self) -> bool {
        self.0.mailing.is_some()
    }

    /// Whether an account must have a confirmed address.
    pub fn verification(&self) -> Verification {
        let mailing = self.0.mailing.as_ref();
        mailing.map_or(Verification::Off, |mailing| mailing.verification)
    }

    /// Whether the owner of `user` may not sign in before the address is confirmed. Who has none can't confirm it.
    pub(crate) fn must_confirm_first(&self, user: &User) -> bool {
        self.verification() == Verification::Required && !user.email_verified
    }

    /// Who asks for a mail in the request that is served.
    pub(crate) fn requester(&self, mailing: &Mailing, device: Option<&DeviceToken>) -> Requester {
        let request = self.1.as_deref();
        let network = request.and_then(|request| request.network);
        Requester {
            network: network.map(|network| network.to_string()),
            device: device.map(|device| device.expose().to_owned()),
            language: self.language(mailing),
        }
    }

    /// The language that whoever asks wants to read.
    pub(crate) fn language(&self, mailing: &Mailing) -> String {
        let request = self.1.as_deref();
        let accepted = request.and_then(|request| request.languages.as_deref());
        let language = mailing.texts.negotiate(Part::Mail, accepted);
        language.tag().to_owned()
    }

    /// The account with this address, if there is one that can be read.
    pub(crate) async fn account_with_address(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<User>, storage::Error> {
        let name = LoginName {
            email_key: Some(address.key()),
            ..LoginName::default()
        };
        let found = readable(self.0.storage.credentials_by_login(&name).await)?;
        Ok(found.map(|found| found.user))
    }

    /// The account with this address, and the address as it is stored: where mail goes, whatever was typed.
    pub(crate) async fn account_to_write_to(
        &self,
        typed: &EmailAddress,
    ) -> Result<Option<(User, EmailAddress)>, storage::Error> {
        let found = self.account_with_address(typed).await?;
        Ok(found.and_then(|user| {
            let to = address_of(&user)?;
            Some((user, to))
        }))
    }
}

/// The address of an account, if mail can be sent there.
pub(crate) fn address_of(user: &User) -> Option<EmailAddress> {
    EmailAddress::parse(user.email.as_deref()?).ok()
}

impl Mailing {
    /// A link to the page at `path` that carries `token`.
    pub(crate) fn link(&self, path: &str, token: &PlainToken) -> Secret<String> {
        Secret::new(format!(
            "{}{path}?token={}",
            self.public_url,
            token.expose()
        ))
    }

    /// The page at `path`.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    fn language(&self, tag: &str) -> Language {
        self.texts.language(Part::Mail, tag)
    }
}

impl Requester {
    /// The owner of an account, of whom nobody else asks.
    pub(crate) fn account(user: &UserId, language: &str) -> Self {
        Self {
            network: Some(format!("account/{user}")),
            device: None,
            language: language.to_owned(),
        }
    }

    /// The language that they want to read.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// Their device, as they say.
    pub(crate) fn device(&self) -> Option<DeviceToken> {
        self.device.as_deref().and_then(DeviceToken::presented)
    }
}

impl Accounts {
    /// How what somebody asks for by mail is posted: it is done some time later. Else it could be felt by the next request
    /// whether there was anything to do.
    pub(crate) fn unnoticed(&self, lifetime: Duration) -> Posting {
        let delay = share_of(self.0.settings.mail_delay, &*self.0.rng);
        Posting::within(lifetime).not_before(self.0.clock.now().plus(delay))
    }
}

/// A step of a job that failed because the store did: it is tried again.
pub(crate) fn later(error: &(dyn std::error::Error + 'static)) -> Outcome {
    tracing::debug!(%error, "a job could not be done");
    Outcome::Later("store")
}

/// What a job has come to whose last step is to post a mail.
pub(crate) fn done(posted: Result<(), storage::Error>) -> Outcome {
    match posted {
        Ok(()) => Outcome::Done,
        Err(error) => later(&error),
    }
}

impl Outbox<'_> {
    /// Posts a mail. One that was posted for the same `reason` is not posted again.
    pub(crate) async fn mail(
        &self,
        to: &EmailAddress,
        language: &str,
        letter: Letter,
        reason: &str,
        lifetime: Duration,
    ) -> Result<(), storage::Error> {
        let deliver = Deliver {
            to: to.as_str().to_owned(),
            language: language.to_owned(),
            letter,
        };
        let posting = Posting::within(lifetime).once_for(reason);
        let posted = match deliver.urgency() {
            Urgency::Urgent => self.post(&deliver, posting).await,
            Urgency::Ordinary => self.post(&DeliverOrdinary(deliver), posting).await,
        };
        posted.map(drop)
    }
}

impl Accounts {
    /// Posts a mail. One that was posted for the same `reason` is not posted again.
    pub(crate) async fn mail(
        &self,
        to: &EmailAddress,
        language: &str,
        letter: Letter,
        reason: &str,
        lifetime: Duration,
    ) -> Result<(), storage::Error> {
        let outbox = self.outbox();
        outbox.mail(to, language, letter, reason, lifetime).await
    }
}

impl fmt::Debug for Mailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailing")
            .field("verification", &self.verification)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Requester([redacted])")
    }
}
