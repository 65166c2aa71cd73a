//! Security headers stand on every answer, whoever gave it.

use integration::{Answer, TestApp, every_backend};
use serde_json::json;

#[track_caller]
fn assert_guarded(answer: &Answer) {
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
    }
    let csp = answer.header("content-security-policy").unwrap_or_default();
    assert!(csp.starts_with("default-src 'none'"), "{csp}");
    assert!(answer.header("permissions-policy").is_some());
    assert!(answer.header("cache-control").is_some());
    assert_eq!(answer.header("server"), None);
    assert_eq!(
        answer.header("strict-transport-security"),
        None,
        "plain http (RFC 6797 §7.2)"
    );
}

every_backend! {
    async fn they_stand_on_good_answers_and_on_failures(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for answer in [
            app.get("/livez").send().await,
            app.get("/openapi.json").send().await,
            app.get("/api/v1/me").by(&alice).send().await,
            app.get("/api/v1/me").send().await,
            app.get("/nothing").send().await,
            app.post("/api/v1/me").send().await,
            app.post("/api/v1/login").body("text/plain", Vec::new()).send().await,
            app.post("/api/v1/login").json(json!({})).send().await,
            app.post("/api/v1/login").body("application/json", vec![b' '; 70_000]).send().await,
            app.delete("/api/v1/logout").by(&alice).send().await,
        ] {
            assert_guarded(&answer);
        }
    }

    async fn an_answer_about_a_person_is_kept_by_nobody(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let answer = app.get("/api/v1/me").by(&alice).send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
