//! Proving once more who one is, with a browser.

use secret::{PlainToken, Secret};

use crate::{Accounts, BrowserActor, DeviceToken, ProofError};

impl Accounts {
    /// Checks the password once more and replaces the cookie by a fresh one. The old one leads nowhere
    /// from then on.
    pub async fn browser_reauthenticate(
        &self,
        browser: &BrowserActor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
    ) -> Result<PlainToken, ProofError> {
        self.prove_again(&browser.actor, device, password).await?;
        Ok(self.renew_cookie(browser).await?)
    }
}
