//! Names and addresses that an account has let go of: for a while nobody else gets them.
//!
//! Whoever takes over a name takes over what others associate with it: mentions, permissions that were
//! granted by name, mails to an address. So what an account is signed in to by stays reserved for
//! [`Reservations::LIFETIME`] after it was changed, or the account deleted. The account may take it back; to
//! everyone else it is taken, and nothing distinguishes the two.
//!
//! What is kept is an HMAC of the name and one of who let go of it, which is of no use without the key: neither
//! can be read from the store, nor two reservations of one account be told to be that.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::UserId;
use secret::Secret;
use sha2::Sha256;

use crate::UniqueField;

/// How names are recognized that an account has let go of.
#[derive(Clone, Debug)]
pub struct Reservations {
    /// The present key, then those before it.
    keys: Vec<Secret<[u8; 32]>>,
}

/// What is kept of a name, and of who let go of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Stands for the name or the address.
    pub name: String,
    /// Stands for the account, as far as this name goes.
    pub owner: String,
}

impl Reservations {
    /// How long a name stays reserved.
    pub const LIFETIME: Duration = Duration::from_secs(30 * 86_400);

    /// Makes marks with `key`, and recognizes those of the key before it, too.
    pub fn new(key: Secret<[u8; 32]>, previous: Option<Secret<[u8; 32]>>) -> Self {
        Self {
            keys: std::iter::once(key).chain(previous).collect(),
        }
    }

    /// What is kept when `account` lets go of what `key` stands for.
    pub fn released(&self, field: UniqueField, key: &str, account: &UserId) -> Option<Reserved> {
        self.keys
            .first()
            .map(|by| reserved(by, field, key, account))
    }

    /// What the store is asked for before `account` gets what `key` stands for: it is refused where one of
    /// these names is kept for another owner. A new account has let go of nothing, so it is none: else one that was
    /// deleted could be made again under its id.
    pub fn wanted(&self, field: UniqueField, key: &str, account: Option<&UserId>) -> Vec<Reserved> {
        let wanted = self.keys.iter().map(|by| match account {
            Some(account) => reserved(by, field, key, account),
            None => Reserved {
                name: name_mark(by, field, key),
                owner: String::new(),
            },
        });
        wanted.collect()
    }
}

impl Default for Reservations {
    /// Those of a store that is no server's: the key is known to everybody.
    fn default() -> Self {
        Self::new(Secret::new([0; 32]), None)
    }
}

fn name_mark(by: &Secret<[u8; 32]>, field: UniqueField, key: &str) -> String {
    let field = match field {
        UniqueField::Username => b"username",
        UniqueField::Email => b"email---",
    };
    mark(by, &[b"n", field, key.as_bytes()])
}

fn reserved(by: &Secret<[u8; 32]>, field: UniqueField, key: &str, account: &UserId) -> Reserved {
    let name = name_mark(by, field, key);
    // Of the name as well, so that one account is another owner for each.
    let owner = mark(by, &[b"o", name.as_bytes(), account.as_str().as_bytes()]);
    Reserved { name, owner }
}

/// Every part but the last has a fixed length.
#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn mark(key: &Secret<[u8; 32]>, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    for part in parts {
        mac.update(part);
    }
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(byte: u8, previous: Option<u8>) -> Reservations {
        let key = |byte| Secret::new([byte; 32]);
        Reservations::new(key(byte), previous.map(key))
    }

    fn id(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn a_mark_is_of_one_key_field_name_and_owner() {
        let of = |key, field, name, owner| by(key, None).released(field, name, &id(owner)).unwrap();
        let one = of(1, UniqueField::Username, "alice", "a");
        assert_eq!(one, of(1, UniqueField::Username, "alice", "a"));
        let other = of(1, UniqueField::Username, "alice", "b");
        assert!(other.name == one.name && other.owner != one.owner);
        for other in [
            of(2, UniqueField::Username, "alice", "a"),
            of(1, UniqueField::Email, "alice", "a"),
            of(1, UniqueField::Username, "alicia", "a"),
        ] {
            assert!(other.name != one.name && other.owner != one.owner);
        }
    }

    #[test]
    fn a_name_that_was_released_under_the_key_before_is_recognized() {
        let (old, new) = (by(1, None), by(2, Some(1)));
        let released = old.released(UniqueField::Email, "a@example.org", &id("a"));
        let wanted = new.wanted(UniqueField::Email, "a@example.org", Some(&id("a")));
        assert!(wanted.contains(&released.unwrap()) && wanted.len() == 2);
    }

    #[test]
    fn nothing_of_the_name_stands_in_what_is_kept() {
        let kept = by(1, None).released(UniqueField::Username, "alice", &id("account"));
        let kept = format!("{kept:?}");
        assert!(
            !kept.contains("alice") && !kept.contains("account"),
            "{kept}"
        );
    }
}
