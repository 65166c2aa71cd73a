//! What pages of other sites have their visitors' browsers send: it is refused, and must not use up what the visitor's
//! address has for signing in and up.

use integration::browser::encoded;
use integration::{Answer, PASSWORD, TestApp, every_backend};
use serde_json::json;

const FEW: (&str, &str) = ("RATELIMIT_DEFAULT", "3 per hour");

const EVIL: &str = "https://evil.example";

/// As browsers send the form of another site: without cookies, which are `SameSite`.
async fn foreign_form(app: &TestApp, path: &str) -> Answer {
    let fields = [("username", "alice"), ("password", PASSWORD)];
    app.post(path)
        .header("accept", "text/html")
        .header("origin", EVIL)
        .header("sec-fetch-site", "cross-site")
        .body("application/x-www-form-urlencoded", encoded(&fields))
        .send()
        .await
}

/// As browsers send what a script of another site may send without asking; `kind` is what it calls the body.
async fn foreign_request(app: &TestApp, path: &str, kind: Option<&str>) -> Answer {
    let body = json!({"username": "alice", "password": PASSWORD, "email": "a@example.org"});
    let request = app.post(path).header("origin", EVIL);
    let request = request.header("sec-fetch-site", "cross-site");
    match kind {
        Some(kind) => request.body(kind, body.to_string().into_bytes()),
        None => request,
    }
    .send()
    .await
}

async fn sign_in_on_the_page(app: &TestApp, password: &str) -> Answer {
    let mut browser = app.browser();
    browser.open("/login").await.assert_page(200);
    let fields = [("username", "alice"), ("password", password)];
    browser.submit("/login", &fields).await
}

async fn sign_up_on_the_page(app: &TestApp, name: &str) -> Answer {
    let mut browser = app.browser();
    browser.open("/register").await.assert_page(200);
    let email = format!("{name}@example.org");
    let fields = [
        ("username", name),
        ("email", &email),
        ("password", PASSWORD),
    ];
    browser.submit("/register", &fields).await
}

every_backend! {
    async fn a_form_of_another_site_uses_up_no_sign_ins(app: TestApp) {
        app.signed_up("alice").await;
        let app = app.restart_with(&[FEW]).await;
        for path in ["/login", "/register", "/logout", "/account/profile"] {
            for _ in 0..5 {
                let refused = foreign_form(&app, path).await;
                refused.assert_error_page(403, "This form can’t be accepted");
                assert!(refused.headers.get("set-cookie").is_none(), "{path}");
            }
        }
        for _ in 0..3 {
            sign_in_on_the_page(&app, "a wrong password").await.assert_page(403);
        }
        sign_in_on_the_page(&app, PASSWORD).await.assert_page(429); // these are guesses, and counted
        for name in ["bob", "carol", "dave"] {
            sign_up_on_the_page(&app, name).await.assert_goes_to("/account");
        }
    }

    async fn it_is_charged_as_a_look_at_its_page(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_RATELIMIT_PAGES", "3 per minute")]).await;
        for left in ["2", "1", "0"] {
            let refused = foreign_form(&app, "/login").await;
            refused.assert_page(403);
            assert_eq!(refused.header("ratelimit"), Some(&*format!("\"minute\";r={left};t=60")));
        }
        foreign_form(&app, "/login").await.assert_page(429);
        foreign_form(&app, "/register").await.assert_page(429);
    }

    async fn a_request_that_browsers_send_for_another_site_uses_up_no_sign_ins(app: TestApp) {
        app.signed_up("alice").await;
        let app = app.restart_with(&[FEW]).await;
        let kinds = [
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            None,
        ];
        for path in ["/api/v1/login", "/api/v1/register", "/api/v1/refresh", "/api/v1/logout"] {
            for kind in kinds {
                let refused = foreign_request(&app, path, kind).await;
                assert!([401, 415, 429].contains(&refused.status.as_u16()), "{path} {kind:?}: {}", refused.status);
            }
        }
        for _ in 0..3 {
            app.login("alice", "a wrong password").await.assert_problem(401, "invalid_credentials");
        }
        for name in ["bob", "carol", "dave"] {
            app.signed_up(name).await;
        }
        for _ in 0..3 {
            let body = json!({"refresh_token": "nonsense"});
            app.post("/api/v1/refresh").json(body).send().await.assert_problem(401, "invalid_token");
        }
    }

    async fn it_is_charged_as_what_no_route_fits_and_so_is_bounded(app: TestApp) {
        let app = app.restart_with(&[FEW]).await;
        for (path, status) in [("/api/v1/login", 415), ("/api/v1/register", 415), ("/api/v1/refresh", 401)] {
            let kind = (status == 415).then_some("text/plain");
            foreign_request(&app, path, kind).await.assert_status(status);
        }
        for path in ["/api/v1/login", "/api/v1/register", "/api/v1/refresh", "/api/v1/logout"] {
            foreign_request(&app, path, Some("text/plain")).await.assert_problem(429, "rate_limited");
        }
        app.get("/nothing").send().await.assert_problem(429, "rate_limited");
    }

    async fn what_has_a_token_or_json_is_charged_to_its_route(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[FEW]).await;
        app.advance(16 * 60); // the access token has expired
        for _ in 0..3 {
            foreign_request(&app, "/api/v1/logout", None).await.assert_problem(401, "missing_token");
        }
        foreign_request(&app, "/api/v1/logout", None).await.assert_problem(429, "rate_limited");
        // No page of another site can have a browser send one.
        app.refresh(&alice.refresh).await.assert_ok();
        app.post("/api/v1/logout").by(&alice).send().await.assert_ok();
        for left in ["2", "1", "0"] {
            let answer = app.post("/api/v1/login").json(json!({})).send().await;
            answer.assert_problem(422, "validation_failed");
            assert_eq!(answer.header("ratelimit"), Some(&*format!("\"hour\";r={left};t=3600")));
        }
    }
}
