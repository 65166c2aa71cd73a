//! Confirming: an address, a change of it, or a sign-up. It never signs anybody in.

mod address;
mod behind;
mod proof;
mod sign_up;

use std::time::Duration;

use model::{EmailAddress, Username};
use password::{Busy, HashError};
use secret::Secret;

use self::behind::Behind;
use super::{ChangeAddress, ConfirmAddress, PendingSignUp, SignUpBrowser, token};
use crate::attempts::GuessError;
use crate::events::{Act, Reason};
use crate::{Accounts, Actor};

/// What somebody confirms by.
#[derive(Clone, Debug)]
pub enum Confirm {
    /// The token of a link.
    Link(Secret<String>),
    /// The digits that were mailed to an address.
    Code {
        /// The address.
        address: EmailAddress,
        /// The digits, as they were typed.
        code: Secret<String>,
    },
}

/// Who confirms, as far as a request tells.
#[derive(Clone, Debug, Default)]
pub struct Confirmer {
    /// What the browser keeps that signed up.
    pub browser: Option<SignUpBrowser>,
    /// Who is signed in.
    pub actor: Option<Actor>,
}

/// What confirming takes besides a link or a code.
#[derive(Debug, Default)]
pub struct ConfirmWith {
    /// Who confirms: the account is theirs, or they have the browser that signed up.
    pub confirmer: Confirmer,
    /// Otherwise, the password: of the account, or the one that was chosen when signing up.
    pub password: Option<Secret<String>>,
    /// Another name for a sign-up, where the one that was chosen then is taken meanwhile. It takes the password, too.
    pub username: Option<Username>,
}

/// What can be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmable {
    /// The address of an account.
    Address,
    /// Another address for an account.
    NewAddress,
    /// A sign-up.
    SignUp,
}

impl Confirm {
    /// Whether the answer may say that a name is taken: that of a sign-up, or another that is asked for. A code may be of
    /// a sign-up, too, but its tries are few.
    pub fn may_reveal_a_name(&self, with: &ConfirmWith) -> bool {
        let is_of_sign_up = match self {
            Self::Link(link) => Confirmable::of_link(link.expose()) == Some(Confirmable::SignUp),
            Self::Code { .. } => false,
        };
        is_of_sign_up || with.username.is_some()
    }
}

impl Confirmable {
    /// What a link is for, if it can be one; whether it is good is not looked up.
    pub fn of_link(link: &str) -> Option<Self> {
        token::<ConfirmAddress>(link)
            .map(|_| Self::Address)
            .or_else(|| token::<ChangeAddress>(link).map(|_| Self::NewAddress))
            .or_else(|| token::<PendingSignUp>(link).map(|_| Self::SignUp))
    }
}

/// What a link confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirming {
    /// What it is for.
    pub what: Confirmable,
    /// Whether it takes the password, too.
    pub needs_password: bool,
}

/// Why nothing was confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link or the code is wrong, was used, has expired, or the account has changed since.
    #[error("the link is not good any more")]
    InvalidLink,
    /// The link alone is not enough here: whoever confirms is not signed in to the account, or has another browser than
    /// whoever signed up. The password is needed.
    #[error("the password is needed")]
    PasswordNeeded,
    /// It is another.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many tries went before.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The operator has closed registration meanwhile.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The name is taken meanwhile: the link stays good, with another.
    #[error("the name is taken")]
    UsernameTaken,
    /// The password that was chosen is too much like this other name: the link stays good, with another.
    #[error("the password is too much like the name")]
    UsernameLikePassword,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The password could not be held against the rules.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<GuessError> for ConfirmError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => error.into(),
        }
    }
}

impl Accounts {
    /// What a link confirms, for this `confirmer`; nothing when it is not good.
    pub async fn what_is_confirmed_by(
        &self,
        link: &str,
        confirmer: &Confirmer,
    ) -> Result<Option<Confirming>, storage::Error> {
        let (what, is_good, is_theirs) = match self.behind_link(link).await? {
            None => return Ok(None),
            Some(Behind::Address(found)) => (
                Confirmable::Address,
                self.address_proof(&found).await?.is_some(),
                self.is_of_account(confirmer, &found.user).await?,
            ),
            Some(Behind::NewAddress(found)) => (
                Confirmable::NewAddress,
                self.whose_address_changes(&found).await?.is_some(),
                self.is_of_account(confirmer, &found.user).await?,
            ),
            Some(Behind::SignUp(found)) => (
                Confirmable::SignUp,
                self.0.storage.user(&found.id).await?.is_none(),
                found.is_of(confirmer.browser.as_ref()),
            ),
        };
        Ok(is_good.then_some(Confirming {
            what,
            needs_password: !is_theirs,
        }))
    }

    /// Confirms what a link or a code is for, and says what that was.
    pub async fn confirm(
        &self,
        by: Confirm,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        let behind = match &by {
            Confirm::Link(link) => self.behind_link(link.expose()).await?,
            Confirm::Code { address, code } => self.behind_code(address, code).await?,
        };
        let Some(behind) = behind else {
            self.report(Act::Confirmation.refused(Reason::InvalidLink));
            return Err(ConfirmError::InvalidLink);
        };
        let confirmed = match behind {
            Behind::Address(found) => self.confirm_address(&found, with).await?,
            Behind::NewAddress(found) => self.confirm_change(&found, with).await?,
            Behind::SignUp(found) => self.confirm_sign_up(&found, with).await?,
        };
        if let Confirm::Code { address, .. } = &by {
            self.forget_tries_at_code(address).await;
        }
        Ok(confirmed)
    }

    fn not_confirmed(
        &self,
        act: Act,
        reason: Reason,
        user: &model::UserId,
    ) -> Result<Confirmable, ConfirmError> {
        self.report(act.refused(reason).of(user));
        Err(ConfirmError::InvalidLink)
    }
}
