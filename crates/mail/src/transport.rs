//! Where letters go.

use std::fmt;

use crate::compose::Composed;
use crate::error::SendError;
use crate::folder::Folder;
use crate::outgoing::Outgoing;
use crate::smtp::{Patience, Smtp, TrustedAuthorities};
use crate::url::{MailUrl, Place};

/// A way of handing over letters.
#[derive(Debug)]
pub struct Transport(Way);

#[derive(Debug)]
enum Way {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

/// The host name in the address can't be used for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names a host that no certificate can be for")]
pub struct UnusableHost;

impl Transport {
    /// The way that an address names. `hello` is what the server is called towards others: the host of its public
    /// address.
    ///
    /// # Errors
    /// [`UnusableHost`].
    pub fn new(
        url: MailUrl,
        hello: &str,
        authorities: &TrustedAuthorities,
        patience: Patience,
    ) -> Result<Self, UnusableHost> {
        let way = match url.0 {
            Place::Folder(path) => Way::Folder(Folder::new(path)),
            Place::Server(server) => {
                let smtp = Smtp::new(server, hello, authorities, patience);
                Way::Smtp(Box::new(smtp.ok_or(UnusableHost)?))
            }
        };
        Ok(Self(way))
    }

    pub(crate) async fn send(
        &self,
        composed: Composed,
        outgoing: &Outgoing,
    ) -> Result<(), SendError> {
        match &self.0 {
            Way::Smtp(smtp) => smtp.send(&composed).await,
            Way::Folder(folder) => {
                let (id, date) = (outgoing.id.clone(), outgoing.date);
                folder.send(composed.bytes, id, date).await
            }
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Smtp(smtp) => smtp.fmt(f),
            Way::Folder(folder) => folder.fmt(f),
        }
    }
}
