//! Taking one's data along, leaving, and coming back.

use integration::PASSWORD;
use integration::chromium::{Browser, Profile, Site};
use serde_json::Value;

const EMAIL: &str = "alice@example.org";

/// Downloads what is held, leaves, and comes back.
async fn leave_and_come_back(site: &Site, browser: &Browser) {
    browser.signs_in(site, "alice", PASSWORD).await;
    browser.click("form[action='/account/export'] button").await;
    let export = browser.downloaded("portcullis-export.json").await;
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!(export["account"]["email"], EMAIL);
    assert_eq!(export["sessions"][0]["in_browser"], true);
    assert_eq!(browser.path().await, "/account", "it was saved");

    browser.follow("/account/delete").await;
    assert!(browser.text().await.contains("30 days"));
    assert!(
        browser
            .tab_order(6)
            .await
            .contains(&"current_password".to_owned())
    );
    browser.enter("current_password", PASSWORD).await;
    assert_eq!(browser.path().await, "/deleted");
    assert_eq!(browser.text_of("h1").await, "Your account will be deleted");
    browser.back().await;
    assert_eq!(browser.path().await, "/login", "signed out");
    assert!(!browser.source().await.contains("alice"));

    browser.signs_in(site, "alice", PASSWORD).await;
    assert_eq!(browser.status().await, 403);
    assert!(browser.text().await.contains("scheduled for deletion"));
    browser.enter("password", PASSWORD).await;
    assert_eq!(browser.path().await, "/account?done=kept");
    let said = browser.text_of("[role=status]").await;
    assert_eq!(said, "Your account stays. It will not be deleted.");
    browser.press("Sign out").await;
}

/// Leaves for good.
async fn leave(site: &Site, browser: &Browser) {
    browser.signs_in(site, "alice", PASSWORD).await;
    browser.follow("/account/delete").await;
    browser
        .send(&[("current_password", "not my password")])
        .await;
    assert_eq!(browser.status().await, 403);
    browser.send(&[("current_password", PASSWORD)]).await;
    assert_eq!(browser.text_of("h1").await, "Your account was deleted");
    assert!(!browser.has_cookie("__Host-portcullis").await);
    assert!(!browser.has_cookie("__Host-portcullis-device").await);
    browser.follow("/login").await;
    browser
        .send(&[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(browser.status().await, 403);
    assert!(!browser.text().await.contains("deleted"));
}

async fn live(profile: Profile) {
    let waits = [("PORTCULLIS_DELETION_GRACE", "2592000")];
    let Some(site) = Site::with_mail(&waits).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser_as(profile).await;
    leave_and_come_back(&site, &browser).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    drop(browser);

    let site = site.restart_with(&[]).await;
    let browser = site.browser_as(profile).await;
    leave(&site, &browser).await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_person_takes_their_data_along_comes_back_and_leaves_for_good() {
    live(Profile::default()).await;
}

#[tokio::test]
async fn leaving_needs_no_script() {
    live(Profile { scripts: false }).await;
}
