//! What a sign-in is charged: its client while it may be a guess, its user once it is none.

use futures_util::future::join_all;
use integration::browser::between;
use integration::{Answer, Authenticator, PASSWORD, TestApp, every_backend};
use serde_json::json;

const WRONG: &str = "a wrong password";

/// What a test can count in a moment.
const FEW: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "3 per hour"),
    ("PORTCULLIS_RATELIMIT_SIGNIN", "5 per hour"),
];

const ROOM_FOR_GUESSES: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "50 per hour"),
    ("PORTCULLIS_RATELIMIT_SIGNIN", "2 per hour"),
];

/// An application in which alice and bob have signed up.
async fn office(app: TestApp, settings: &[(&str, &str)]) -> TestApp {
    app.signed_up("alice").await;
    app.signed_up("bob").await;
    app.restart_with(settings).await
}

/// Signs in on the page, with a browser of its own.
async fn on_the_page(app: &TestApp, name: &str, password: &str) -> Answer {
    let mut browser = app.browser();
    browser.open("/login").await.assert_page(200);
    let fields = [("username", name), ("password", password)];
    browser.submit("/login", &fields).await
}

#[track_caller]
fn assert_left(answer: &Answer, window: &str) {
    assert_eq!(answer.header("ratelimit"), Some(window));
}

#[track_caller]
fn assert_limited(answer: &Answer) {
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("3600"));
}

