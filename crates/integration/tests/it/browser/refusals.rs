//! Forms that are refused: what was wrong, where, and nothing typed in vain.

use integration::PASSWORD;
use integration::chromium::{Browser, Scene, Stage};

/// Each field at fault says so, points to what is wrong with it, and is linked from the summary.
async fn explains(browser: &Browser, scene: Scene, fields: &[&str]) {
    assert_eq!(browser.count("[role=alert]").await, 1, "{scene:?}");
    let faulty = browser.count("[aria-invalid=true]").await;
    assert_eq!(faulty, fields.len(), "{scene:?}");
    for id in fields {
        let field = format!("#{id}[aria-invalid=true]");
        let described = browser.value_of(&field, "aria-describedby").await;
        let described = described.unwrap_or_default();
        let mut said = String::new();
        for target in described.split_whitespace() {
            said.push_str(&browser.text_of(&format!("[id={target:?}]")).await);
        }
        assert!(!said.trim().is_empty(), "{scene:?}: {id} doesn't say why");
        let link = format!("[role=alert] a[href='#{id}']");
        assert!(browser.count(&link).await > 0, "{scene:?}: no link to {id}");
    }
    for password in [
        "password",
        "password-current_password",
        "password-new_password",
    ] {
        let field = format!("input#{password}");
        if browser.count(&field).await > 0 {
            let value = browser.value_of(&field, "value").await;
            assert_eq!(value.as_deref(), Some(""), "{scene:?}: {password}");
        }
    }
}

#[tokio::test]
async fn each_fault_stands_beside_its_field_and_in_the_summary() {
    let Some(site) = Stage::Open.set().await else {
        return;
    };
    let browser = site.browser().await;
    for (scene, fields) in [
        (Scene::LoginRefused, &[][..]),
        (Scene::RegisterRefused, &["username", "email", "password"]),
        (Scene::RegisterTaken, &["username"]),
        (
            Scene::ProfileRefused,
            &["profile-username", "profile-email"],
        ),
        (Scene::PasswordRefused, &["password-new_password"]),
        (Scene::ConfirmRefused, &["password"]),
    ] {
        scene.show(&site, &browser).await;
        explains(&browser, scene, fields).await;
        assert!(!browser.source().await.contains(PASSWORD), "{scene:?}");
    }
}

#[tokio::test]
async fn what_was_typed_is_kept_save_for_passwords() {
    let Some(site) = Stage::Open.set().await else {
        return;
    };
    let browser = site.browser().await;
    let typed = "<script>alert('&quot;\"')</script>";
    browser.open(&site.url("/register")).await;
    browser.check_nothing().await;
    browser
        .send(&[("username", typed), ("email", typed), ("password", "short")])
        .await;
    assert_eq!(browser.status().await, 422);
    for (field, value) in [("username", typed), ("email", typed), ("password", "")] {
        let shown = browser.value_of(&format!("#{field}"), "value").await;
        assert_eq!(shown.as_deref(), Some(value), "{field}");
    }
    browser.signs_in(&site, "alice", "not my password").await;
    assert_eq!(browser.status().await, 403);
    let name = browser.value_of("#username", "value").await;
    assert_eq!(name.as_deref(), Some("alice"));
    assert_eq!(browser.complaints().await, [""; 0]);
}

/// A wrong password and an unknown name give the same page.
#[tokio::test]
async fn a_refused_sign_in_does_not_tell_whether_the_name_is_known() {
    let Some(site) = Stage::Open.set().await else {
        return;
    };
    let browser = site.browser().await;
    let mut pages = Vec::new();
    for name in ["alice", "nobody"] {
        browser.forget().await;
        browser.signs_in(&site, name, "not my password").await;
        assert_eq!(browser.status().await, 403);
        pages.push(browser.text().await);
    }
    assert_eq!(pages[0], pages[1]);
}
