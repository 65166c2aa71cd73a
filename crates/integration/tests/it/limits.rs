//! How often anyone may ask.

use integration::{Answer, Person, TestApp, every_backend};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// As they are without a setting.
const DEFAULTS: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "200 per day;20 per hour"),
    ("PORTCULLIS_RATELIMIT_USER", "600 per minute"),
];

/// What a test can count in a moment.
const FEW: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "3 per hour"),
    ("PORTCULLIS_RATELIMIT_USER", "5 per minute"),
];

const BEHIND_A_PROXY: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "3 per hour"),
    ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8"),
];

/// Somebody who isn't signed in asks.
async fn ask(app: &TestApp) -> Answer {
    app.get("/api/v1/me").send().await
}

async fn ask_as(app: &TestApp, forwarded_for: &str) -> Answer {
    let request = app.get("/api/v1/me");
    request
        .header("x-forwarded-for", forwarded_for)
        .send()
        .await
}

#[track_caller]
fn assert_limited(answer: &Answer, retry_after: &str) {
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some(retry_after));
}

async fn refresh_in_body(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    app.post("/api/v1/refresh").json(body).send().await
}

async fn person(app: TestApp) -> (TestApp, Person) {
    let alice = app.signed_in("alice").await;
    (app.restart_with(FEW).await, alice)
}

