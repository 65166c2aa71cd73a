use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn a_name_or_an_address_signs_in(app: TestApp) {
        app.signed_up("alice").await;
        for name in ["alice", "ALICE", "alice@example.org", "Alice@Example.org"] {
            let tokens = app.login(name, PASSWORD).await.assert_ok();
            assert_eq!(tokens["token_type"], "Bearer");
            assert_eq!(tokens["expires_in"], 900);
            assert_eq!(tokens["refresh_expires_in"], 2_592_000);
            let me = app.me(tokens["access_token"].as_str().unwrap()).await.assert_ok();
            assert_eq!(me["username"], "alice");
        }
    }

    async fn an_unknown_name_and_a_wrong_password_are_answered_alike(app: TestApp) {
        app.signed_up("alice").await;
        let wrong = app.login("alice", "something else entirely").await;
        let unknown = app.login("nobody", PASSWORD).await;
        let mut bodies = Vec::new();
        for answer in [&wrong, &unknown] {
            let mut problem = answer.assert_problem(401, "invalid_credentials");
            problem.as_object_mut().unwrap().remove("request_id");
            bodies.push(problem);
        }
        assert_eq!(bodies[0], bodies[1]);
        let names = |answer: &integration::Answer| {
            answer.headers.keys().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&wrong), names(&unknown));
    }

    async fn signing_in_checks_no_rule_but_the_size(app: TestApp) {
        for (name, password) in [("", ""), ("a\0b", "\0"), ("\u{202e}x", "é"), ("x", &"p".repeat(1024))] {
            app.login(name, password).await.assert_problem(401, "invalid_credentials");
        }
        app.post("/api/v1/login")
            .json(json!({"username": "n".repeat(1025), "password": "p".repeat(1025)}))
            .send().await
            .assert_faults(&[("/username", "too_long"), ("/password", "too_long")]);
    }

    async fn an_address_is_sent_as_username(app: TestApp) {
        let body = json!({"email": "alice@example.org", "password": PASSWORD});
        let answer = app.post("/api/v1/login").json(body).send().await;
        answer.assert_faults(&[("/username", "required"), ("/email", "unknown_field")]);
        let message = &answer.json()["errors"][1]["message"];
        assert_eq!(message, "Send the name or the address as `username`.");
    }

    async fn an_operator_object_is_no_name(app: TestApp) {
        app.signed_up("alice").await;
        app.post("/api/v1/login")
            .json(json!({"username": {"$ne": null}, "password": {"$gt": ""}}))
            .send().await
            .assert_faults(&[("/username", "invalid_type"), ("/password", "invalid_type")]);
    }

    async fn a_password_is_the_same_however_its_accents_are_composed(app: TestApp) {
        let (composed, decomposed) = ("caf\u{e9} au lait \u{e0} minuit", "cafe\u{301} au lait a\u{300} minuit");
        let body = json!({"username": "zoe", "email": "zoe@example.org", "password": decomposed});
        app.post("/api/v1/register").json(body).send().await.assert_status(201);
        app.login("zoe", composed).await.assert_ok();
        app.login("zoe", decomposed).await.assert_ok();
    }

    async fn the_hundred_and_first_session_ends_the_oldest(app: TestApp) {
        let first = app.signed_in("alice").await;
        app.advance(1);
        for _ in 0..100 {
            app.another_session("alice", &first.id).await;
        }
        app.me(&first.access).await.assert_problem(401, "revoked_token");
        app.refresh(&first.refresh).await.assert_problem(401, "revoked_token");
    }
}
