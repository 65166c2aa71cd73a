use integration::{TestApp, every_backend};

every_backend! {
    async fn a_logged_out_session_is_refused_after_a_restart(app: TestApp) {
        let alice = app.signed_in("alice").await;

        let said = app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        assert_eq!(said["message"], "Successfully logged out");
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");

        let app = app.restart().await;
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn either_token_and_either_method_ends_the_session(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.post("/api/v1/logout").bearer(&alice.refresh).send().await.assert_ok();
        app.me(&alice.access).await.assert_problem(401, "revoked_token");

        let alice = app.another_session("alice", &alice.id).await;
        app.post("/api/v1/logout").by(&alice).send().await.assert_ok();
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn an_expired_access_token_still_ends_its_session(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(901);
        app.me(&alice.access).await.assert_problem(401, "expired_token");
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn other_sessions_live_on(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        app.delete("/api/v1/logout").by(&here).send().await.assert_ok();
        app.me(&there.access).await.assert_ok();
    }

    async fn without_a_token_there_is_nothing_to_end(app: TestApp) {
        app.delete("/api/v1/logout").send().await.assert_problem(401, "missing_token");
        app.delete("/api/v1/logout").bearer("nonsense").send().await.assert_problem(401, "invalid_token");
    }
}
