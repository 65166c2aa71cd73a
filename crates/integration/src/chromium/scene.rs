//! Every page there is, in every state that looks different.

use super::{Browser, DeletionScene, FactorScene, MailScene, Site};
use crate::PASSWORD;

/// A page in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Signing in.
    Login,
    /// Signing in, with a wrong password.
    LoginRefused,
    /// Signing in, after a sign-out.
    LoginSignedOut,
    /// Signing up.
    Register,
    /// Signing up, with everything wrong.
    RegisterRefused,
    /// Signing up, with a name that is taken.
    RegisterTaken,
    /// Signing up where that isn't possible.
    RegisterClosed,
    /// The account, with another session.
    Account,
    /// The account, after a change.
    AccountChanged,
    /// What happened to the account.
    Events,
    /// The account, with a wrong profile.
    ProfileRefused,
    /// The account, with a wrong new password.
    PasswordRefused,
    /// The password once more.
    Confirm,
    /// The password once more, and a wrong one.
    ConfirmRefused,
    /// Nothing is there.
    NotFound,
    /// A form from elsewhere.
    Forged,
    /// Too many guesses at a password.
    TooMany,
    /// One that has to do with deleting an account.
    Deletion(DeletionScene),
    /// One that has to do with the second factor.
    Factor(FactorScene),
    /// One that has to do with mail.
    Mail(MailScene),
}

/// What a scene needs of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The usual settings.
    Open,
    /// Nobody can sign up.
    Closed,
    /// Mail is sent.
    Mailed,
    /// Addresses must be confirmed first.
    Confirmed,
    /// A deletion waits.
    Waiting,
    /// Every account must have a second factor.
    Required,
    /// The same, in a while; and browsers may be remembered.
    Graced,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Closed,
        Self::Mailed,
        Self::Confirmed,
        Self::Waiting,
        Self::Required,
        Self::Graced,
    ];

    /// The settings of the server.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Open => &[],
            Self::Closed => &[("PORTCULLIS_REGISTRATION", "closed")],
            Self::Mailed => &[("PORTCULLIS_EMAIL_VERIFICATION", "optional")],
            Self::Confirmed => &[("PORTCULLIS_EMAIL_VERIFICATION", "required")],
            Self::Waiting => &[("PORTCULLIS_DELETION_GRACE", "2592000")],
            Self::Required => &[("PORTCULLIS_MFA", "required")],
            Self::Graced => &[
                ("PORTCULLIS_MFA", "required"),
                ("PORTCULLIS_MFA_GRACE", "14"),
                ("PORTCULLIS_MFA_REMEMBER", "30"),
            ],
        }
    }

    /// What is played there.
    pub fn scenes(self) -> impl Iterator<Item = Scene> {
        let mailed = MailScene::ALL.into_iter().map(Scene::Mail);
        let deletion = DeletionScene::ALL.into_iter().map(Scene::Deletion);
        let factor = FactorScene::ALL.into_iter().map(Scene::Factor);
        Scene::ALL
            .into_iter()
            .chain(deletion)
            .chain(factor)
            .chain(mailed)
            .filter(move |scene| scene.stage() == self)
    }

    /// A server for its scenes, with Alice's account where they need it.
    pub async fn set(self) -> Option<Site> {
        let site = match self {
            Self::Open | Self::Closed | Self::Waiting | Self::Required | Self::Graced => {
                Site::start(self.settings()).await?
            }
            Self::Mailed => Site::with_mail(self.settings()).await?,
            Self::Confirmed => {
                let before = Site::with_mail(Self::Mailed.settings()).await?;
                before.has_account(MailScene::Unverified.name()).await;
                before.restart_with(self.settings()).await
            }
        };
        if self == Self::Open {
            site.has_account("alice").await;
            site.login("alice", PASSWORD).await; // another session, to be shown on the page
        }
        Some(site)
    }
}

impl Scene {
    /// All of them but those that have to do with deletion, the second factor or mail.
    pub const ALL: [Self; 17] = [
        Self::Login,
        Self::LoginRefused,
        Self::LoginSignedOut,
        Self::Register,
        Self::RegisterRefused,
        Self::RegisterTaken,
        Self::RegisterClosed,
        Self::Account,
        Self::AccountChanged,
        Self::Events,
        Self::ProfileRefused,
        Self::PasswordRefused,
        Self::Confirm,
        Self::ConfirmRefused,
        Self::NotFound,
        Self::Forged,
        Self::TooMany,
    ];

