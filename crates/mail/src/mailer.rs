//! Sending a letter.

use crate::compose::{Composer, NotComposed};
use crate::error::{SendError, Trouble, Undeliverable};
use crate::outgoing::Outgoing;
use crate::transport::Transport;

/// Writes letters and hands them over.
#[derive(Debug)]
pub struct Mailer {
    transport: Transport,
    composer: Composer,
}

impl Mailer {
    /// A mailer that writes by `composer` and hands over by `transport`.
    pub const fn new(transport: Transport, composer: Composer) -> Self {
        Self {
            transport,
            composer,
        }
    }

    /// Writes a letter and hands it over, in 45 seconds at most.
    ///
    /// Whether it was sent isn't always known when this fails; sent again with the same id it is the same message.
    ///
    /// # Errors
    /// [`SendError`], which may be logged: it holds neither the address nor anything of the letter.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<(), SendError> {
        let composed = self
            .composer
            .compose(outgoing)
            .map_err(|error| match error {
                NotComposed::Address => SendError::Undeliverable(Undeliverable::Address),
                NotComposed::Template => SendError::Unavailable(Trouble::Template),
            })?;
        self.transport.send(composed, outgoing).await
    }

    /// Who writes.
    pub const fn composer(&self) -> &Composer {
        &self.composer
    }

    /// Where letters go, without a password: `smtp://mail.example.org:587`, `file:///var/mail/portcullis`.
    pub fn destination(&self) -> String {
        self.transport.to_string()
    }
}
