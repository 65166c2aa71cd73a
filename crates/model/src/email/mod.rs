//! E-mail addresses.
//!
//! The rules are those of the Python library email-validator, in its strictness a common
//! denominator of what mail systems take: a dot-atom before the `@` (RFC 5322 §3.2.3, in UTF-8 by
//! RFC 6531 §3.3), a host name with a period after it (RFC 1123 §2.1, IDNA 2008), no display name,
//! no quotes, no bracketed network address, no name that can't exist in the public DNS.
//!
//! Characters are judged by the tables of current Unicode, where the library follows those of its
//! Python (14.0 in Python 3.11): it refuses letters that were assigned since.

mod domain;
mod local;

use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

use crate::unicode::without_case;

/// The longest address, in bytes of UTF-8 (RFC 5321 §4.5.3.1.3, RFC 3696 erratum 1690).
const MAX_BYTES: usize = 254;

/// An address in its normal form: NFC, the domain in lower case and Unicode, the names of RFC 2142
/// (such as `Postmaster`) in lower case.
///
/// An address says who somebody is: it has no `Display`, and [`fmt::Debug`] prints `[address]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    address: String,
    /// Where the `@` is, in bytes.
    at: usize,
}

/// Why a text is no address that we take. The text of each is a sentence for whoever typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// More than 254 bytes, as sent, in normal form or with an ASCII domain.
    #[error("Use an address of at most 254 bytes.")]
    TooLong,
    /// No `@`.
    #[error("Enter an address with an @, such as name@example.org.")]
    NoAt,
    /// Quotes or angle brackets: `Name <a@b.co>`.
    #[error("Enter the bare address, without a name, quotes or angle brackets.")]
    NotBare,
    /// The part before the `@`.
    #[error("The part before the @ is not valid.")]
    Local,
    /// The part after the `@`.
    #[error("The part after the @ is not a valid domain.")]
    Domain,
    /// A domain of one label, or a top-level domain that ends in a digit.
    #[error("The domain after the @ must end in a top-level domain, such as .org.")]
    NoTopLevelDomain,
    /// A domain such as `.local` that no mail reaches.
    #[error("No mail reaches the domain after the @.")]
    SpecialUse,
}

impl EmailFault {
    /// The word for programs: the same for all of them.
    pub const fn code(self) -> &'static str {
        "invalid_email"
    }
}

