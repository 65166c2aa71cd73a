//! Ending sessions from the page.

use integration::PASSWORD;
use integration::chromium::Site;

use super::press_and_confirm;

/// The cookie of a session.
const SESSION: &str = "__Host-portcullis";

/// The buttons that end another session.
const OTHERS: &str = "form[action^='/account/sessions/'][action$='/end']";

#[tokio::test]
async fn a_person_sees_two_sessions_and_ends_the_other_one() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let other = site.login("alice", PASSWORD).await.text("access_token");
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    assert_eq!(browser.count(OTHERS).await, 1);
    assert_eq!(browser.text().await.matches("This session").count(), 1);
    assert!(site.lives(&other).await);

    press_and_confirm(&browser, &site, "End session", PASSWORD).await;
    assert_eq!(browser.path().await, "/account?done=session");
    assert_eq!(browser.count("[role=status]").await, 1);
    assert_eq!(browser.count(OTHERS).await, 0);
    assert!(!site.lives(&other).await, "it is gone for good");
    assert!(
        browser.text().await.contains("This session"),
        "one's own stays"
    );
}

#[tokio::test]
async fn a_person_ends_all_other_sessions_and_another_browser_is_signed_out() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let program = site.login("alice", PASSWORD).await.text("access_token");
    let other = site.browser().await;
    other.signs_in(&site, "alice", PASSWORD).await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    assert_eq!(browser.count(OTHERS).await, 2);

    press_and_confirm(&browser, &site, "End all other sessions", PASSWORD).await;
    assert_eq!(browser.path().await, "/account?done=sessions");
    assert_eq!(browser.count(OTHERS).await, 0);
    assert!(!site.lives(&program).await);
    other.open(&site.url("/account")).await;
    assert!(other.path().await.starts_with("/login"));
}

#[tokio::test]
async fn a_change_of_password_signs_another_browser_out_and_keeps_this_one() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let other = site.browser().await;
    other.signs_in(&site, "alice", PASSWORD).await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    let current = ("password-current_password", PASSWORD);
    browser
        .send(&[current, ("password-new_password", super::NEW)])
        .await;
    assert_eq!(browser.path().await, "/account?done=password");
    other.send(&[("profile-username", "mallory")]).await; // on the page that it still shows
    assert!(
        other.path().await.starts_with("/login"),
        "{}",
        other.path().await
    );
    browser.open(&site.url("/account")).await;
    assert_eq!(browser.path().await, "/account");
}

#[tokio::test]
async fn the_cookies_are_bound_to_the_host_and_hidden_from_scripts() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    assert!(browser.has_cookie(SESSION).await);
    for cookie in browser.cookies().await {
        let name = cookie["name"].as_str().unwrap();
        assert!(name.starts_with("__Host-"), "{cookie}");
        assert_eq!(cookie["secure"], true, "{cookie}");
        assert_eq!(cookie["httpOnly"], true, "{cookie}");
        assert_eq!(cookie["sameSite"], "Lax", "{cookie}");
        assert_eq!(cookie["path"], "/", "{cookie}");
        assert_eq!(cookie["domain"], Site::HOST, "{cookie}");
    }
    assert_eq!(browser.script_cookies().await, "");
    browser.press("Sign out").await;
    assert!(!browser.has_cookie(SESSION).await);
}

#[tokio::test]
async fn the_password_once_more_replaces_the_cookie_and_leads_back_to_the_account() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    let value = async || {
        let cookies = browser.cookies().await;
        let session = cookies.iter().find(|cookie| cookie["name"] == SESSION);
        session.unwrap()["value"].clone()
    };
    let before = value().await;
    browser.open(&site.url("/account/confirm")).await;
    browser.send(&[("password", PASSWORD)]).await;
    assert_eq!(browser.path().await, "/account?done=confirmed");
    assert_eq!(browser.count("[role=status]").await, 1);
    assert_ne!(value().await, before);
}
