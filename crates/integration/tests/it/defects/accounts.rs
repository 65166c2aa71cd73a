//! Who has an account, and whose guesses are counted.

use integration::{Answer, PASSWORD, TestApp, every_backend, process};
use serde_json::json;

/// All of an answer that doesn't differ from request to request.
fn shape(answer: &Answer) -> (u16, Vec<String>, serde_json::Value) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    let mut body = answer.json();
    body["request_id"] = serde_json::Value::Null;
    (answer.status.as_u16(), names, body)
}

every_backend! {
    // The time it takes is compared by scripts/timing.
    async fn defect_7_a_login_tells_who_has_an_account(app: TestApp) {
        app.signed_up("alice").await;
        for _ in 0..7 {
            let known = app.login("alice", "a guess at it").await;
            let unknown = app.login("nobody", "a guess at it").await;
            assert_eq!(shape(&known), shape(&unknown));
        }
    }

    async fn defect_9_an_account_can_be_guessed_at_for_ever(app: TestApp) {
        app.signed_up("alice").await;
        let mut checked = 0;
        for n in 0..120 {
            let answer = app.login("alice", &format!("guess {n}")).await;
            checked += u32::from(answer.status.as_u16() == 401);
        }
        assert_eq!(checked, 5);
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
    }

    async fn defect_12_look_alikes_and_spellings_are_other_accounts(app: TestApp) {
        app.signed_up("paypal").await;
        for (name, email, code) in [
            ("PayPal", "a@example.org", "username_taken"),
            ("paypa1", "b@example.org", "username_taken"),
            ("other", "PAYPAL@EXAMPLE.ORG", "email_taken"),
        ] {
            let body = json!({"username": name, "email": email, "password": PASSWORD});
            app.post("/api/v1/register").json(body).send().await.assert_problem(409, code);
        }
        let mixed = json!({"username": "p\u{430}ypal", "email": "c@example.org", "password": PASSWORD});
        app.post("/api/v1/register").json(mixed).send().await.assert_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn defect_13_a_key_of_six_bytes_works() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("JWT_SECRET_KEY", "secret")];
    let ran = process::run(folder.path(), &["config", "check"], &env, "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("JWT_SECRET_KEY"), "{ran:?}");
}
