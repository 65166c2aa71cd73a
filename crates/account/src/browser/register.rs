//! Signing up with a browser.

use model::Origin;

use crate::attempts::Settlement;
use crate::login::Proven;
use crate::tokens::TokensError;
use crate::{Accounts, BrowserActor, BrowserSession, RegisterError, Registration};

/// Why no account was made, or nobody signed in to it.
#[derive(Debug, thiserror::Error)]
pub enum BrowserRegisterError {
    /// There is no account.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// There is one, but no session.
    #[error(transparent)]
    Session(#[from] TokensError),
}

impl Accounts {
    /// Makes an account, as [`register`](Self::register) does, and signs its owner in, who has just
    /// chosen the password. The session that the browser had ends.
    pub async fn browser_register(
        &self,
        registration: Registration,
        origin: Origin,
        previous: Option<&BrowserActor>,
    ) -> Result<BrowserSession, BrowserRegisterError> {
        let proven = Proven {
            user: self.register(registration).await?,
            origin,
            device: None,
            guess: Settlement::Nothing,
        };
        Ok(self.open_browser_session(proven, previous).await?)
    }

    /// Whether anyone may sign up.
    pub fn registration_is_open(&self) -> bool {
        self.0.settings.registration_open
    }

    /// How many characters a new password has at least.
    pub fn password_min_chars(&self) -> usize {
        self.0.settings.policy.min_chars()
    }
}
