//! Signing in with a name (or e-mail address) and a password.

use jwt::IssueError;
use model::{Credentials, Origin, User};
use password::{Busy, PasswordHash, Place, Strength, Verdict};
use secret::Secret;

use crate::identifier::{canonical, login_name};
use crate::tokens::TokensError;
use crate::{Accounts, Tokens};

/// Someone who wants to sign in.
pub struct LoginAttempt {
    /// The name or address, as it was typed.
    pub identifier: String,
    /// The password, as it was typed.
    pub password: Secret<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The name is unknown, the password wrong or the account disabled: never told apart.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<TokensError> for LoginError {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Issue(error) => error.into(),
            TokensError::Storage(error) => error.into(),
        }
    }
}

impl Accounts {
    /// Signs a person in and opens a session.
    ///
    /// An unknown name costs what a known one costs; an outdated hash is replaced.
    pub async fn login(&self, attempt: LoginAttempt) -> Result<Tokens, LoginError> {
        let (user, origin) = self.prove(attempt).await?;
        Ok(self.open_session(&user, origin).await?)
    }

    /// Who has proven to be whom, and where.
    pub(crate) async fn prove(&self, attempt: LoginAttempt) -> Result<(User, Origin), LoginError> {
        let place = self.0.hasher.admit()?; // before the look-up, so that a full queue tells nothing
        let name = login_name(&attempt.identifier);
        let found = self.0.storage.credentials_by_login(&name).await?;

        let hash = match &found {
            Some(credentials) => credentials.hash.clone(),
            None => self.0.live.decoys().for_name(canonical(&name)),
        };
        let verdict = self.verify(&place, &attempt.password, hash).await;
        let (Some(found), Some(strength)) = (found, verdict) else {
            return Err(LoginError::InvalidCredentials);
        };
        if found.user.disabled {
            return Err(LoginError::InvalidCredentials);
        }
        self.upgrade_if_outdated(&place, &found, strength, attempt.password)
            .await?;
        drop(place);

        Ok((found.user, attempt.origin))
    }

    /// How strong the hash is that `password` matches, or `None`. A hash that can't be read, or would
    /// cost too much, is work all the same, and a line in the log.
    pub(crate) async fn verify(
        &self,
        place: &Place,
        password: &Secret<String>,
        hash: PasswordHash,
    ) -> Option<Strength> {
        match place.verify(password.clone(), hash).await {
            Verdict::Match(strength) => Some(strength),
            Verdict::NoMatch => None,
            // The pool has done the work of a good hash in its place.
            Verdict::Malformed(reason) => {
                tracing::error!(%reason, "a stored password hash can't be used: nobody can sign in with it");
                None
            }
        }
    }

    /// Replaces an outdated hash, unless the operator keeps them for other software. Whoever replaced
    /// it in between has done the same; a hash that can't be made today is made the next time.
    pub(crate) async fn upgrade_if_outdated(
        &self,
        place: &Place,
        found: &Credentials,
        strength: Strength,
        password: Secret<String>,
    ) -> Result<(), storage::Error> {
        if strength.is_outdated() && self.0.settings.upgrade_hashes {
            match place.hash(password).await {
                Ok(better) => {
                    self.0
                        .storage
                        .upgrade_hash(&found.user.id, &found.hash, &better)
                        .await?;
                }
                Err(error) => tracing::error!(%error, "an outdated hash could not be replaced"),
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for LoginAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginAttempt").finish_non_exhaustive()
    }
}