    /// Its name, as a file may have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginRefused => "login-refused",
            Self::LoginSignedOut => "login-signed-out",
            Self::Register => "register",
            Self::RegisterRefused => "register-refused",
            Self::RegisterTaken => "register-taken",
            Self::RegisterClosed => "register-closed",
            Self::Account => "account",
            Self::AccountChanged => "account-changed",
            Self::Events => "events",
            Self::ProfileRefused => "profile-refused",
            Self::PasswordRefused => "password-refused",
            Self::Confirm => "confirm",
            Self::ConfirmRefused => "confirm-refused",
            Self::NotFound => "not-found",
            Self::Forged => "forged",
            Self::TooMany => "too-many",
            Self::Deletion(scene) => scene.name(),
            Self::Factor(scene) => scene.name(),
            Self::Mail(scene) => scene.name(),
        }
    }

    /// The status that its page comes with.
    pub fn status(self) -> u64 {
        match self {
            Self::Login
            | Self::LoginSignedOut
            | Self::Register
            | Self::Account
            | Self::AccountChanged
            | Self::Events
            | Self::Confirm => 200,
            Self::LoginRefused | Self::ConfirmRefused | Self::RegisterClosed | Self::Forged => 403,
            Self::NotFound => 404,
            Self::RegisterTaken => 409,
            Self::RegisterRefused | Self::ProfileRefused | Self::PasswordRefused => 422,
            Self::TooMany => 429,
            Self::Deletion(scene) => scene.status(),
            Self::Factor(scene) => scene.status(),
            Self::Mail(scene) => scene.status(),
        }
    }

    fn stage(self) -> Stage {
        match self {
            Self::RegisterClosed => Stage::Closed,
            Self::Deletion(scene) => scene.stage(),
            Self::Factor(scene) => scene.stage(),
            Self::Mail(scene) => scene.stage(),
            _ => Stage::Open,
        }
    }

    /// Leads a browser there.
    pub async fn show(self, site: &Site, browser: &Browser) {
        browser.forget().await;
        match self {
            Self::Login => browser.open(&site.url("/login")).await,
            Self::LoginRefused => browser.signs_in(site, "alice", "not my password").await,
            Self::LoginSignedOut => {
                self.at(site, browser, "/account").await;
                browser.press("Sign out").await;
                assert!(browser.text().await.contains("You have signed out."));
            }
            Self::Register | Self::RegisterClosed => browser.open(&site.url("/register")).await,
            Self::RegisterRefused => {
                browser.open(&site.url("/register")).await;
                browser.check_nothing().await;
                let who = [("username", ""), ("email", "nobody")];
                browser.send(&[who[0], who[1], ("password", "")]).await;
            }
            Self::RegisterTaken => {
                let other = "other@example.org";
                browser.signs_up(site, "alice", other, PASSWORD).await;
            }
            Self::Account => self.at(site, browser, "/account").await,
            Self::AccountChanged => self.at(site, browser, "/account?done=profile").await,
            Self::Events => {
                site.login("alice", "not my password").await;
                self.at(site, browser, "/account/events").await;
                let text = browser.text().await;
                assert!(text.contains("wrong password"), "{text}");
            }
            Self::ProfileRefused => {
                self.at(site, browser, "/account").await;
                browser.check_nothing().await;
                browser
                    .send(&[("profile-username", ""), ("profile-email", "nobody")])
                    .await;
            }
            Self::PasswordRefused => {
                self.at(site, browser, "/account").await;
                browser.check_nothing().await;
                let new = ("password-new_password", "short");
                browser
                    .send(&[("password-current_password", PASSWORD), new])
                    .await;
            }
            Self::Confirm => self.at(site, browser, "/account/confirm").await,
            Self::ConfirmRefused => {
                self.at(site, browser, "/account/confirm").await;
                browser.send(&[("password", "not my password")]).await;
            }
            Self::NotFound => browser.open(&site.url("/nothing/here")).await,
            Self::Forged => {
                browser.open(&site.url("/login")).await;
                browser.plant("[name=csrf_token]", "forged").await;
                browser
                    .send(&[("username", "alice"), ("password", PASSWORD)])
                    .await;
            }
            Self::TooMany => {
                let mut guesses = 0;
                while guesses < 12 && browser.status().await != 429 {
                    browser.signs_in(site, "guessed", "not the password").await;
                    guesses += 1;
                }
            }
            Self::Deletion(scene) => scene.show(site, browser).await,
            Self::Factor(scene) => scene.show(site, browser).await,
            Self::Mail(scene) => scene.show(site, browser).await,
        }
        let status = browser.status().await;
        assert_eq!(status, self.status(), "{self:?}: {}", browser.text().await);
    }

    /// As Alice, at a page of hers.
    async fn at(self, site: &Site, browser: &Browser, path: &str) {
        browser.signs_in(site, "alice", PASSWORD).await;
        browser.open(&site.url(path)).await;
        assert_eq!(browser.path().await, path, "{self:?}");
    }
}

impl Browser {
    /// Fills in the page for signing up.
    pub async fn signs_up(&self, site: &Site, name: &str, email: &str, password: &str) {
        self.open(&site.url("/register")).await;
        let who = [("username", name), ("email", email)];
        self.send(&[who[0], who[1], ("password", password)]).await;
    }

    /// Fills in the page for signing in.
    pub async fn signs_in(&self, site: &Site, name: &str, password: &str) {
        self.open(&site.url("/login")).await;
        self.send(&[("username", name), ("password", password)])
            .await;
    }
}
