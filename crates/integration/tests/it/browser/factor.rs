//! A second factor, from the first scan to the day on which it is given up.

use integration::PASSWORD;
use integration::chromium::{App, Browser, Look, Profile, Site, Theme};

use super::NEW;

const ALICE: &str = "alice@example.org";

/// Sets an app up, and gives it and the recovery codes.
async fn sets_up(site: &Site, browser: &Browser) -> (App, Vec<String>) {
    browser.signs_in(site, "alice", PASSWORD).await;
    browser.follow("/account/factor").await;
    browser.press("Set up an authenticator app").await;
    let mut apps = Vec::new();
    for look in Look::ALL {
        browser.look(look).await;
        let app = App::scans(browser).await;
        assert_eq!(app.uri.scheme(), "otpauth", "{look}");
        assert!(app.uri.path().ends_with(":alice"), "{}", app.uri);
        apps.push(app);
    }
    browser.look(Look::new(1280, Theme::Light)).await;
    let app = apps.pop().unwrap();
    let typed = browser.text_of(".secret").await.replace(' ', "");
    let query = app.uri.query().unwrap_or_default();
    assert!(query.contains(&format!("secret={typed}")), "{query}");

    browser.send(&[("code", "000000")]).await;
    assert_eq!(browser.status().await, 403);
    browser.enter("code", &app.shows()).await;
    assert_eq!(browser.text_of("h1").await, "Your app is set up");
    let codes = browser.recovery_codes().await;
    assert_eq!(codes.len(), 10);
    browser.follow("/account").await;
    assert!(browser.text().await.contains("10 recovery codes are left."));
    browser.press("Sign out").await;
    (app, codes)
}

/// Enters the password and is asked for the second factor.
async fn enters_password(site: &Site, browser: &Browser, password: &str) {
    browser.signs_in(site, ALICE, password).await;
    assert_eq!(browser.text_of("h1").await, "Enter your code");
    assert!(!browser.has_cookie("__Host-portcullis").await);
    assert!(!browser.text().await.contains("alice"), "it tells nothing");
}

async fn enters_code(browser: &Browser, code: &str) {
    browser.enter("factor", code).await;
    assert_eq!(browser.path().await, "/account");
}

async fn live(site: &Site, browser: &Browser) {
    let (app, codes) = sets_up(site, browser).await;

    enters_password(site, browser, PASSWORD).await;
    browser.send(&[("factor", "000000")]).await;
    assert_eq!(browser.status().await, 403);
    assert_eq!(browser.path().await, "/login/factor");
    enters_code(browser, &app.shows_next()).await;
    browser.send(&[("profile-username", "alicia")]).await;
    assert_eq!(browser.path().await, "/account?done=profile");
    assert_eq!(browser.text_of("h1").await, "alicia");
    browser.press("Sign out").await;

    enters_password(site, browser, PASSWORD).await;
    let spelt = codes[0].to_lowercase().replace('-', "");
    enters_code(browser, &spelt).await;
    assert!(browser.text().await.contains("9 recovery codes are left."));
    browser.press("Sign out").await;

    browser.follow("/forgot").await;
    browser.send(&[("email", ALICE)]).await;
    browser.follows(site, ALICE, "/reset").await;
    browser.send(&[("new_password", NEW)]).await;
    assert_eq!(browser.text_of("h1").await, "Your new password is set");
    enters_password(site, browser, NEW).await;
    enters_code(browser, &codes[1]).await;

    browser.follow("/account/factor").await;
    browser.press("Remove the second factor").await;
    let said = browser.text_of("[role=status]").await;
    assert!(said.contains("has been removed"), "{said}");
    browser.open(&site.url("/account")).await;
    browser.press("Sign out").await;
    browser.signs_in(site, ALICE, NEW).await;
    assert_eq!(browser.path().await, "/account");
}

async fn lives(profile: Profile) {
    if !App::is_at_hand() {
        return;
    }
    let mail = [("PORTCULLIS_EMAIL_VERIFICATION", "optional")];
    let Some(site) = Site::with_mail(&mail).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser_as(profile).await;
    browser.follows(&site, ALICE, "/confirm").await;
    browser.send(&[("password", PASSWORD)]).await;
    live(&site, &browser).await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_person_sets_up_an_app_signs_in_with_it_and_removes_it() {
    lives(Profile::default()).await;
}

#[tokio::test]
async fn a_second_factor_needs_no_script() {
    lives(Profile { scripts: false }).await;
}

/// A challenge is worth nothing in another browser.
#[tokio::test]
async fn a_second_step_that_is_carried_into_another_browser_begins_anew() {
    if !App::is_at_hand() {
        return;
    }
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    let (_, codes) = sets_up(&site, &browser).await;
    enters_password(&site, &browser, PASSWORD).await;
    let challenge = browser.value_of("[name=challenge]", "value").await;
    browser.forget().await;
    enters_password(&site, &browser, PASSWORD).await;
    let challenge = challenge.unwrap();
    browser.plant("[name=challenge]", &challenge).await;
    browser.send(&[("factor", &codes[0])]).await;
    assert_eq!(browser.status().await, 403);
    assert_eq!(browser.text_of("h1").await, "Sign in");
    assert!(browser.text().await.contains("Sign in again."));
}

/// Somebody signs up where a second factor is required, and has the browser remembered.
async fn lives_under_the_rule(profile: Profile) {
    let rules = [
        ("PORTCULLIS_MFA", "required"),
        ("PORTCULLIS_MFA_REMEMBER", "30"),
    ];
    let Some(site) = Site::start(&rules).await else {
        return;
    };
    let browser = site.browser_as(profile).await;
    browser.signs_up(&site, "alice", ALICE, PASSWORD).await;
    assert_eq!(browser.text_of("h1").await, "Set up a second factor");
    assert!(!browser.has_cookie("__Host-portcullis").await);
    browser.press("Set up an authenticator app").await;
    assert_eq!(browser.path().await, "/login/enrol");
    browser.send(&[("code", "000000")]).await;
    assert_eq!(browser.status().await, 403);

    // What was scanned is shown once, so that it begins anew.
    browser.follow("/login").await;
    browser.signs_in(&site, ALICE, PASSWORD).await;
    browser.press("Set up an authenticator app").await;
    let codes = browser.confirms_app().await;
    assert_eq!(codes.len(), 10);
    browser.follow("/account").await;
    assert_eq!(browser.path().await, "/account");
    browser.press("Sign out").await;

    enters_password(&site, &browser, PASSWORD).await;
    browser.click("#remember_device").await;
    enters_code(&browser, &codes[0]).await;
    browser.press("Sign out").await;
    browser.signs_in(&site, ALICE, PASSWORD).await;
    assert_eq!(browser.path().await, "/account");
    browser.follow("/account/factor").await;
    let said = browser.text().await;
    assert!(
        said.contains("This server requires a second factor."),
        "{said}"
    );
    browser.press("Forget all of them").await;
    browser.open(&site.url("/account")).await;
    browser.press("Sign out").await;
    enters_password(&site, &browser, PASSWORD).await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_person_sets_up_an_app_at_the_first_sign_in_and_is_remembered() {
    lives_under_the_rule(Profile::default()).await;
}

#[tokio::test]
async fn a_factor_that_is_required_needs_no_script() {
    lives_under_the_rule(Profile { scripts: false }).await;
}
