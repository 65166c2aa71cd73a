//! Sending one mail.

use mail::{Letter, MessageId, Outgoing, SendError};
use model::EmailAddress;
use serde::{Deserialize, Serialize};
use storage::Kind;

use crate::Accounts;
use crate::outbox::{Job, Outcome, Running};

/// A mail, until it is sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deliver {
    pub(crate) to: String,
    pub(crate) language: String,
    pub(crate) letter: Letter,
}

impl Job for Deliver {
    const KIND: Kind = Kind("mail");

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
        let kind = self.letter.kind();
        let outgoing = Outgoing {
            id,
            to,
            language: mailing.language(&self.language),
            letter: self.letter,
            date: accounts.0.clock.now(),
        };
        match mailing.mailer.send(&outgoing).await {
            Ok(()) => {
                tracing::debug!(letter = kind, job = %at.id, "mail sent");
                accounts.note_delivered(&outgoing.to).await;
                Outcome::Done
            }
            Err(error @ SendError::Undeliverable(_)) => {
                tracing::warn!(letter = kind, job = %at.id, %error, "mail undeliverable");
                accounts.note_undeliverable(&outgoing.to).await;
                Outcome::Never("undeliverable")
            }
            Err(error @ SendError::Rejected(_)) => {
                tracing::error!(letter = kind, job = %at.id, %error, "the mail server refuses our mail");
                Outcome::Later("rejected")
            }
            Err(error @ SendError::Unavailable(_)) => {
                tracing::warn!(letter = kind, job = %at.id, %error, "mail could not be sent yet");
                Outcome::Later("unavailable")
            }
        }
    }
}
