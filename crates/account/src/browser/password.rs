//! Changing one's own password with a browser.

use secret::{PlainToken, Secret};

use crate::{Accounts, BrowserActor, ChangePasswordError, DeviceToken};

/// What a browser gets in place of what it had.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The value of its cookie.
    pub cookie: PlainToken,
    /// Tells that it is known.
    pub device: DeviceToken,
}

impl Accounts {
    /// Replaces the password, as [`change_password`](Self::change_password) does, and the cookie with
    /// it: whoever had a copy of the old one is out, as every other session is. The browser stays known,
    /// every other device must sign in again before it is.
    pub async fn browser_change_password(
        &self,
        browser: &BrowserActor,
        device: Option<&DeviceToken>,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<Renewed, ChangePasswordError> {
        let actor = &browser.actor;
        let device = self.change_password(actor, device, current, new).await?;
        let cookie = self.renew_cookie(browser).await?;
        Ok(Renewed { cookie, device })
    }
}