every_backend! {
    async fn the_twenty_first_request_of_an_hour_is_refused(app: TestApp) {
        let app = app.restart_with(DEFAULTS).await;
        let first = ask(&app).await;
        first.assert_problem(401, "missing_token");
        assert_eq!(first.header("ratelimit-policy"), Some(r#""hour";q=20;w=3600, "day";q=200;w=86400"#));
        assert_eq!(first.header("ratelimit"), Some(r#""hour";r=19;t=3600, "day";r=199;t=86400"#));
        for _ in 2..=20 {
            ask(&app).await.assert_problem(401, "missing_token");
        }
        let refused = ask(&app).await;
        assert_limited(&refused, "3600");
        assert_eq!(refused.header("ratelimit"), Some(r#""hour";r=0;t=3600"#));
        assert!(refused.header("content-security-policy").is_some());

        app.advance(3599);
        assert_limited(&ask(&app).await, "1");
        app.advance(1);
        ask(&app).await.assert_problem(401, "missing_token");
    }

    async fn the_day_is_limited_too_and_refusals_of_the_hour_do_not_use_it_up(app: TestApp) {
        let app = app.restart_with(DEFAULTS).await;
        for _ in 0..10 {
            for _ in 0..25 {
                ask(&app).await;
            }
            app.advance(3600);
        }
        let refused = ask(&app).await;
        assert_limited(&refused, &(86_400 - 36_000).to_string());
    }

    async fn every_strategy_holds(app: TestApp) {
        let mut app = app;
        for strategy in ["fixed-window", "moving-window", "sliding-window-counter"] {
            app = app.restart_with(FEW).await.restart_with(&[("RATELIMIT_STRATEGY", strategy)]).await;
            for _ in 0..3 {
                ask(&app).await.assert_problem(401, "missing_token");
            }
            ask(&app).await.assert_problem(429, "rate_limited");
        }
    }

    async fn each_route_is_counted_apart_and_all_methods_of_one_together(app: TestApp) {
        let app = app.restart_with(FEW).await;
        app.get("/api/v1/users/1").send().await.assert_problem(401, "missing_token");
        app.patch("/api/v1/users/2").send().await.assert_problem(401, "missing_token");
        app.delete("/api/v1/users/3").send().await.assert_problem(401, "missing_token");
        app.get("/api/v1/users/4").send().await.assert_problem(429, "rate_limited");
        ask(&app).await.assert_problem(401, "missing_token");
    }

    async fn unknown_routes_and_wrong_methods_are_limited_as_one(app: TestApp) {
        let app = app.restart_with(FEW).await;
        app.get("/a").send().await.assert_problem(404, "not_found");
        app.post("/b").send().await.assert_problem(404, "not_found");
        app.post("/api/v1/me").send().await.assert_problem(405, "method_not_allowed");
        assert_limited(&app.get("/c").send().await, "3600");
        assert_limited(&app.put("/api/v1/login").send().await, "3600");
        ask(&app).await.assert_problem(401, "missing_token");
    }

    async fn what_machines_ask_again_and_again_is_exempt(app: TestApp) {
        let app = app.restart_with(FEW).await;
        for path in ["/livez", "/readyz", "/openapi.json", "/.well-known/jwks.json"] {
            for _ in 0..10 {
                let answer = app.get(path).send().await;
                answer.assert_status(200);
                assert_eq!(answer.header("ratelimit"), None, "{path}");
            }
        }
    }

    async fn a_user_has_one_budget_on_all_routes(app: TestApp) {
        let (app, alice) = person(app).await;
        for path in ["/api/v1/me", "/api/v1/sessions", "/api/v1/me", "/api/v1/sessions"] {
            app.get(path).by(&alice).send().await.assert_ok();
        }
        let last = app.get("/api/v1/me").by(&alice).send().await;
        last.assert_ok();
        assert_eq!(last.header("ratelimit"), Some(r#""minute";r=0;t=60"#));
        assert_limited(&app.get("/api/v1/sessions").by(&alice).send().await, "60");
        // Somebody else at the same address is not concerned.
        ask(&app).await.assert_problem(401, "missing_token");
        app.advance(60);
        app.get("/api/v1/me").by(&alice).send().await.assert_ok();
    }

    async fn a_refresh_token_counts_as_its_user_in_the_header_and_in_the_body(app: TestApp) {
        let (app, alice) = person(app).await;
        let once = app.refresh(&alice.refresh).await;
        assert_eq!(once.header("ratelimit"), Some(r#""minute";r=4;t=60"#));
        let refresh = once.assert_ok()["refresh_token"].as_str().unwrap().to_owned();
        let twice = refresh_in_body(&app, &refresh).await;
        twice.assert_ok();
        assert_eq!(twice.header("ratelimit"), Some(r#""minute";r=3;t=60"#));
    }

    async fn a_refresh_by_its_body_costs_its_client_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[FEW[0]]).await;
        let mut refresh = alice.refresh;
        for _ in 0..10 {
            let next = refresh_in_body(&app, &refresh).await.assert_ok();
            refresh = next["refresh_token"].as_str().unwrap().to_owned();
        }
        let anonymous = refresh_in_body(&app, "nonsense").await;
        anonymous.assert_status(401);
        assert_eq!(anonymous.header("ratelimit"), Some("\"hour\";r=2;t=3600"));
    }

    async fn no_byte_of_a_body_is_awaited_before_its_client_is_charged(app: TestApp) {
        let app = app.restart_with(FEW).await;
        for _ in 0..3 {
            refresh_in_body(&app, "nonsense").await.assert_status(401);
        }
        for path in ["/api/v1/refresh", "/api/v1/login", "/api/v1/register"] {
            for _ in 0..4 {
                app.post(path).json(json!({})).send().await;
            }
            let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n");
            let mut stream = TcpStream::connect(app.address()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 429", "{path}");
        }
    }

    async fn a_refresh_has_a_body_of_8_kib_at_most(app: TestApp) {
        let answer = refresh_in_body(&app, &"x".repeat(8 * 1024)).await;
        answer.assert_problem(413, "body_too_large");
        refresh_in_body(&app, &"x".repeat(8 * 1000)).await.assert_status(401);
    }

    async fn what_is_no_token_counts_as_anonymous(app: TestApp) {
        let (app, alice) = person(app).await;
        for token in ["", "nonsense", "a.b.c"] {
            app.get("/api/v1/me").bearer(token).send().await.assert_status(401);
        }
        app.get("/api/v1/me").bearer("more nonsense").send().await.assert_problem(429, "rate_limited");
        app.get("/api/v1/me").by(&alice).send().await.assert_ok();

        for body in ["nonsense", "a.b.c", "x"] {
            refresh_in_body(&app, body).await.assert_status(401);
        }
        assert_limited(&refresh_in_body(&app, "y").await, "3600");
        let malformed = app.post("/api/v1/refresh").body("application/json", b"{".to_vec()).send().await;
        assert_limited(&malformed, "3600");
    }

    async fn a_refresh_that_is_refused_before_its_body_is_read_is_charged_all_the_same(app: TestApp) {
        let app = app.restart_with(FEW).await;
        let announced = vec![b'x'; 64 * 1024 + 1];
        for left in ["2", "1", "0"] {
            let answer = app.post("/api/v1/refresh").body("application/json", announced.clone()).send().await;
            answer.assert_problem(413, "body_too_large");
            assert_eq!(answer.header("ratelimit"), Some(&*format!("\"hour\";r={left};t=3600")));
        }
        let answer = app.post("/api/v1/refresh").body("application/json", announced).send().await;
        assert_limited(&answer, "3600");

        let https = [FEW[0], ("PORTCULLIS_PUBLIC_URL", "https://accounts.example.org")];
        let app = app.restart_with(&https).await;
        app.advance(3600);
        for _ in 0..3 {
            refresh_in_body(&app, "x").await.assert_problem(403, "https_required");
        }
        assert_limited(&refresh_in_body(&app, "x").await, "3600");
    }

    async fn what_is_done_on_pages_is_charged_to_whom_the_cookie_belongs(app: TestApp) {
        let app = app.restart_with(FEW).await;
        let bob = app.signed_in("bob").await;
        let mut browser = app.browser_of("bob").await;
        let profile = [("username", "bob"), ("email", "bob@example.org")];
        for left in ["4", "3"] {
            let answer = browser.submit("/account/profile", &profile).await;
            answer.assert_goes_to("/account?done=profile");
            assert_eq!(answer.header("ratelimit"), Some(&*format!("\"minute\";r={left};t=60")));
        }
        // It is the budget of the API.
        let me = app.get("/api/v1/me").by(&bob).send().await;
        assert_eq!(me.header("ratelimit"), Some("\"minute\";r=2;t=60"));
        for _ in 0..2 {
            app.get("/api/v1/me").by(&bob).send().await.assert_ok();
        }
        let refused = browser.submit("/account/profile", &profile).await;
        refused.assert_status(429);
        assert_eq!(refused.header("retry-after"), Some("60"));
        // Looking has a budget of its own.
        browser.open("/account").await.assert_page(200);
    }

    async fn without_a_session_what_is_sent_to_account_pages_is_charged_to_the_client(app: TestApp) {
        let app = app.restart_with(FEW).await;
        let mut browser = app.browser();
        browser.open("/login").await.assert_page(200);
        for _ in 0..3 {
            browser.submit("/account/password", &[]).await.assert_goes_to("/login");
        }
        let refused = browser.submit("/account/password", &[]).await;
        refused.assert_status(429);
        assert_eq!(refused.header("retry-after"), Some("3600"));
    }

    async fn a_token_that_was_revoked_counts_as_anonymous(app: TestApp) {
        let (app, alice) = person(app).await;
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        for _ in 0..3 {
            app.me(&alice.access).await.assert_problem(401, "revoked_token");
        }
        app.me(&alice.access).await.assert_problem(429, "rate_limited");
    }

    async fn an_account_buys_no_guesses(app: TestApp) {
        let (app, alice) = person(app).await;
        let guess = |n: u32| {
            let body = json!({"username": format!("bob{n}"), "password": "a guess"});
            app.post("/api/v1/login").by(&alice).json(body).send()
        };
        for n in 0..3 {
            guess(n).await.assert_problem(401, "invalid_credentials");
        }
        assert_limited(&guess(3).await, "3600");
    }

    async fn counts_survive_a_restart(app: TestApp) {
        let app = app.restart_with(FEW).await;
        for _ in 0..3 {
            ask(&app).await.assert_problem(401, "missing_token");
        }
        let app = app.restart().await;
        assert_limited(&ask(&app).await, "3600");
    }

    async fn switched_off_nothing_is_counted(app: TestApp) {
        let app = app.restart_with(FEW).await.restart_with(&[("RATELIMIT_ENABLED", "false")]).await;
        for _ in 0..10 {
            let answer = ask(&app).await;
            answer.assert_problem(401, "missing_token");
            assert_eq!(answer.header("ratelimit"), None);
        }
        refresh_in_body(&app, "nonsense").await.assert_status(401);
    }

    async fn many_at_once_get_what_one_after_the_other_gets(app: TestApp) {
        let app = app.restart_with(DEFAULTS).await;
        let asked: Vec<_> = (0..60).map(|_| app.get("/api/v1/me").spawn()).collect();
        let mut admitted = 0;
        for answer in asked {
            let answer = answer.await.unwrap();
            match answer.status.as_u16() {
                401 => admitted += 1,
                _ => drop(answer.assert_problem(429, "rate_limited")),
            }
        }
        assert_eq!(admitted, 20);
    }

    async fn a_forwarded_header_of_just_anybody_changes_nothing(app: TestApp) {
        let app = app.restart_with(FEW).await;
        for n in 0..3 {
            ask_as(&app, &format!("203.0.113.{n}")).await.assert_problem(401, "missing_token");
        }
        for n in 3..9 {
            assert_limited(&ask_as(&app, &format!("203.0.113.{n}")).await, "3600");
        }
        let other = app.get("/api/v1/me").header("forwarded", "for=203.0.113.99").send().await;
        assert_limited(&other, "3600");
    }

    async fn behind_a_trusted_proxy_each_client_has_its_own_budget(app: TestApp) {
        let app = app.restart_with(BEHIND_A_PROXY).await;
        for n in 0..40 {
            ask_as(&app, &format!("203.0.113.{n}")).await.assert_problem(401, "missing_token");
        }
        // What the client wrote itself stands on the left, and is not looked at.
        for n in 0..3 {
            ask_as(&app, &format!("198.51.100.{n}, 192.0.2.7")).await.assert_problem(401, "missing_token");
        }
        assert_limited(&ask_as(&app, "198.51.100.99, 192.0.2.7").await, "3600");
    }

    async fn a_64_is_one_client(app: TestApp) {
        let app = app.restart_with(BEHIND_A_PROXY).await;
        let mut admitted = 0;
        for n in 0..200 {
            let answer = ask_as(&app, &format!("2001:db8:1:2::{n:x}")).await;
            admitted += u32::from(answer.status.as_u16() == 401);
        }
        assert_eq!(admitted, 3);
        ask_as(&app, "2001:db8:1:3::1").await.assert_problem(401, "missing_token");
    }

    async fn a_session_names_the_client_behind_the_proxy(app: TestApp) {
        app.signed_up("alice").await;
        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")]).await;
        let body = json!({"username": "alice", "password": integration::PASSWORD});
        let tokens = app.post("/api/v1/login").header("x-forwarded-for", "203.0.113.9").json(body).send().await;
        let access = tokens.assert_ok()["access_token"].as_str().unwrap().to_owned();
        let sessions = app.get("/api/v1/sessions").bearer(&access).send().await.assert_ok();
        assert_eq!(sessions["sessions"][0]["address"], "203.0.113.9");
    }

    async fn https_is_believed_of_a_trusted_proxy_only(app: TestApp) {
        let hsts = |answer: Answer| answer.header("strict-transport-security").map(str::to_owned);
        let ask = |app: &TestApp| app.get("/livez").header("x-forwarded-proto", "https").send();
        assert_eq!(hsts(ask(&app).await), None);
        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")]).await;
        assert_eq!(hsts(ask(&app).await).as_deref(), Some("max-age=31556926; includeSubDomains"));
    }
}
