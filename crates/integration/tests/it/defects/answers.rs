//! What a failure is turned into.

use std::fmt::Write as _;

use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

/// Hashes at which the libraries raise.
const MALFORMED: &[&str] = &[
    "",
    "plain",
    "scrypt",
    "scrypt$salt$",
    "scrypt:1:2$salt$00",
    "scrypt:a:b:c$salt$00",
    "pbkdf2:nothing:1$salt$00",
    "pbkdf2:sha256:x$salt$00",
    "md5$salt$00",
    "bcrypt$$2b$12$abcdefghijklmnopqrstuu",
    "$argon2id$v=19$m=1",
    "$2b$99$x",
    "\u{e9}$\u{e9}$\u{e9}",
];

every_backend! {
    async fn defect_3_every_failure_becomes_a_500(app: TestApp) {
        app.get("/nothing").send().await.assert_problem(404, "not_found");
        app.post("/api/v1/me").send().await.assert_problem(405, "method_not_allowed");
        let login = || app.post("/api/v1/login");
        login().body("application/json", b"{".to_vec()).send().await.assert_problem(400, "malformed_json");
        login().body("text/plain", b"x".to_vec()).send().await.assert_problem(415, "unsupported_media_type");
        let app = app.restart_with(&[("RATELIMIT_DEFAULT", "1 per hour")]).await;
        app.get("/nothing").send().await.assert_problem(404, "not_found");
        app.get("/nothing").send().await.assert_problem(429, "rate_limited");
    }

    async fn defect_4_the_api_demands_a_form_token(app: TestApp) {
        let alice = app.signed_in("alice").await; // two JSON POSTs
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
    }

    async fn defect_10_anyone_who_says_https_is_believed(app: TestApp) {
        let answer = app.get("/livez").header("x-forwarded-proto", "https").send().await;
        assert_eq!(answer.header("strict-transport-security"), None);
    }

    async fn defect_11_odd_headers_crash_it(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for (name, value) in [
            ("referer", "https://example.org:port/"),
            ("referer", "https://[::1"),
            ("origin", "https://example.org:99999999"),
            ("x-csrf-token", "t\u{f6}k\u{e9}n"),
            ("x-forwarded-for", "\u{1f512}"),
            ("cookie", "=;;=\u{e9}"),
        ] {
            app.get("/api/v1/me").by(&alice).header(name, value).send().await.assert_ok();
            let answer = app.get("/login").header(name, value).send().await;
            assert!(!answer.status.is_server_error(), "{name}: {value}: {answer:?}");
        }
    }

    async fn defect_11_a_malformed_hash_crashes_the_login(app: TestApp) {
        app.signed_up("alice").await;
        for hash in MALFORMED {
            app.store_hash("alice", hash).await;
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            app.advance(300); // the longest wait after a failure
        }
    }

    async fn defect_12_what_is_said_of_a_fault_holds_the_password(app: TestApp) {
        let password = "hunter2";
        let body = json!({"username": "", "email": "nobody", "password": password, "role": "admin"});
        let answer = app.post("/api/v1/register").json(body).send().await;
        answer.assert_problem(422, "validation_failed");
        let mut all = answer.text();
        let _ = write!(all, "{:?}", answer.headers);
        assert!(!all.contains(password), "{all}");
    }
}
