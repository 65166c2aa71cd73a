//! https, http on this machine, and http from elsewhere.

use integration::browser::ACCEPT;
use integration::{PASSWORD, TestApp};

const PUBLIC: &str = "https://accounts.example.org";
const LOGIN: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

async fn https() -> TestApp {
    TestApp::with(&[("PORTCULLIS_PUBLIC_URL", PUBLIC)]).await
}

#[tokio::test]
async fn over_https_cookies_are_secure_and_host_bound() {
    let app = https().await;
    let mut browser = app.browser_at(PUBLIC);
    let answer = browser.open("/register").await;
    answer.assert_page(200);
    assert!(answer.header("strict-transport-security").is_some());
    let pre = browser.cookie("__Host-portcullis-pre").unwrap();
    assert_eq!(
        answer.set_cookie("__Host-portcullis-pre"),
        Some(format!("{pre}; Path=/; Secure; HttpOnly; SameSite=Lax").as_str())
    );
    let fields = [LOGIN[0], LOGIN[1], ("email", "alice@example.org")];
    let answer = browser.submit("/register", &fields).await;
    answer.assert_goes_to("/account");
    let session = browser.session().unwrap();
    assert_eq!(
        answer.set_cookie("__Host-portcullis"),
        Some(format!("{session}; Path=/; Secure; HttpOnly; SameSite=Lax").as_str())
    );
    browser.open("/account").await.assert_page(200);

    // A cookie without the prefix could have been set by another host of the site.
    let bare = session.replace("__Host-", "");
    let request = app.get("/account").header("cookie", &bare);
    app.over_https(request).await.assert_goes_to("/login");
}

#[tokio::test]
async fn over_http_what_is_safe_is_sent_to_the_public_address() {
    let app = https().await;
    for path in ["/", "/login?next=/account", "/api/v1/me", "/nothing"] {
        for host in ["accounts.example.org", "evil.example"] {
            let answer = app.get(path).header("host", host).send().await;
            assert_eq!(answer.status, 308, "{path}");
            assert_eq!(
                answer.header("location"),
                Some(format!("{PUBLIC}{path}").as_str())
            );
            assert_eq!(answer.header("x-frame-options"), Some("DENY"));
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
}

#[tokio::test]
async fn over_http_what_changes_something_is_refused() {
    let app = https().await;
    let body = serde_json::json!({"username": "alice", "password": PASSWORD});
    let answer = app.post("/api/v1/login").json(body).send().await;
    answer.assert_problem(403, "https_required");
    let mut browser = app.browser_at(PUBLIC);
    browser.open("/login").await.assert_page(200);
    let answer = browser.form("/login", &LOGIN).send().await;
    answer.assert_error_page(403, "A secure connection is needed");
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[tokio::test]
async fn health_is_told_over_http_too() {
    let app = https().await;
    for path in ["/livez", "/readyz"] {
        app.get(path).send().await.assert_ok();
    }
}

#[tokio::test]
async fn over_http_from_other_machines_the_pages_are_off_and_the_api_is_not() {
    let app = TestApp::with(&[("PORTCULLIS_PUBLIC_URL", "http://accounts.example.org")]).await;
    for path in [
        "/",
        "/login",
        "/register",
        "/account",
        "/account/confirm",
        "/static/pages.css",
        "/static/pages.js",
    ] {
        let answer = app.get(path).header("accept", ACCEPT).send().await;
        answer.assert_error_page(403, "A secure connection is needed");
        assert_eq!(answer.header("set-cookie"), None);
        app.post(path)
            .send()
            .await
            .assert_problem(403, "https_required");
    }
    app.signed_in("alice").await;
    app.get("/nothing")
        .send()
        .await
        .assert_problem(404, "not_found");
}

/// Where password managers look (W3C, "A Well-Known URL for Changing Passwords"), and where they look whether a server
/// answers everything.
#[tokio::test]
async fn password_managers_find_the_way_to_a_change_of_the_password() {
    let app = TestApp::with(&[]).await;
    let answer = app.get("/.well-known/change-password").send().await;
    answer.assert_goes_to("/account#password");
    let page = app.signed_up("alice");
    page.await;
    let page = app.browser_of("alice").await.open("/account").await;
    assert!(page.assert_page(200).contains("id=\"password\""));
    let other = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    app.get(other).send().await.assert_status(404);
}
