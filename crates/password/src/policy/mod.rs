//! Rules for new passwords.

mod breached;
mod fault;
mod strength;

use secret::Secret;
use unicode_normalization::UnicodeNormalization as _;

use crate::bounds::MAX_PASSWORD_BYTES;
pub use breached::{BreachedList, BuildListError, ListBuilder, OpenListError};
pub use fault::Fault;

/// What a new password must be: long enough, not too long, hard to guess, and not the name of its
/// owner.
///
/// There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2). What is on zxcvbn's list of common passwords is refused as
/// known from breaches; a longer list is a [`BreachedList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    min_chars: usize,
}

impl Policy {
    /// Passwords of at least `min_chars` characters. NIST asks for 15 where the password is the only
    /// factor, 8 where there is a second one.
    pub const fn with_min_chars(min_chars: usize) -> Self {
        Self { min_chars }
    }

    /// Characters that a password has at least, counted in NFC.
    pub const fn min_chars(&self) -> usize {
        self.min_chars
    }

    /// Holds `password` against every rule.
    ///
    /// `identities` are the user's own name and e-mail address. Neither of them, nor the part of an
    /// address before the `@`, may be the password, in whatever case; and a password is weaker for
    /// containing one. Takes up to some ten milliseconds: on a server, use [`Permit::check`](crate::Permit::check).
    ///
    /// # Errors
    /// Every fault that was found.
    pub fn check(&self, password: &Secret<String>, identities: &[&str]) -> Result<(), Vec<Fault>> {
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Err(vec![Fault::TooLong]);
        }
        let password = Secret::new(password.expose().nfc().collect::<String>());
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Err(vec![Fault::TooLong]);
        }

        let identities: Vec<String> = identities
            .iter()
            .flat_map(|identity| forms_of(identity))
            .collect();
        let mut faults = Vec::new();
        if password.expose().chars().count() < self.min_chars {
            faults.push(Fault::TooShort {
                min: self.min_chars,
            });
        }
        if identities.contains(&folded(password.expose())) {
            faults.push(Fault::SameAsIdentity);
        }
        if let Err(weak) = strength::check(&password, &identities) {
            faults.push(Fault::TooWeak {
                warning: weak.warning,
            });
            if weak.is_listed {
                faults.push(Fault::Breached);
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

impl Default for Policy {
    /// At least 8 characters.
    fn default() -> Self {
        Self::with_min_chars(8)
    }
}

/// A name as it is; of an address also the part before the `@`.
fn forms_of(identity: &str) -> impl Iterator<Item = String> {
    let local_part = identity.rsplit_once('@').map(|(local, _)| local);
    [Some(identity), local_part]
        .into_iter()
        .flatten()
        .filter(|form| !form.is_empty())
        .map(folded)
}

fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), Vec<Fault>> {
        Policy::default().check(&password.into(), &["Ålice", "alice.liddell@example.com"])
    }

    #[test]
    fn a_good_password_passes() {
        for good in [
            "correct horse battery staple",
            "kX8#vQ2m!pL5",
            "пароль-із-вікна-42",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn characters_are_counted_after_normalisation() {
        let faults = check("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}xk").unwrap_err();
        assert!(faults.contains(&Fault::TooShort { min: 8 }), "{faults:?}");
        let longer = check("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}xkq");
        assert!(!longer.is_err_and(|faults| faults.contains(&Fault::TooShort { min: 8 })));
    }

    #[test]
    fn the_minimum_can_be_raised() {
        let policy = Policy::with_min_chars(15);
        let faults = policy.check(&"kX8#vQ2m!pL5".into(), &[]).unwrap_err();
        assert_eq!(faults, [Fault::TooShort { min: 15 }]);
    }

    #[test]
    fn more_than_1024_bytes_are_too_many_in_either_form() {
        assert_eq!(check(&"x".repeat(1025)), Err(vec![Fault::TooLong]));
        // U+0958 has 3 bytes, its NFC form has 6.
        assert_eq!(check(&"\u{958}".repeat(200)), Err(vec![Fault::TooLong]));
    }

    #[test]
    fn the_users_own_name_and_address_are_refused_in_any_case() {
        for own in [
            "åLICE",
            "a\u{30a}lice",
            "Alice.Liddell@Example.com",
            "ALICE.LIDDELL",
        ] {
            let faults = check(own).unwrap_err();
            assert!(faults.contains(&Fault::SameAsIdentity), "{own}: {faults:?}");
        }
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let faults = Policy::default()
            .check(&"bob".into(), &["bob"])
            .unwrap_err();
        let codes: Vec<_> = faults.iter().map(Fault::code).collect();
        assert_eq!(codes, ["too_short", "same_as_identity", "too_weak"]);
    }

    #[test]
    fn what_everybody_chooses_is_too_weak() {
        for weak in ["password1", "qwertyuiop", "aaaaaaaaaaaa", "12345678"] {
            let faults = check(weak).unwrap_err();
            assert!(matches!(faults[..], [Fault::TooWeak { .. }, ..]), "{weak}");
        }
    }

    #[test]
    fn what_is_on_the_list_that_is_compiled_in_is_known_from_breaches() {
        // The first, some in between and the last of its thirty thousand that have 8 characters.
        for listed in [
            "password",
            "baseball",
            "iloveyou",
            "qwertyuiop",
            "trustno1",
            "password123",
        ] {
            let faults = check(listed).unwrap_err();
            assert!(
                matches!(faults[..], [Fault::TooWeak { .. }, Fault::Breached]),
                "{listed}: {faults:?}"
            );
        }
        // Weak for another reason, or only like one of them.
        for other in [
            "aaaaaaaaaaaa",
            "p4ssw0rd",
            "drowssap",
            "elizabeth1",
            "passwordpassword",
        ] {
            let faults = check(other).unwrap_err();
            assert!(!faults.contains(&Fault::Breached), "{other}: {faults:?}");
        }
    }
}
