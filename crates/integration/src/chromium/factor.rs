//! The pages of the second factor, in every state.

use model::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::scenes::scenes;
use super::{Browser, Site, Stage};
use crate::{Authenticator, PASSWORD};

scenes! {
    /// A page that has to do with the second factor, in one state.
    pub enum FactorScene {
        /// There is none.
        Off = "factor-off", Open, 200;
        /// There is none, and the address must be confirmed first.
        AddressFirst = "factor-address-first", Mailed, 200;
        /// What an app is given.
        Enrol = "factor-enrol", Open, 200;
        /// The same, after a wrong code.
        EnrolRefused = "factor-enrol-refused", Open, 403;
        /// What was begun too long ago.
        EnrolOver = "factor-enrol-over", Open, 404;
        /// Recovery codes, as they are shown once.
        RecoveryCodes = "factor-recovery-codes", Open, 200;
        /// There is one.
        On = "factor-on", Open, 200;
        /// There is one, and few recovery codes are left.
        Few = "factor-few", Open, 200;
        /// It was removed.
        Removed = "factor-removed", Open, 200;
        /// The account, with one.
        Account = "factor-account", Open, 200;
        /// The account, with few recovery codes left.
        AccountFew = "factor-account-few", Open, 200;
        /// The second step of a sign-in.
        SecondStep = "factor-second-step", Open, 200;
        /// The same, after a wrong code.
        SecondStepRefused = "factor-second-step-refused", Open, 403;
        /// The same, too late.
        SecondStepOver = "factor-second-step-over", Open, 403;
        /// Password and code once more.
        Confirm = "factor-confirm", Open, 200;
        /// The same, after a wrong code.
        ConfirmRefused = "factor-confirm-refused", Open, 403;
        /// What a deletion does, and what it asks for.
        Delete = "factor-delete", Open, 200;
        /// An app must be set up at a sign-in.
        First = "factor-first", Required, 200;
        /// What it is given there.
        FirstEnrol = "factor-first-enrol", Required, 200;
        /// The same, after a wrong code.
        FirstRefused = "factor-first-refused", Required, 403;
        /// The same, too late.
        FirstOver = "factor-first-over", Required, 403;
        /// Recovery codes, where a sign-in goes on afterwards.
        FirstCodes = "factor-first-codes", Required, 200;
        /// There is one, which stays.
        Stays = "factor-stays", Required, 200;
        /// It was to be removed all the same.
        StaysRefused = "factor-stays-refused", Required, 409;
        /// There is none, and must be in a while.
        Due = "factor-due", Graced, 200;
        /// The account, likewise.
        AccountDue = "factor-account-due", Graced, 200;
        /// The second step, where the browser may be remembered.
        Remember = "factor-remember", Graced, 200;
        /// The same, after a wrong code.
        RememberRefused = "factor-remember-refused", Graced, 403;
        /// A browser is remembered.
        Remembered = "factor-remembered", Graced, 200;
        /// None is any more.
        Forgotten = "factor-forgotten", Graced, 200;
    }
}

const WRONG: &str = "000000";

impl FactorScene {
    /// Leads a browser there. Each scene has somebody of its own.
    pub(super) async fn show(self, site: &Site, browser: &Browser) {
        let name = self.name();
        site.has_account(name).await;
        browser.signs_in(site, name, PASSWORD).await;
        match self {
            Self::Off | Self::AddressFirst | Self::Due => {
                browser.follow("/account/factor").await;
            }
            Self::Enrol => browser.begins_enrolment().await,
            Self::EnrolRefused => {
                browser.begins_enrolment().await;
                browser.send(&[("code", WRONG)]).await;
            }
            Self::EnrolOver => {
                browser.follow("/account/factor").await;
                browser.sends_no_enrolment().await;
            }
            Self::AccountDue => {}
            _ if self.stage() == Stage::Required => self.show_first(site, browser).await,
            _ => {
                let codes = browser.enrols().await;
                self.show_enrolled(site, browser, &codes).await;
            }
        }
    }

    /// The scenes of somebody who must set up an app at a sign-in.
    async fn show_first(self, site: &Site, browser: &Browser) {
        if self == Self::First {
            return;
        }
        if self == Self::FirstOver {
            browser.plant("[name=challenge]", "pcn_over").await;
        }
        browser.press("Set up an authenticator app").await;
        if self == Self::FirstRefused {
            browser.send(&[("code", WRONG)]).await;
        }
        if matches!(self, Self::FirstCodes | Self::Stays | Self::StaysRefused) {
            browser.confirms_app().await;
        }
        if matches!(self, Self::Stays | Self::StaysRefused) {
            browser.open(&site.url("/account/factor")).await;
        }
        if self == Self::StaysRefused {
            let script =
                "document.querySelector('form[action$=begin]').action = '/account/factor/remove'";
            browser.script(script, Vec::new()).await;
            browser.press("Set up another app").await;
        }
    }