every_backend! {
    async fn a_sign_in_that_succeeds_costs_its_client_nothing_and_its_user_one(app: TestApp) {
        let app = office(app, FEW).await;
        for left in ["4", "3", "2", "1", "0"] {
            for name in ["alice", "bob"] {
                let answer = app.login(name, PASSWORD).await;
                answer.assert_ok();
                assert_left(&answer, &format!("\"sign-in\";r={left};t=3600"));
            }
        }
        // The client has all of its three left.
        for left in ["2", "1", "0"] {
            let answer = app.login("nobody", WRONG).await;
            answer.assert_problem(401, "invalid_credentials");
            assert_left(&answer, &format!("\"hour\";r={left};t=3600"));
        }
        assert_limited(&app.login("nobody", WRONG).await);
    }

    async fn so_does_one_on_the_page(app: TestApp) {
        let app = office(app, FEW).await;
        for _ in 0..5 {
            on_the_page(&app, "alice", PASSWORD).await.assert_goes_to("/account");
        }
        for _ in 0..3 {
            on_the_page(&app, "nobody", WRONG).await.assert_page(403);
        }
        let refused = on_the_page(&app, "bob", PASSWORD).await;
        let page = refused.assert_error_page(429, "Too many requests");
        assert!(page.contains("<p>Try again in 1 hour.</p>"), "{page}");
        assert_eq!(refused.header("retry-after"), Some("3600"));
    }

    async fn whoever_guesses_gains_nothing_by_signing_in_between(app: TestApp) {
        let app = office(app, FEW).await;
        for _ in 0..2 {
            app.login("alice", WRONG).await.assert_problem(401, "invalid_credentials");
            app.login("bob", PASSWORD).await.assert_ok();
        }
        app.login("alice", WRONG).await.assert_problem(401, "invalid_credentials");
        // Three guesses were made, and that is all: even the right password is not looked at.
        assert_limited(&app.login("bob", PASSWORD).await);
    }

    async fn whoever_signs_in_too_often_must_wait_wherever_that_is_done(app: TestApp) {
        let app = office(app, ROOM_FOR_GUESSES).await;
        app.login("alice", PASSWORD).await.assert_ok();
        on_the_page(&app, "alice", PASSWORD).await.assert_goes_to("/account");
        let refused = app.login("alice@example.org", PASSWORD).await;
        assert_limited(&refused);
        assert_left(&refused, "\"sign-in\";r=0;t=3600");
        assert_eq!(refused.header("ratelimit-policy"), Some("\"sign-in\";q=2;w=3600"));
        let refused = on_the_page(&app, "alice", PASSWORD).await;
        refused.assert_page(429);
        assert_left(&refused, "\"sign-in\";r=0;t=3600");
        assert!(refused.headers.get("set-cookie").is_none(), "nobody is signed in");
        app.login("bob", PASSWORD).await.assert_ok();
        app.advance(3600);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_right_password_that_comes_too_often_is_no_failed_guess(app: TestApp) {
        let app = office(app, ROOM_FOR_GUESSES).await;
        for _ in 0..2 {
            app.login("alice", PASSWORD).await.assert_ok();
        }
        for _ in 0..8 {
            assert_limited(&app.login("alice", PASSWORD).await);
        }
        app.advance(3600);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_sign_in_that_its_user_has_no_room_for_stays_charged_to_its_client(app: TestApp) {
        let app = office(app, &[FEW[0], ("PORTCULLIS_RATELIMIT_SIGNIN", "1 per hour")]).await;
        app.login("alice", PASSWORD).await.assert_ok();
        for _ in 0..3 {
            assert_left(&app.login("alice", PASSWORD).await, "\"sign-in\";r=0;t=3600");
        }
        assert_limited(&app.login("bob", PASSWORD).await);
    }

    async fn whoever_does_not_know_the_password_cannot_use_up_what_its_user_has(app: TestApp) {
        let app = office(app, ROOM_FOR_GUESSES).await;
        for _ in 0..4 {
            app.login("alice", WRONG).await.assert_problem(401, "invalid_credentials");
        }
        for _ in 0..2 {
            app.login("alice", PASSWORD).await.assert_ok();
        }
        // Nor can anyone learn that it is used up.
        let known = app.login("alice", WRONG).await;
        known.assert_problem(401, "invalid_credentials");
        let unknown = app.login("nobody", WRONG).await;
        unknown.assert_problem(401, "invalid_credentials");
        assert_left(&known, "\"hour\";r=45;t=3600");
        assert_left(&unknown, "\"hour\";r=44;t=3600");
    }

    async fn many_at_once_are_charged_to_their_user_exactly(app: TestApp) {
        let settings = [("RATELIMIT_DEFAULT", "20 per hour"), ("PORTCULLIS_RATELIMIT_SIGNIN", "3 per hour")];
        let app = office(app, &settings).await;
        let body = json!({"username": "alice", "password": PASSWORD});
        let at_once = (0..5).map(|_| app.post("/api/v1/login").json(body.clone()).send());
        let statuses = join_all(at_once).await;
        let opened = statuses.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(opened, 3, "{statuses:?}");
        // Of twenty the client has paid for two, and now for a third.
        assert_left(&app.login("nobody", WRONG).await, "\"hour\";r=17;t=3600");
    }

    async fn whoever_sets_up_a_factor_at_a_sign_in_costs_their_client_nothing(app: TestApp) {
        let app = office(app, &[FEW[0], ("PORTCULLIS_MFA", "required")]).await;
        let begin = async |challenge: &serde_json::Value| {
            let body = json!({"challenge": challenge});
            app.post("/api/v1/login/enrol").json(body).send().await
        };
        for name in ["alice", "bob"] {
            let asked = app.login(name, PASSWORD).await.assert_problem(403, "factor_enrolment_required");
            let challenge = &asked["challenge"];
            for _ in 0..4 {
                begin(challenge).await.assert_status(201);
            }
            let begun = begin(challenge).await.assert_status(201).json();
            let code = Authenticator::with(begun["secret"].as_str().unwrap()).shows(&app);
            let body = json!({"challenge": challenge, "code": code});
            app.post("/api/v1/login/enrol/confirm").json(body).send().await.assert_ok();
            // It is good for five, and whoever tries on, or guesses, pays.
            let again = begin(challenge).await;
            again.assert_problem(401, "invalid_challenge");
        }
        begin(&json!("pcn_unknown")).await.assert_problem(401, "invalid_challenge");
        assert_limited(&begin(&json!("pcn_unknown")).await);
    }

    async fn so_does_whoever_sets_it_up_on_the_pages(app: TestApp) {
        let app = office(app, &[FEW[0], ("PORTCULLIS_MFA", "required")]).await;
        let mut browser = app.browser();
        browser.open("/login").await.assert_page(200);
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let page = browser.submit("/login", &fields).await.assert_page(200);
        let challenge = between(&page, "name=\"challenge\" value=\"", "\"").unwrap();
        for _ in 0..5 {
            let begun = browser.submit("/login/enrol", &[("challenge", &challenge)]).await;
            begun.assert_page(200);
        }
        let again = browser.submit("/login/enrol", &[("challenge", &challenge)]).await;
        again.assert_refused(403);
    }
}
