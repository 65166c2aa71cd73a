use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn a_fresh_token_of_the_same_session_is_given(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(601);
        app.delete("/api/v1/sessions").by(&alice).send().await
            .assert_problem(401, "insufficient_user_authentication");
        let body = json!({"password": PASSWORD});
        let fresh = app.post("/api/v1/me/reauthenticate").by(&alice).json(body).send().await.assert_ok();
        let fresh = fresh["access_token"].as_str().unwrap();
        app.delete("/api/v1/sessions").bearer(fresh).send().await.assert_status(204);

        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        app.me(fresh).await.assert_problem(401, "revoked_token");
    }

    async fn the_challenge_says_what_is_needed(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(601);
        let answer = app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await;
        answer.assert_problem(401, "insufficient_user_authentication");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="insufficient_user_authentication""#), "RFC 9470 §3: {challenge}");
        assert!(challenge.contains("max_age=600"), "{challenge}");
    }

    async fn a_refreshed_token_is_not_fresh(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let next = app.refresh(&alice.refresh).await.assert_ok();
        app.delete("/api/v1/sessions").bearer(next["access_token"].as_str().unwrap()).send().await
            .assert_problem(401, "insufficient_user_authentication");
    }

    async fn a_wrong_password_gives_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let body = json!({"password": "wrong"});
        let answer = app.post("/api/v1/me/reauthenticate").by(&alice).json(body).send().await;
        let problem = answer.assert_problem(401, "invalid_credentials");
        assert_eq!(problem["message"], "The current password is wrong.");
    }
}
