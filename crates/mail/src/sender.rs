//! Whom letters come from.

use lettre::address::Address;
use lettre::message::Mailbox;

/// An address of the operator's, with a name that is shown if there is one: `Accounts <accounts@example.org>`.
///
/// Its domain is the one that SPF and DMARC are asked about, of the header and of the envelope alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// Why a text is no [`Sender`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderFault {
    /// Neither an address nor a name and an address.
    #[error("must be an address, or a name and an address: Accounts <accounts@example.org>")]
    Unreadable,
    /// A part before the `@` that not every mail server takes.
    #[error("must have an address with only ASCII characters before the @")]
    NotAscii,
}

impl Sender {
    /// Reads an address, with or without a name.
    ///
    /// # Errors
    /// [`SenderFault`].
    pub fn parse(text: &str) -> Result<Self, SenderFault> {
        if text.contains(char::is_control) {
            return Err(SenderFault::Unreadable);
        }
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => {
                let (name, address) = rest.rsplit_once('<').ok_or(SenderFault::Unreadable)?;
                (unquoted(name.trim()), address)
            }
            None => ("", text.trim()),
        };
        let (local, domain) = address.rsplit_once('@').ok_or(SenderFault::Unreadable)?;
        if !local.is_ascii() {
            return Err(SenderFault::NotAscii);
        }
        let domain = idna::domain_to_ascii(domain).map_err(|_| SenderFault::Unreadable)?;
        let address = Address::new(local, domain).map_err(|_| SenderFault::Unreadable)?;
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self(Mailbox::new(name, address)))
    }

    /// The same sender, with this name if it has none.
    #[must_use]
    pub fn or_named(mut self, name: &str) -> Self {
        self.0.name.get_or_insert_with(|| name.to_owned());
        self
    }

    /// The domain of the address, in ASCII.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(crate) const fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

fn unquoted(name: &str) -> &str {
    let quoted = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    quoted.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, name, address) in [
            ("accounts@example.org", None, "accounts@example.org"),
            ("<accounts@example.org>", None, "accounts@example.org"),
            (
                "Konten von Zoë <k@exämple.com>",
                Some("Konten von Zoë"),
                "k@xn--exmple-cua.com",
            ),
            (
                "\"Accounts, Inc.\" <a@example.org>",
                Some("Accounts, Inc."),
                "a@example.org",
            ),
            (" portcullis@localhost ", None, "portcullis@localhost"),
        ] {
            let sender = Sender::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(sender.0.name.as_deref(), name, "{text}");
            assert_eq!(sender.0.email.to_string(), address, "{text}");
        }
    }

    #[test]
    fn a_sender_without_a_name_is_given_one() {
        let named = |text: &str| Sender::parse(text).unwrap().or_named("Example").0.name;
        assert_eq!(named("a@b.org").as_deref(), Some("Example"));
        assert_eq!(named("Accounts <a@b.org>").as_deref(), Some("Accounts"));
    }

    #[test]
    fn what_is_no_sender_is_refused() {
        for text in [
            "",
            "Accounts",
            "a@",
            "@b.org",
            "a@b.org>",
            "A <a@b.org",
            "a@b.org\r\nBcc: c@d.org",
            "a b@c.org",
        ] {
            assert_eq!(
                Sender::parse(text),
                Err(SenderFault::Unreadable),
                "{text:?}"
            );
        }
        assert_eq!(Sender::parse("zoë@example.org"), Err(SenderFault::NotAscii));
    }
}
