//! One revocation, as it is stored and sent.

use serde::{Deserialize, Serialize};

/// A revocation, and until when it must be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is revoked.
    pub subject: Revoked,
    /// The Unix second from which on nothing that it concerns can be accepted anyway: the `exp` of
    /// the last token, and the leeway of whoever verifies.
    pub expires: u64,
}

/// What is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// The token with this `jti`.
    Token(String),
    /// Every token with this `sid`.
    Session(String),
    /// Every token of a user that is of an older generation. A token without `gen` is of
    /// generation 0.
    User {
        /// The `sub`.
        id: String,
        /// The lowest generation (`gen`) that is still good. `u64::MAX`: none is, for ever.
        min_gen: u64,
        /// The session whose tokens stay good whatever their generation.
        keep: Option<String>,
    },
}

impl Revoked {
    /// Everything a user has and will have, for one who was deleted or disabled.
    pub fn whole_user(id: impl Into<String>) -> Self {
        Self::User {
            id: id.into(),
            min_gen: u64::MAX,
            keep: None,
        }
    }
}
