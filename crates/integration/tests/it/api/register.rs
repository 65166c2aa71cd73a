use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn a_new_account_is_answered_without_its_hash(app: TestApp) {
        let body = json!({"username": "alice", "email": "Alice@EXAMPLE.org", "password": PASSWORD});
        let answer = app.post("/api/v1/register").json(body).send().await;
        let user = answer.assert_status(201).json();
        assert_eq!(user["username"], "alice");
        assert_eq!(user["email"], "Alice@example.org", "the domain is lower-cased, the rest is as typed");
        assert_eq!(user["email_verified"], false);
        assert_eq!(user["created_at"], user["updated_at"]);
        let mut members: Vec<_> = user.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["created_at", "email", "email_verified", "id", "updated_at", "username"]);
    }

    async fn a_name_is_taken_whatever_its_case_and_look(app: TestApp) {
        app.signed_up("admin").await;
        for name in ["admin", "ADMIN", "Admin", "adm1n", "\u{430}dmin"] {
            let body = json!({"username": name, "email": "other@example.org", "password": PASSWORD});
            let answer = app.post("/api/v1/register").json(body).send().await;
            let refused = [409, 422].contains(&answer.status.as_u16());
            assert!(refused, "{name} gave {}", answer.text());
            if name.is_ascii() {
                answer.assert_problem(409, "username_taken");
            }
        }
    }

    async fn an_address_is_taken_whatever_its_case(app: TestApp) {
        app.signed_up("alice").await;
        for email in ["alice@example.org", "ALICE@example.org", "Alice@Example.ORG"] {
            let body = json!({"username": "bob", "email": email, "password": PASSWORD});
            app.post("/api/v1/register").json(body).send().await.assert_problem(409, "email_taken");
        }
    }

    async fn all_faults_are_reported_at_once(app: TestApp) {
        let body = json!({"username": "a@b", "email": "nonsense", "is_admin": true});
        app.post("/api/v1/register").json(body).send().await.assert_faults(&[
            ("/username", "contains_at"),
            ("/email", "invalid_email"),
            ("/password", "required"),
            ("/is_admin", "unknown_field"),
        ]);
    }

    async fn a_weak_password_is_told_of_with_the_other_faults(app: TestApp) {
        let body = json!({"username": "alice", "email": "nonsense", "password": "alice", "is_admin": true});
        let problem = app.post("/api/v1/register").json(body).send().await.assert_problem(422, "validation_failed");
        let faults: Vec<_> = problem["errors"].as_array().unwrap().iter()
            .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        for expected in [
            ("/email", "invalid_email"),
            ("/is_admin", "unknown_field"),
            ("/password", "too_short"),
            ("/password", "same_as_identity"),
            ("/password", "too_weak"),
        ] {
            assert!(faults.contains(&expected), "{expected:?} in {faults:?}");
        }
        assert_eq!(faults.len(), 5, "{faults:?}");
    }

    async fn a_weak_password_is_refused_with_the_reason(app: TestApp) {
        for (password, code) in [
            ("short", "too_short"),
            ("password123", "too_weak"),
            ("alice@example.org", "same_as_identity"),
            (&"long ".repeat(300), "too_long"),
        ] {
            let body = json!({"username": "alice", "email": "alice@example.org", "password": password});
            let problem = app.post("/api/v1/register").json(body).send().await.assert_problem(422, "validation_failed");
            let codes: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|fault| fault["code"].clone()).collect();
            assert!(codes.contains(&json!(code)), "{password}: {problem}");
            assert!(problem["errors"].as_array().unwrap().iter().all(|fault| fault["pointer"] == "/password"));
        }
    }

    async fn of_many_at_once_with_one_name_one_succeeds(app: TestApp) {
        let tries = (0..20).map(|n| {
            let body = json!({"username": "alice", "email": format!("a{n}@example.org"), "password": PASSWORD});
            app.post("/api/v1/register").json(body).spawn()
        });
        let mut made = 0;
        for answer in tries.collect::<Vec<_>>() {
            let answer = answer.await.unwrap();
            match answer.status.as_u16() {
                201 => made += 1,
                503 => { answer.assert_problem(503, "unavailable"); }
                _ => { answer.assert_problem(409, "username_taken"); }
            }
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn a_closed_registration_says_so() {
    let app = TestApp::with(&[("PORTCULLIS_REGISTRATION", "closed")]).await;
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    app.post("/api/v1/register")
        .json(body)
        .send()
        .await
        .assert_problem(403, "registration_closed");
}
