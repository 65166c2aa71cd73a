//! What a verification ends with.

/// The outcome of checking a password against a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The password is the one that was hashed.
    Match(Strength),
    /// It is another one.
    NoMatch,
    /// The stored text is no hash that can be checked: to the person at the door the same as
    /// [`Verdict::NoMatch`], to the operator a line in the log.
    Malformed(Malformed),
}

impl Verdict {
    /// Whether the password is the right one.
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Match(_))
    }
}

/// Whether a hash that matched is as strong as a new one would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Argon2id, no cheaper than the current parameters.
    Current,
    /// Anything else: hash the password again and store the new hash in its place.
    Outdated,
}

impl Strength {
    /// Whether the stored hash should be replaced.
    pub const fn is_outdated(self) -> bool {
        matches!(self, Self::Outdated)
    }
}

/// Why a stored hash can't be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No known format begins like this.
    #[error("the stored hash has no known format")]
    UnknownFormat,
    /// A known format, but not of its form.
    #[error("the stored hash is damaged")]
    Syntax,
    /// A cost that its algorithm does not have.
    #[error("the stored hash has impossible parameters")]
    Parameters,
    /// A cost beyond [`bounds`](crate::bounds).
    #[error("the stored hash asks for more than the bounds on memory and time")]
    TooCostly,
    /// More than [`MAX_HASH_BYTES`](crate::bounds::MAX_HASH_BYTES) of text.
    #[error("the stored hash is too long")]
    TooLong,
    /// A known format that isn't read, or not by this build.
    #[error("the stored hash has a format that is not read")]
    Unsupported,
    /// Not a hash: the password itself, under a label that says so, such as Spring's `{noop}`. To let it in would mean
    /// to go on without a hash wherever that label stands.
    #[error("the stored password is not hashed")]
    PlainText,
    /// Made on purpose to match nothing, such as Django's `!…` or a locked `*`.
    #[error("the account has no usable password")]
    Unusable,
    /// The computation itself ended abnormally, and may succeed when tried again.
    #[error("the check was not carried out")]
    NotChecked,
}