    /// The scenes of somebody whose browser may be remembered.
    async fn show_remembered(self, site: &Site, browser: &Browser, code: &str) {
        browser.forget().await;
        browser.signs_in(site, self.name(), PASSWORD).await;
        if self == Self::Remember {
            return;
        }
        browser.click("#remember_device").await;
        if self == Self::RememberRefused {
            browser.send(&[("factor", WRONG)]).await;
            return;
        }
        browser.send(&[("factor", code)]).await;
        browser.follow("/account/factor").await;
        if self == Self::Forgotten {
            browser.press("Forget all of them").await;
        }
    }

    /// The scenes of somebody whose app is set up.
    async fn show_enrolled(self, site: &Site, browser: &Browser, codes: &[String]) {
        match self {
            Self::On | Self::Few | Self::Account | Self::AccountFew => {
                if matches!(self, Self::Few | Self::AccountFew) {
                    for code in &codes[..7] {
                        site.signs_in_by(self.name(), code).await;
                    }
                }
                browser.follow("/account").await;
                if matches!(self, Self::On | Self::Few) {
                    browser.follow("/account/factor").await;
                }
            }
            Self::Removed => {
                browser.open(&site.url("/account/factor")).await;
                browser.press("Remove the second factor").await;
                let both = [("password", PASSWORD), ("factor", &codes[0])];
                browser.send(&both).await;
                browser.press("Remove the second factor").await;
            }
            Self::SecondStep | Self::SecondStepRefused | Self::SecondStepOver => {
                browser.forget().await;
                browser.signs_in(site, self.name(), PASSWORD).await;
                if self == Self::SecondStepOver {
                    browser.plant("[name=challenge]", "pcq_over").await;
                }
                if self != Self::SecondStep {
                    browser.send(&[("factor", WRONG)]).await;
                }
            }
            Self::Confirm | Self::ConfirmRefused => {
                browser.open(&site.url("/account/confirm")).await;
                if self == Self::ConfirmRefused {
                    let wrong = [("password", PASSWORD), ("factor", WRONG)];
                    browser.send(&wrong).await;
                }
            }
            Self::Delete => browser.open(&site.url("/account/delete")).await,
            Self::Remember | Self::RememberRefused | Self::Remembered | Self::Forgotten => {
                self.show_remembered(site, browser, &codes[0]).await;
            }
            _ => {} // the recovery codes are shown
        }
    }
}

impl Browser {
    /// Gets from the account to what an app is given.
    async fn begins_enrolment(&self) {
        self.follow("/account/factor").await;
        self.press("Set up an authenticator app").await;
    }

    /// Sets up an app from the account on, and gives the recovery codes, which are shown.
    async fn enrols(&self) -> Vec<String> {
        self.begins_enrolment().await;
        self.confirms_app().await
    }

    /// Reads the key that is shown into an app, and gives the recovery codes that come next.
    pub async fn confirms_app(&self) -> Vec<String> {
        let secret = self.text_of(".secret").await.replace(' ', "");
        let app = Authenticator::with(&secret);
        let code = app.shows_at(SystemClock.now().as_seconds());
        self.send(&[("code", &code)]).await;
        self.recovery_codes().await
    }

    /// The recovery codes that are shown.
    pub async fn recovery_codes(&self) -> Vec<String> {
        let codes = self.text_of(".codes").await;
        codes.lines().map(|code| code.trim().to_owned()).collect()
    }

    /// Sends a code where no enrolment was begun.
    async fn sends_no_enrolment(&self) {
        let script = "const form = document.querySelector('form[action$=begin]'); \
                      form.action = '/account/factor/confirm'; \
                      form.insertAdjacentHTML('beforeend', '<input type=hidden name=code value=123456>')";
        self.script(script, Vec::new()).await;
        self.press("Set up an authenticator app").await;
    }
}

impl Site {
    /// Signs somebody in who has a second factor, by a recovery code.
    async fn signs_in_by(&self, name: &str, code: &str) {
        let asked = self.login(name, PASSWORD).await;
        assert_eq!(asked.status, 401, "{asked:?}");
        let problem: Value = serde_json::from_str(&asked.body).expect("the body is JSON");
        let body = json!({"challenge": problem["challenge"], "recovery_code": code});
        let answer = self.post("/login/factor", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
