//! Signing in with a browser.

use crate::{Accounts, BrowserActor, BrowserSession, LoginAttempt, LoginError};

impl Accounts {
    /// Signs a person in, as [`login`](Self::login) does, and opens a session behind a cookie. The
    /// session that the browser had ends.
    pub async fn browser_login(
        &self,
        attempt: LoginAttempt,
        previous: Option<&BrowserActor>,
    ) -> Result<BrowserSession, LoginError> {
        let (user, origin) = self.prove(attempt).await?;
        Ok(self.open_browser_session(&user, origin, previous).await?)
    }
}
