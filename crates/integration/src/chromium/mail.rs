//! The pages that ask for mail, and those that its links lead to, in every state.

use serde_json::json;

use super::scenes::scenes;
use super::{Browser, Site, Stage};
use crate::PASSWORD;

scenes! {
    /// A page that has to do with mail, in one state.
    pub enum MailScene {
        /// A forgotten password where no mail is sent.
        MailOff = "mail-off", Open, 403;
        /// Signing in where mail is sent.
        LoginMailed = "login-mailed", Mailed, 200;
        /// A forgotten password.
        Forgot = "forgot", Mailed, 200;
        /// A forgotten password, of no address.
        ForgotRefused = "forgot-refused", Mailed, 422;
        /// A forgotten password, asked for.
        ForgotSent = "forgot-sent", Mailed, 202;
        /// A new password.
        Reset = "reset", Mailed, 200;
        /// A new password that is too weak.
        ResetRefused = "reset-refused", Mailed, 422;
        /// A new password, set.
        ResetDone = "reset-done", Mailed, 200;
        /// A link that isn't good.
        ResetInvalid = "reset-invalid", Mailed, 400;
        /// Confirming an address.
        ConfirmAddress = "confirm-address", Mailed, 200;
        /// It is confirmed.
        ConfirmedAddress = "confirmed-address", Mailed, 200;
        /// Confirming by a code.
        ConfirmCode = "confirm-code", Mailed, 200;
        /// Confirming by a wrong code.
        ConfirmCodeRefused = "confirm-code-refused", Mailed, 400;
        /// Asking for the mail once more.
        Resend = "resend", Mailed, 200;
        /// It is on its way.
        ResendSent = "resend-sent", Mailed, 202;
        /// The account, with an address that isn't confirmed.
        AccountUnconfirmed = "account-unconfirmed", Mailed, 200;
        /// The account, with an address that is.
        AccountConfirmed = "account-confirmed", Mailed, 200;
        /// The account, after another address was asked for.
        AccountAsked = "account-asked", Mailed, 200;
        /// Confirming another address.
        ConfirmNewAddress = "confirm-new-address", Mailed, 200;
        /// Taking a change of the address back.
        Undo = "undo", Mailed, 200;
        /// It is taken back.
        Undone = "undone", Mailed, 200;
        /// Signing in with an address that isn't confirmed.
        Unverified = "unverified", Confirmed, 403;
        /// After signing up.
        SignUpSent = "sign-up-sent", Confirmed, 202;
        /// Confirming a sign-up in the same browser.
        ConfirmSignUp = "confirm-sign-up", Confirmed, 200;
        /// Confirming a sign-up in another browser.
        ConfirmSignUpElsewhere = "confirm-sign-up-elsewhere", Confirmed, 200;
        /// The same, with a wrong password.
        ConfirmSignUpRefused = "confirm-sign-up-refused", Confirmed, 403;
        /// Confirming a sign-up whose name is taken meanwhile.
        ConfirmSignUpTaken = "confirm-sign-up-taken", Confirmed, 409;
        /// The account is there.
        ConfirmedSignUp = "confirmed-sign-up", Confirmed, 200;
    }
}