impl EmailAddress {
    /// Reads an address, and gives it its normal form.
    ///
    /// # Errors
    /// [`EmailFault`]; more than 254 bytes are refused unread.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        if text.len() > MAX_BYTES {
            return Err(EmailFault::TooLong);
        }
        if text.contains(['"', '<', '>']) {
            return Err(EmailFault::NotBare);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailFault::NoAt)?;
        let local = local::parse(local)?;
        let domain = domain::parse(domain)?;
        if local.len() + 1 + domain.ascii.len().max(domain.unicode.len()) > MAX_BYTES {
            return Err(EmailFault::TooLong);
        }
        let at = local.len();
        Ok(Self {
            address: local + "@" + &domain.unicode,
            at,
        })
    }

    /// The address, in normal form: where mail goes.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// What stands before the `@`, and the domain after it.
    pub fn parts(&self) -> (&str, &str) {
        let (local, rest) = self.address.split_at(self.at);
        (local, rest.strip_prefix('@').unwrap_or(rest))
    }

    /// The domain as mail systems know it: in ASCII, other labels as A-labels (RFC 5890 §2.3.2.1).
    pub fn ascii_domain(&self) -> String {
        let (_, domain) = self.parts();
        // It was read once, so it can be read again.
        domain::parse(domain).map_or_else(|_| domain.to_owned(), |domain| domain.ascii)
    }

    /// The address without regard to case, by which it is unique.
    ///
    /// The domain has no case any more. A part before the `@` that differs in case only is another
    /// mailbox by the letter of RFC 5321 §2.4, but hardly anywhere in fact.
    pub fn key(&self) -> String {
        let (local, domain) = self.address.split_at(self.at);
        without_case(local).nfc().chain(domain.chars()).collect()
    }

    /// What the keys of the addresses begin with that begin with `text`.
    pub fn beginning_of_key(text: &str) -> String {
        without_case(text).nfc().collect()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Result<String, EmailFault> {
        EmailAddress::parse(text).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn an_address_gets_its_normal_form() {
        for (typed, kept) in [
            ("alice@example.org", "alice@example.org"),
            ("Alice@EXAMPLE.org", "Alice@example.org"),
            ("PostMaster@example.org", "postmaster@example.org"),
            ("Pele\u{301}@example.org", "Pel\u{e9}@example.org"),
            ("a@xn--exmple-cua.com", "a@exämple.com"),
            ("a@ＥＸＡＭＰＬＥ．com", "a@example.com"),
            ("a@straße.de", "a@straße.de"),
        ] {
            assert_eq!(normal(typed).as_deref(), Ok(kept), "{typed}");
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        use EmailFault as Fault;

        for (typed, fault) in [
            ("", Fault::NoAt),
            ("alice", Fault::NoAt),
            ("Alice <alice@example.org>", Fault::NotBare),
            ("\"alice\"@example.org", Fault::NotBare),
            ("@example.org", Fault::Local),
            (" alice@example.org", Fault::Local),
            ("a..b@example.org", Fault::Local),
            ("a\u{37e}b@example.org", Fault::Local), // normalizes to a;b
            ("\u{301}a@example.org", Fault::Local),
            ("alice@", Fault::Domain),
            ("alice@example..org", Fault::Domain),
            ("alice@-example.org", Fault::Domain),
            ("alice@exa_mple.org", Fault::Domain),
            ("alice@[127.0.0.1]", Fault::Domain),
            ("alice@example.org\n", Fault::Domain),
            ("alice@😀.org", Fault::Domain),
            ("alice@xn---bbk.org", Fault::Domain),
            ("alice@1.אב.com", Fault::Domain),
            ("alice@example", Fault::NoTopLevelDomain),
            ("alice@127.0.0.1", Fault::NoTopLevelDomain),
            ("alice@printer.local", Fault::SpecialUse),
        ] {
            assert_eq!(normal(typed), Err(fault), "{typed:?}");
        }
    }

    #[test]
    fn length_is_counted_in_every_form() {
        let labels = format!("{}.{}.", "x".repeat(63), "x".repeat(63));
        let fitting = 254 - 1 - labels.len() - 3;
        assert!(normal(&format!("{}@{labels}com", "a".repeat(fitting))).is_ok());
        assert_eq!(
            normal(&format!("{}@{labels}com", "a".repeat(fitting + 1))),
            Err(EmailFault::TooLong)
        );
        assert_eq!(
            normal(&format!("a@{}.com", "x".repeat(64))),
            Err(EmailFault::Domain)
        );
        // A domain that is longer in ASCII than in Unicode counts at its longer.
        let domain = format!("{}.com", ["ä"; 20].join("."));
        let local = "a".repeat(254 - 1 - domain.len());
        assert_eq!(
            normal(&format!("{local}@{domain}")),
            Err(EmailFault::TooLong)
        );
        assert_eq!(normal(&"x".repeat(10_000_000)), Err(EmailFault::TooLong));
    }

    #[test]
    fn the_key_has_no_case_and_keeps_the_domain() {
        let key = |text: &str| EmailAddress::parse(text).unwrap().key();
        assert_eq!(key("Alice@Example.org"), key("aLICE@example.ORG"));
        assert_eq!(key("ΣΊΣΥΦΟΣ@example.org"), key("σίσυφος@example.org"));
        assert_ne!(key("a@straße.de"), key("a@strasse.de"));
    }

    #[test]
    fn mail_systems_get_the_domain_in_ascii() {
        for (typed, local, unicode, ascii) in [
            ("alice@example.org", "alice", "example.org", "example.org"),
            (
                "pelé@exämple.com",
                "pelé",
                "exämple.com",
                "xn--exmple-cua.com",
            ),
        ] {
            let address = EmailAddress::parse(typed).unwrap();
            assert_eq!(address.parts(), (local, unicode));
            assert_eq!(address.ascii_domain(), ascii);
        }
    }

    #[test]
    fn debug_does_not_show_the_address() {
        let address = EmailAddress::parse("alice@example.org").unwrap();
        assert_eq!(format!("{address:?}"), "[address]");
    }
}
