//! The pages by which an account is deleted or kept, in every state.

use super::scenes::scenes;
use super::{Browser, Site, Stage};
use crate::PASSWORD;

scenes! {
    /// A page that has to do with deleting an account, in one state.
    pub enum DeletionScene {
        /// What a deletion does.
        Delete = "delete", Open, 200;
        /// The same, after a wrong password.
        DeleteRefused = "delete-refused", Open, 403;
        /// The account is gone.
        Deleted = "deleted", Open, 200;
        /// What a deletion does where it waits.
        DeleteLater = "delete-later", Waiting, 200;
        /// The account will be deleted.
        DeletionDue = "deletion-due", Waiting, 200;
        /// Signing in to an account that will be deleted.
        KeepAccount = "keep-account", Waiting, 403;
        /// The account, after it was kept.
        Kept = "account-kept", Waiting, 200;
    }
}

impl DeletionScene {
    /// Leads a browser there. Each scene has somebody of its own.
    pub(super) async fn show(self, site: &Site, browser: &Browser) {
        site.has_account(self.name()).await;
        browser.signs_in(site, self.name(), PASSWORD).await;
        browser.follow("/account/delete").await;
        let password = match self {
            Self::Delete | Self::DeleteLater => return,
            Self::DeleteRefused => "not my password",
            Self::Deleted | Self::DeletionDue | Self::KeepAccount | Self::Kept => PASSWORD,
        };
        browser.send(&[("current_password", password)]).await;
        if matches!(self, Self::KeepAccount | Self::Kept) {
            browser.signs_in(site, self.name(), PASSWORD).await;
        }
        if self == Self::Kept {
            browser.send(&[("password", PASSWORD)]).await;
            assert_eq!(browser.path().await, "/account?done=kept");
        }
    }
}