impl MailScene {
    /// Leads a browser there. Each scene has people of its own.
    pub(super) async fn show(self, site: &Site, browser: &Browser) {
        let email = format!("{}@example.org", self.name());
        match self {
            Self::MailOff | Self::Forgot => browser.open(&site.url("/forgot")).await,
            Self::LoginMailed => browser.open(&site.url("/login")).await,
            Self::ForgotRefused | Self::ForgotSent => {
                browser.open(&site.url("/forgot")).await;
                browser.check_nothing().await;
                let typed = if self == Self::ForgotSent {
                    &*email
                } else {
                    "nobody"
                };
                browser.send(&[("email", typed)]).await;
            }
            Self::Reset | Self::ResetRefused | Self::ResetDone => {
                self.reset(site, browser, &email).await;
            }
            Self::ResetInvalid => browser.open(&site.url("/reset?token=pcr_old")).await,
            Self::ConfirmAddress | Self::ConfirmedAddress => {
                site.has_account(self.name()).await;
                browser.follows(site, &email, "/confirm").await;
                if self == Self::ConfirmedAddress {
                    browser.send(&[("password", PASSWORD)]).await;
                }
            }
            Self::ConfirmCode => browser.open(&site.url("/confirm")).await,
            Self::ConfirmCodeRefused => {
                browser.open(&site.url("/confirm")).await;
                browser.send(&[("email", &email), ("code", "123")]).await;
            }
            Self::Resend => browser.open(&site.url("/confirm/resend")).await,
            Self::ResendSent => {
                browser.open(&site.url("/confirm/resend")).await;
                browser.send(&[("email", &email)]).await;
            }
            Self::AccountUnconfirmed
            | Self::AccountConfirmed
            | Self::AccountAsked
            | Self::ConfirmNewAddress
            | Self::Undo
            | Self::Undone => self.changes(site, browser, &email).await,
            Self::Unverified => browser.signs_in(site, &email, PASSWORD).await,
            Self::SignUpSent
            | Self::ConfirmSignUp
            | Self::ConfirmSignUpElsewhere
            | Self::ConfirmSignUpRefused
            | Self::ConfirmSignUpTaken
            | Self::ConfirmedSignUp => self.signs_up(site, browser, &email).await,
        }
    }

    async fn reset(self, site: &Site, browser: &Browser, email: &str) {
        site.has_account(self.name()).await;
        let body = json!({"email": email});
        let asked = site.post("/password/forgot", &body);
        assert_eq!(asked.await.status, 202);
        browser.follows(site, email, "/reset").await;
        match self {
            Self::ResetRefused => browser.send(&[("new_password", "short")]).await,
            Self::ResetDone => {
                browser
                    .send(&[("new_password", "another long phrase of theirs")])
                    .await;
            }
            _ => {}
        }
    }

    async fn changes(self, site: &Site, browser: &Browser, email: &str) {
        site.has_account(self.name()).await;
        if self != Self::AccountUnconfirmed {
            browser.follows(site, email, "/confirm").await;
            browser.send(&[("password", PASSWORD)]).await;
        }
        browser.signs_in(site, self.name(), PASSWORD).await;
        if matches!(self, Self::AccountUnconfirmed | Self::AccountConfirmed) {
            return;
        }
        let new = format!("{}@example.net", self.name());
        browser.send(&[("profile-email", &new)]).await;
        if self == Self::AccountAsked {
            return;
        }
        browser.follows(site, &new, "/confirm").await;
        if self == Self::ConfirmNewAddress {
            return;
        }
        browser.press("Confirm the new address").await;
        browser.follows(site, email, "/email/undo").await;
        if self == Self::Undone {
            browser.press("Undo the change").await;
        }
    }

    async fn signs_up(self, site: &Site, browser: &Browser, email: &str) {
        browser.signs_up(site, self.name(), email, PASSWORD).await;
        match self {
            Self::ConfirmSignUp | Self::ConfirmedSignUp => {
                browser.follows(site, email, "/confirm").await;
                if self == Self::ConfirmedSignUp {
                    browser.press("Create the account").await;
                }
            }
            Self::ConfirmSignUpElsewhere | Self::ConfirmSignUpRefused => {
                browser.forget().await;
                browser.follows(site, email, "/confirm").await;
                if self == Self::ConfirmSignUpRefused {
                    browser.send(&[("password", "not my password")]).await;
                }
            }
            Self::ConfirmSignUpTaken => {
                let first = site.letter(email, "/confirm").await;
                let other = format!("{}@example.net", self.name());
                browser.signs_up(site, self.name(), &other, PASSWORD).await;
                browser.follows(site, &other, "/confirm").await;
                browser.press("Create the account").await;
                browser.forget().await;
                browser.open(&first.link()).await;
                browser.send(&[("password", PASSWORD)]).await;
            }
            _ => {}
        }
    }
}

impl Browser {
    /// Follows the link in the next letter to this address that leads to the page at `path`.
    pub async fn follows(&self, site: &Site, to: &str, path: &str) {
        let letter = site.letter(to, path).await;
        let page = site.url(&format!("{path}?token="));
        let text = letter.text();
        let link = text.lines().find(|line| line.starts_with(&page));
        self.open(link.expect("a line with the link")).await;
    }
}
