//! Mail, and the pages that its links lead to, as people meet them.

use integration::PASSWORD;
use integration::chromium::{Browser, Profile, Site};

use super::NEW;

const ALICE: &str = "alice@example.org";
const OTHER: &str = "alice@example.net";

/// Signs up, confirms, signs in, changes the address and takes that back, sets another password and signs in.
async fn live(site: &Site, browser: &Browser) {
    browser.signs_up(site, "alice", ALICE, PASSWORD).await;
    assert_eq!(browser.path().await, "/register");
    assert_eq!(browser.text_of("h1").await, "Check your mail");
    browser.follows(site, ALICE, "/confirm").await;
    browser.press("Create the account").await;
    assert_eq!(browser.text_of("h1").await, "Your account is ready");
    browser.follow("/login").await;
    browser
        .send(&[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(browser.path().await, "/account");

    browser.send(&[("profile-email", OTHER)]).await;
    assert!(browser.text_of("[role=status]").await.contains(OTHER));
    browser.follows(site, OTHER, "/confirm").await;
    browser.press("Confirm the new address").await;
    browser.open(&site.url("/account")).await;
    let shown = browser.value_of("#profile-email", "value").await;
    assert_eq!(shown.as_deref(), Some(OTHER));

    browser.follows(site, ALICE, "/email/undo").await;
    browser.press("Undo the change").await;
    assert_eq!(browser.text_of("h1").await, "The change is undone");
    browser.open(&site.url("/account")).await;
    assert_eq!(browser.path().await, "/login", "everybody is signed out");
    browser.signs_in(site, "alice", PASSWORD).await;
    assert_eq!(browser.status().await, 403, "the password is void");

    browser.follow("/forgot").await;
    browser.send(&[("email", ALICE)]).await;
    assert_eq!(browser.text_of("h1").await, "Check your mail");
    browser.follows(site, ALICE, "/reset").await;
    browser.send(&[("new_password", NEW)]).await;
    assert_eq!(browser.text_of("h1").await, "Your new password is set");
    browser.follow("/login").await;
    browser
        .send(&[("username", ALICE), ("password", NEW)])
        .await;
    assert_eq!(browser.path().await, "/account");
}

async fn site() -> Option<Site> {
    Site::with_mail(&[("PORTCULLIS_EMAIL_VERIFICATION", "required")]).await
}

#[tokio::test]
async fn a_person_signs_up_by_mail_and_gets_back_what_was_taken() {
    let Some(site) = site().await else {
        return;
    };
    let browser = site.browser().await;
    live(&site, &browser).await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn mail_needs_no_script() {
    let Some(site) = site().await else {
        return;
    };
    let browser = site.browser_as(Profile { scripts: false }).await;
    live(&site, &browser).await;
}
