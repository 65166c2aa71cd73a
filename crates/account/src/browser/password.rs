//! Changing one's own password with a browser.

use secret::{PlainToken, Secret};

use crate::{Accounts, BrowserActor, ChangePasswordError};

impl Accounts {
    /// Replaces the password, as [`change_password`](Self::change_password) does, and the cookie with
    /// it: whoever had a copy of the old one is out, as every other session is.
    pub async fn browser_change_password(
        &self,
        browser: &BrowserActor,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<PlainToken, ChangePasswordError> {
        self.change_password(&browser.actor, current, new).await?;
        Ok(self.renew_cookie(browser).await?)
    }
}
