//! Accounts.

use std::fmt;

use password::PasswordHash;

use crate::{AddressNumber, Generation, SessionId, Timestamp, UserId};

/// An account, without its password hash.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct User {
    /// Which account.
    pub id: UserId,
    /// The name as it is stored. An imported one may break the rules that [`crate::Username`] keeps, and
    /// an imported account may have none.
    pub username: Option<String>,
    /// The address as it is stored, likewise.
    pub email: Option<String>,
    /// Whether its owner has proven the address.
    pub email_verified: bool,
    /// Which of its addresses that is.
    pub address_number: AddressNumber,
    /// Tokens of an older generation are refused, save those of [`User::keep`].
    pub generation: Generation,
    /// The session that asked for the last password change, and lives on.
    pub keep: Option<SessionId>,
    /// A disabled account can't be used.
    pub disabled: bool,
    /// Whether its owner was invited, and has not chosen a password yet.
    pub is_invited: bool,
    /// When it will be deleted, if its owner wants that: until then it can't be used, and its owner can come back.
    pub closes_at: Option<Timestamp>,
    /// Whether a second factor is asked for besides the password.
    pub second_factor: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, address or password last changed.
    pub updated_at: Timestamp,
}

/// An account and what its password is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// Its password hash. An imported account without a password has an empty one, which nothing matches.
    pub hash: PasswordHash,
}

impl User {
    /// What to call its owner: the name; else the address; else the id.
    pub fn display_name(&self) -> &str {
        let given = self.username.as_deref().or(self.email.as_deref());
        given.unwrap_or(self.id.as_str())
    }

    /// The name and the address, as far as there are any.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        [self.username.as_deref(), self.email.as_deref()]
            .into_iter()
            .flatten()
    }

    /// Whether it can be used: it is neither disabled nor waits to be deleted.
    pub const fn is_in_use(&self) -> bool {
        !self.disabled && self.closes_at.is_none()
    }

    /// Whether a token or session of `generation` is still good for this account.
    pub fn accepts(&self, session: SessionId, generation: Generation) -> bool {
        self.is_in_use() && (generation >= self.generation || self.keep == Some(session))
    }

    /// Whether a token that belongs to no session is still good for this account: it is of the first
    /// generation.
    pub fn accepts_without_session(&self) -> bool {
        self.is_in_use() && self.generation == Generation(0)
    }
}

impl fmt::Debug for User {
    /// Names neither the person nor the address: this is what may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("generation", &self.generation)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    fn user(generation: u64, keep: Option<SessionId>) -> User {
        User {
            id: UserId::parse("u-1").unwrap(),
            username: Some("alice".into()),
            email: Some("alice@example.org".into()),
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(generation),
            keep,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn an_older_generation_is_refused_save_for_the_session_that_is_kept() {
        let now = Timestamp::from_seconds(1);
        let (kept, other) = (
            SessionId::new(now, &SystemRng),
            SessionId::new(now, &SystemRng),
        );
        let alice = user(2, Some(kept));
        assert!(alice.accepts(other, Generation(2)));
        assert!(!alice.accepts(other, Generation(1)));
        assert!(alice.accepts(kept, Generation(1)));
        assert!(
            !User {
                disabled: true,
                ..alice
            }
            .accepts(kept, Generation(2))
        );
    }

    #[test]
    fn a_token_without_session_is_good_until_the_first_change_of_the_password() {
        let now = Timestamp::from_seconds(1);
        let alice = user(0, None);
        assert!(alice.accepts_without_session());
        assert!(!user(1, None).accepts_without_session());
        let kept = SessionId::new(now, &SystemRng);
        assert!(!user(1, Some(kept)).accepts_without_session());
        assert!(
            !User {
                disabled: true,
                ..alice
            }
            .accepts_without_session()
        );
    }

    #[test]
    fn somebody_without_a_name_is_called_by_the_address_and_else_by_the_id() {
        let mut user = user(0, None);
        assert_eq!(user.display_name(), "alice");
        assert!(user.identities().eq(["alice", "alice@example.org"]));
        user.username = None;
        assert_eq!(user.display_name(), "alice@example.org");
        user.email = None;
        assert_eq!(user.display_name(), "u-1");
        assert_eq!(user.identities().count(), 0);
    }

    #[test]
    fn debug_names_neither_the_person_nor_the_address() {
        let text = format!("{:?}", user(0, None));
        assert!(
            !text.contains("alice") && !text.contains("example"),
            "{text}"
        );
    }
}
