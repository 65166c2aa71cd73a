//! The life of an account, as its owner sees it.

use integration::PASSWORD;
use integration::chromium::{Browser, Profile, Site};

use super::NEW;

/// Signs up, out and in, changes the password and signs in with the new one.
async fn live(site: &Site, browser: &Browser) {
    browser.open(&site.url("/")).await;
    assert_eq!(browser.path().await, "/login");
    browser.follow("/register").await;
    let who = [("username", "alice"), ("email", "alice@example.org")];
    browser
        .send(&[who[0], who[1], ("password", PASSWORD)])
        .await;
    assert_eq!(browser.path().await, "/account");
    assert!(browser.text_of("h1").await.contains("alice"));

    browser.press("Sign out").await;
    assert_eq!(browser.path().await, "/login");
    browser.open(&site.url("/account")).await;
    assert!(browser.path().await.starts_with("/login"), "signed out");

    browser.signs_in(site, "alice", PASSWORD).await;
    assert_eq!(browser.path().await, "/account");
    let current = ("password-current_password", PASSWORD);
    browser
        .send(&[current, ("password-new_password", NEW)])
        .await;
    assert_eq!(browser.path().await, "/account?done=password");
    assert_eq!(browser.count("[role=status]").await, 1);

    browser.press("Sign out").await;
    browser.signs_in(site, "alice", PASSWORD).await;
    assert_eq!(browser.status().await, 403, "the old one is void");
    assert_eq!(browser.path().await, "/login");
    browser.signs_in(site, "alice", NEW).await;
    assert_eq!(browser.path().await, "/account");
}

/// The pages send `Referrer-Policy: no-referrer`, so their own forms come with `Origin: null` and no
/// Referer. They are taken all the same.
#[tokio::test]
async fn a_person_signs_up_out_and_in_and_changes_the_password() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let page = site.fetch("/login", &[]).await;
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let browser = site.browser().await;
    live(&site, &browser).await;
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn no_script_is_needed() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    let browser = site.browser_as(Profile { scripts: false }).await;
    live(&site, &browser).await;
}

#[tokio::test]
async fn a_person_changes_name_and_address() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    let who = [
        ("profile-username", "alicia"),
        ("profile-email", "alicia@example.org"),
    ];
    browser.send(&who).await;
    assert_eq!(browser.path().await, "/account?done=profile");
    assert!(browser.text_of("h1").await.contains("alicia"));
    for (id, value) in who {
        let shown = browser.value_of(&format!("#{id}"), "value").await;
        assert_eq!(shown.as_deref(), Some(value));
    }
    assert_eq!(site.login("alice", PASSWORD).await.status, 401);
    assert_eq!(site.login("alicia", PASSWORD).await.status, 200);
}

/// Chromium keeps pages to go back to even where they say `no-store`.
#[tokio::test]
async fn the_way_back_after_signing_out_shows_nothing_private() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser.signs_in(&site, "alice", PASSWORD).await;
    browser.open(&site.url("/account?done=profile")).await;
    assert!(browser.source().await.contains("alice@example.org"));
    browser.press("Sign out").await;
    for _ in 0..2 {
        browser.back().await;
        assert!(
            browser.path().await.starts_with("/login"),
            "back at {}",
            browser.path().await
        );
        assert!(!browser.source().await.contains("alice"));
    }
}

#[tokio::test]
async fn a_link_to_the_sign_in_leads_on_to_a_page_of_ones_own_and_never_elsewhere() {
    let Some(site) = Site::start(&[]).await else {
        return;
    };
    site.has_account("alice").await;
    let browser = site.browser().await;
    browser
        .open(&site.url("/login?next=/account/confirm"))
        .await;
    browser
        .send(&[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(browser.path().await, "/account/confirm");
    for next in [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "/%09/evil.test/",
        "javascript:alert(1)",
    ] {
        browser.forget().await;
        browser
            .open(&site.url(&format!("/login?next={next}")))
            .await;
        browser
            .send(&[("username", "alice"), ("password", PASSWORD)])
            .await;
        assert_eq!(browser.url().await, site.url("/account"), "{next}");
    }
    assert!(site.stranger().visits().is_empty());
}
