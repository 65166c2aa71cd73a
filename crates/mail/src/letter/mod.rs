//! What a letter says, before it has words.

mod for_the_store;
mod who;

use model::Timestamp;
use secret::Secret;
use serde::{Deserialize, Serialize};

pub use who::{ConfirmedName, MaskedAddress};

/// A letter, by what happened.
///
/// It is serialised for one purpose: to wait, encrypted, until it is sent. Its links and codes let whoever holds them
/// act for somebody, so [`std::fmt::Debug`] doesn't show them. A letter of the version before may still be waiting
/// when this one starts: fields are only added, with a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// Somebody signed up with this address: is it theirs?
    ConfirmSignUp {
        /// The page that confirms.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Eight digits that do the same.
        #[serde(with = "for_the_store")]
        code: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// Somebody signed up with an address that has an account. The one who signed up is told nothing.
    AlreadyRegistered {
        /// The page for signing in.
        sign_in: String,
        /// The page that asks for a new password.
        reset: String,
    },
    /// An account has this address, not yet confirmed.
    ConfirmAddress {
        /// The page that confirms.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Eight digits that do the same.
        #[serde(with = "for_the_store")]
        code: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// An account wants to change to this address.
    ConfirmNewAddress {
        /// The page that confirms.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Eight digits that do the same.
        #[serde(with = "for_the_store")]
        code: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// Another account wanted to change to this address, which has one already. Says nothing about the other.
    AddressTaken {},
    /// To the address before: the account has another one now.
    AddressChanged {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// What it was changed to.
        new_address: MaskedAddress,
        /// The page that takes the change back.
        #[serde(with = "for_the_store")]
        undo: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// To the address before, too, where the change can't be taken back by a link.
    AddressLeft {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// What it was changed to.
        new_address: MaskedAddress,
        /// Whether the account was deleted meanwhile.
        is_deleted: bool,
    },
    /// Somebody forgot the password.
    ResetPassword {
        /// The page that takes a new one.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Until when.
        expires: Timestamp,
        /// When the account will be deleted, if it is scheduled for that: a new password keeps it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deletion_due: Option<Timestamp>,
    },
    /// A change of the address was taken back, and with it the password is void.
    WayBackIn {
        /// The page that takes a new password.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// The password was changed.
    PasswordChanged {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// The page that asks for a new password.
        reset: String,
    },
    /// An authenticator app was enrolled.
    FactorAdded {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// The page that asks for a new password.
        reset: String,
    },
    /// The second factor was removed.
    FactorRemoved {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// The page that asks for a new password.
        reset: String,
    },
    /// Somebody who knows the password has entered wrong codes.
    FactorGuessed {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// The page that asks for a new password.
        reset: String,
    },
    /// Few recovery codes are left.
    RecoveryCodesLow {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// How many.
        left: u32,
        /// The page that gives new ones.
        page: String,
    },
    /// An administrator made an account for this address.
    Invitation {
        /// The page that takes a name and a password.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
        /// Until when.
        expires: Timestamp,
    },
    /// The account will be deleted.
    DeletionScheduled {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// When.
        until: Timestamp,
        /// The page that keeps the account.
        #[serde(with = "for_the_store")]
        link: Secret<String>,
    },
    /// The account was to be deleted, and was kept.
    Kept {
        /// Whose account.
        name: Option<ConfirmedName>,
        /// The page that asks for a new password.
        reset: String,
    },
    /// The account was deleted.
    Deleted {
        /// Whose account it was.
        name: Option<ConfirmedName>,
    },
    /// The operator asks whether mail arrives: `portcullis mail test`.
    Test,
}

impl Letter {
    /// What the letter is called in templates, texts and logs: `reset_password`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmSignUp { .. } => "confirm_sign_up",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::ConfirmNewAddress { .. } => "confirm_new_address",
            Self::AddressTaken {} => "address_taken",
            Self::AddressChanged { .. } => "address_changed",
            Self::AddressLeft { .. } => "address_left",
            Self::ResetPassword { .. } => "reset_password",
            Self::WayBackIn { .. } => "way_back_in",
            Self::PasswordChanged { .. } => "password_changed",
            Self::FactorAdded { .. } => "factor_added",
            Self::FactorRemoved { .. } => "factor_removed",
            Self::FactorGuessed { .. } => "factor_guessed",
            Self::RecoveryCodesLow { .. } => "recovery_codes_low",
            Self::Invitation { .. } => "invitation",
            Self::DeletionScheduled { .. } => "deletion_scheduled",
            Self::Kept { .. } => "kept",
            Self::Deleted { .. } => "deleted",
            Self::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset() -> Letter {
        Letter::ResetPassword {
            link: "https://accounts.example/reset?token=hunter2".into(),
            expires: Timestamp::from_seconds(3600),
            deletion_due: None,
        }
    }

    #[test]
    fn debug_shows_no_link() {
        let text = format!("{:?}", reset());
        assert!(text.contains("ResetPassword"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_letter_waits_in_the_store_and_comes_back_whole() {
        let stored = serde_json::to_string(&reset()).unwrap();
        assert_eq!(
            stored,
            r#"{"letter":"reset_password","link":"https://accounts.example/reset?token=hunter2","expires":"1970-01-01T01:00:00.000Z"}"#
        );
        let Letter::ResetPassword { link, .. } = serde_json::from_str(&stored).unwrap() else {
            panic!("another letter came back");
        };
        assert!(link.expose().ends_with("hunter2"));
    }

    #[test]
    fn a_letter_is_stored_by_its_kind() {
        for letter in [reset(), Letter::AddressTaken {}, Letter::Test] {
            let stored = serde_json::to_value(&letter).unwrap();
            assert_eq!(stored["letter"], letter.kind());
            let back: Letter = serde_json::from_value(stored).unwrap();
            assert_eq!(back.kind(), letter.kind());
        }
    }
}
