//! Sending one mail.

use mail::{Letter, MessageId, Outgoing, SendError};
use model::EmailAddress;
use serde::{Deserialize, Serialize};
use storage::Kind;

use crate::Accounts;
use crate::outbox::{Job, Outcome, Running, Urgency};

/// A mail, until it is sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deliver {
    pub(crate) to: String,
    pub(crate) language: String,
    pub(crate) letter: Letter,
}

/// A mail that may wait for those that secure an account. Nodes of a version before leave it to others; what they post
/// themselves is a [`Deliver`], whatever it says.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DeliverOrdinary(pub(crate) Deliver);

impl Deliver {
    /// Whether the letter secures an account, or may wait for those that do.
    pub(crate) const fn urgency(&self) -> Urgency {
        match self.letter {
            Letter::AddressChanged { .. }
            | Letter::AddressLeft { .. }
            | Letter::ResetPassword { .. }
            | Letter::WayBackIn { .. }
            | Letter::PasswordChanged { .. }
            | Letter::FactorAdded { .. }
            | Letter::FactorRemoved { .. }
            | Letter::FactorGuessed { .. }
            | Letter::DeletionScheduled { .. }
            | Letter::Kept { .. }
            | Letter::Deleted { .. } => Urgency::Urgent,
            Letter::ConfirmSignUp { .. }
            | Letter::AlreadyRegistered { .. }
            | Letter::ConfirmAddress { .. }
            | Letter::ConfirmNewAddress { .. }
            | Letter::AddressTaken {}
            | Letter::Invitation { .. }
            | Letter::RecoveryCodesLow { .. }
            | Letter::Test => Urgency::Ordinary,
        }
    }

    /// The domain that it goes to. Where that is slow to take mail, other domains must not wait. Subdomains cost nothing, so
    /// they count as the domain that is registered.
    fn domain(&self) -> Option<String> {
        let key = EmailAddress::parse(&self.to).ok()?.key();
        let (_, domain) = key.rsplit_once('@')?;
        Some(registered(domain).to_owned())
    }
}

/// The domain that is registered, or what is likely to be it: `a.example.org` is `example.org`, `a.example.co.uk` is
/// `example.co.uk`. Two domains that are taken for one wait for each other, no worse.
fn registered(domain: &str) -> &str {
    let labels: Vec<_> = domain.rsplit('.').take(3).collect();
    let count = match *labels {
        [country, second, _] if country.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    let length = labels
        .iter()
        .take(count)
        .map(|label| label.len() + 1)
        .sum::<usize>();
    let start = (domain.len() + 1).saturating_sub(length);
    domain.get(start..).unwrap_or(domain)
}

impl Job for DeliverOrdinary {
    const KIND: Kind = Kind("ordinary_mail");
    const URGENCY: Urgency = Urgency::Ordinary;

    fn lane(&self) -> Option<String> {
        self.0.domain()
    }

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        self.0.run(accounts, at).await
    }
}

impl Job for Deliver {
    const KIND: Kind = Kind("mail");
    const URGENCY: Urgency = Urgency::Urgent;

    fn lane(&self) -> Option<String> {
        self.domain()
    }

    /// A mail that may have been sent is sent again under the same id.
    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        tracing::debug!(job = %at.id, tries = at.tries, expires = %at.expires, "a mail is tried");
        let Ok(mailing) = accounts.mailing() else {
            return Outcome::Later("mail_is_off"); // of another node it may be on
        };
        let (Ok(to), Ok(id)) = (
            EmailAddress::parse(&self.to),
            MessageId::parse(&at.id.to_string()),
        ) else {
            return Outcome::Never("unreadable_address");
        };
        let template = self.letter.kind();
        let outgoing = Outgoing {
            id,
            to,
            language: mailing.language(&self.language),
            letter: self.letter,
            date: accounts.0.clock.now(),
        };
        match mailing.mailer.send(&outgoing).await {
            Ok(()) => {
                tracing::info!(template, job = %at.id, "mail sent");
                accounts.note_delivered(&outgoing.to).await;
                Outcome::Done
            }
            Err(error @ SendError::Undeliverable(_)) => {
                let error = error.to_string(); // as a text, it is quoted
                tracing::warn!(template, job = %at.id, error, "mail undeliverable");
                accounts.note_undeliverable(&outgoing.to).await;
                Outcome::Never("undeliverable")
            }
            Err(error @ SendError::Rejected(_)) => {
                let error = error.to_string();
                tracing::error!(template, job = %at.id, error, "the mail server refuses our mail");
                Outcome::Later("rejected")
            }
            Err(error @ SendError::Unavailable(_)) => {
                let error = error.to_string();
                tracing::warn!(template, job = %at.id, error, "mail could not be sent yet");
                Outcome::Later("unavailable")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::registered;

    #[test]
    fn subdomains_are_the_domain_that_is_registered() {
        for (domain, of) in [
            ("example.org", "example.org"),
            ("a.example.org", "example.org"),
            ("a.b.example.org", "example.org"),
            ("a.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("mail.example.de", "example.de"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(registered(domain), of, "{domain}");
        }
    }
}
