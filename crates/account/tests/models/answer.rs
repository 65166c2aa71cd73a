//! What came of a request, in the words of the model.

use std::fmt;

use account::{ProofError, Refused};
use model::SessionId;

/// What a request was answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Tokens(Issued),
    Done,
    Refused,
    /// The store failed: never expected.
    Failed(String),
}

/// Tokens as their owner has them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) session: SessionId,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

/// Why something was not done.
pub(crate) enum Trouble {
    Refused,
    Store(storage::Error),
    Other(String),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Revoked | Refused::NotFresh => Self::Refused,
            Refused::Storage(error) => Self::Store(error),
        }
    }
}

impl From<ProofError> for Trouble {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::InvalidCredentials => Self::Refused,
            ProofError::Refused(refused) => refused.into(),
            ProofError::TooManyAttempts { .. }
            | ProofError::Busy(_)
            | ProofError::FactorRequired
            | ProofError::Factor(_) => Self::Other(error.to_string()),
        }
    }
}

pub(crate) fn answer(result: Result<(), Trouble>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(Trouble::Refused) => Answer::Refused,
        Err(Trouble::Store(error)) => Answer::Failed(format!("{error:?}")),
        Err(Trouble::Other(error)) => Answer::Failed(error),
    }
}

impl From<account::Tokens> for Answer {
    fn from(tokens: account::Tokens) -> Self {
        Self::Tokens(Issued {
            session: tokens.session,
            access: tokens.access.expose().to_owned(),
            refresh: Some(tokens.refresh.expose().to_owned()),
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(_) => f.write_str("Tokens"),
            Self::Done => f.write_str("Done"),
            Self::Refused => f.write_str("Refused"),
            Self::Failed(error) => write!(f, "Failed({error})"),
        }
    }
}
