//! The letters that Portcullis writes.
//!
//! It knows neither the HTTP server nor the store: what happened is decided elsewhere, and arrives here as a
//! [`Letter`]. A [`Composer`] gives it words, a [`Transport`] hands it over, a [`Mailer`] does both.

mod compose;
mod error;
mod folder;
mod letter;
mod mailer;
mod outgoing;
mod sender;
mod smtp;
mod transport;
mod url;

pub use compose::{Composer, Stationery, TEMPLATES, TemplateFault};
pub use error::{Reply, SendError, Step, Trouble, Undeliverable};
pub use letter::{ConfirmedName, Letter, MaskedAddress};
pub use mailer::Mailer;
pub use outgoing::{MessageId, Outgoing, UnreadableMessageId};
pub use sender::{Sender, SenderFault};
pub use smtp::{AuthorityFault, Patience, TrustedAuthorities};
pub use transport::{Transport, UnusableHost};
pub use url::{MailUrl, MailUrlFault};
