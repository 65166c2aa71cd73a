//! What is wrong with a new password.

use crate::bounds::MAX_PASSWORD_BYTES;

/// One rule that a new password breaks. `Display` is a sentence for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fewer characters than `min`.
    #[error("The password must have at least {min} characters.")]
    TooShort {
        /// Characters that it must have.
        min: usize,
    },
    /// More bytes than can be hashed.
    #[error("The password must not be longer than {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
    /// Too easy to guess.
    #[error("The password is too easy to guess.{}", hint(warning.as_deref()))]
    TooWeak {
        /// Why, if zxcvbn knows: an English sentence.
        warning: Option<String>,
    },
    /// Known from a breach of some site: it is among the first that a thief tries.
    #[error(
        "The password is known from data breaches elsewhere. Choose one that you use nowhere else."
    )]
    Breached,
    /// The user's own name or address.
    #[error("The password must not be your user name or your e-mail address.")]
    SameAsIdentity,
    /// The one that it was to replace.
    #[error("The new password must differ from the current one.")]
    SameAsCurrent,
}

impl Fault {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::TooWeak { .. } => "too_weak",
            Self::Breached => "breached_password",
            Self::SameAsIdentity => "same_as_identity",
            Self::SameAsCurrent => "same_as_current",
        }
    }
}

fn hint(warning: Option<&str>) -> String {
    warning.map_or_else(String::new, |warning| format!(" {warning}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_a_sentence() {
        let weak = |warning: Option<&str>| Fault::TooWeak {
            warning: warning.map(str::to_owned),
        };
        assert_eq!(
            weak(Some("This is a common password.")).to_string(),
            "The password is too easy to guess. This is a common password."
        );
        assert_eq!(weak(None).to_string(), "The password is too easy to guess.");
        assert_eq!(
            Fault::TooShort { min: 8 }.to_string(),
            "The password must have at least 8 characters."
        );
    }
}
