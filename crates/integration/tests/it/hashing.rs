//! What is hashed for whom, and how often.

use integration::{Answer, PASSWORD, Person, TestApp, every_backend};
use serde_json::json;

const THREE: &[(&str, &str)] = &[("PORTCULLIS_RATELIMIT_HASHING", "3 per 15 minutes")];

async fn reauthenticate(app: &TestApp, person: &Person, password: &str) -> Answer {
    let body = json!({ "password": password });
    let request = app.post("/api/v1/me/reauthenticate").by(person);
    request.json(body).send().await
}

async fn change(app: &TestApp, person: &Person, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    let request = app.put("/api/v1/me/password").by(person);
    request.json(body).send().await
}

#[track_caller]
fn assert_limited(answer: &Answer) {
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("900"));
}

every_backend! {
    async fn the_twenty_first_check_of_a_password_within_a_quarter_of_an_hour_is_refused(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_RATELIMIT_HASHING", "20 per 15 minutes")]).await;
        let alice = app.signed_in("alice").await;
        for _ in 0..20 {
            reauthenticate(&app, &alice, PASSWORD).await.assert_ok();
        }
        assert_limited(&reauthenticate(&app, &alice, PASSWORD).await);
        app.advance(900);
        let fresh = app.another_session("alice", &alice.id).await;
        reauthenticate(&app, &fresh, PASSWORD).await.assert_ok();
    }

    async fn whatever_checks_a_password_of_one_user_is_counted_together(app: TestApp) {
        let app = app.restart_with(THREE).await;
        let alice = app.signed_in("alice").await;
        let elsewhere = app.another_session("alice", &alice.id).await;
        let mut browser = app.browser_of("alice").await;
        reauthenticate(&app, &alice, "not the password").await.assert_problem(401, "invalid_credentials");
        change(&app, &elsewhere, PASSWORD, "short").await.assert_problem(422, "validation_failed");
        let confirmed = browser.submit("/account/confirm", &[("password", PASSWORD), ("next", "/account")]).await;
        confirmed.assert_goes_to("/account?done=confirmed");

        assert_limited(&reauthenticate(&app, &alice, PASSWORD).await);
        assert_limited(&change(&app, &elsewhere, PASSWORD, "another long and winding phrase").await);
        for (path, fields) in [
            ("/account/confirm", [("password", PASSWORD), ("next", "/account")]),
            ("/account/password", [("current_password", PASSWORD), ("new_password", "another long phrase")]),
        ] {
            browser.open("/account").await.assert_page(200);
            let refused = browser.submit(path, &fields).await;
            refused.assert_status(429);
            assert_eq!(refused.header("retry-after"), Some("900"), "{path}");
        }
    }

    async fn a_password_that_is_checked_once_too_often_bars_nothing_else_and_nobody_else(app: TestApp) {
        let app = app.restart_with(THREE).await;
        let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
        for _ in 0..3 {
            reauthenticate(&app, &alice, PASSWORD).await.assert_ok();
        }
        assert_limited(&reauthenticate(&app, &alice, PASSWORD).await);
        reauthenticate(&app, &bob, PASSWORD).await.assert_ok();
        app.me(&alice.access).await.assert_ok();
        app.refresh(&alice.refresh).await.assert_ok();
        app.login("alice", PASSWORD).await.assert_ok();
        app.browser_of("alice").await.open("/account/confirm").await.assert_page(200);
    }
}
