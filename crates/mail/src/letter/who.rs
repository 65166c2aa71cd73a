//! The people in a letter.

use std::fmt;

use model::{EmailAddress, User};
use serde::{Deserialize, Serialize};

/// The name of an account, for a letter to its owner.
///
/// Whoever signs up chooses both the name and the address, so a name in a letter to any address would let a stranger
/// write to anybody ("Win money at evil.example"). There is one only once its owner has proven the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfirmedName(String);

/// An address of which little is shown: `a…@example.org`.
///
/// A letter that says to which address an account was changed is read in the mailbox of the address before, which
/// may be somebody else's by now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaskedAddress(String);

impl ConfirmedName {
    /// The name of `user`, if the address of the account is confirmed and the account has a name.
    ///
    /// A letter to an address before the present one takes the user as it was then.
    pub fn of(user: &User) -> Option<Self> {
        let name = user.username.as_ref().filter(|_| user.email_verified)?;
        Some(Self(name.clone()))
    }

    /// To try templates with.
    pub(crate) fn sample() -> Self {
        Self("alice".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MaskedAddress {
    /// The first character and the domain of `address`.
    pub fn of(address: &EmailAddress) -> Self {
        let (local, domain) = address.parts();
        let first = local.chars().next().into_iter();
        Self(first.chain(['…', '@']).chain(domain.chars()).collect())
    }

    /// To try templates with.
    pub(crate) fn sample() -> Self {
        Self("a…@example.org".to_owned())
    }

    /// What is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ConfirmedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[name]")
    }
}

impl fmt::Debug for MaskedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

#[cfg(test)]
mod tests {
    use model::{AddressNumber, Generation, Timestamp, UserId};

    use super::*;

    #[test]
    fn a_name_is_there_once_the_address_is_confirmed() {
        let mut user = User {
            id: UserId::parse("u-1").unwrap(),
            username: Some("win-money".into()),
            email: Some("alice@example.org".into()),
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(0),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        };
        assert_eq!(ConfirmedName::of(&user), None);
        user.email_verified = true;
        let name = ConfirmedName::of(&user).unwrap();
        assert_eq!(name.as_str(), "win-money");
        assert_eq!(format!("{name:?}"), "[name]");
        user.username = None;
        assert_eq!(ConfirmedName::of(&user), None);
    }

    #[test]
    fn of_an_address_the_first_character_and_the_domain_are_shown() {
        for (address, shown) in [
            ("alice@example.org", "a…@example.org"),
            ("a@example.org", "a…@example.org"),
            ("élise@exämple.com", "é…@exämple.com"),
        ] {
            let address = EmailAddress::parse(address).unwrap();
            assert_eq!(MaskedAddress::of(&address).as_str(), shown);
        }
    }
}
