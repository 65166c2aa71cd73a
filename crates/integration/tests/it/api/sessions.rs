use integration::{TestApp, every_backend};

every_backend! {
    async fn they_are_listed_the_last_used_first(app: TestApp) {
        let first = app.signed_in("alice").await;
        app.advance(5);
        let second = app.another_session("alice", &first.id).await;
        app.signed_in("bob").await;

        let list = app.get("/api/v1/sessions").by(&first).header("user-agent", "x").send().await.assert_ok();
        let list = list["sessions"].as_array().unwrap();
        let seen: Vec<_> = list.iter().map(|session| (session["id"].as_str().unwrap(), session["current"].as_bool().unwrap())).collect();
        assert_eq!(seen, [(second.session.as_str(), false), (first.session.as_str(), true)]);
        assert_eq!(list[0]["address"], "127.0.0.1");
        assert_eq!(list[0]["agent"], integration::TestApp::AGENT);
    }

    async fn one_can_be_ended(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        app.delete(&format!("/api/v1/sessions/{}", there.session)).by(&here).send().await.assert_status(204);
        app.me(&there.access).await.assert_problem(401, "revoked_token");
        app.refresh(&there.refresh).await.assert_problem(401, "revoked_token");
        app.me(&here.access).await.assert_ok();
        app.delete(&format!("/api/v1/sessions/{}", there.session)).by(&here).send().await.assert_problem(404, "not_found");
    }

    async fn someone_elses_is_not_found_and_lives_on(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        for id in [bob.session.as_str(), "nonsense", "0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11"] {
            app.delete(&format!("/api/v1/sessions/{id}")).by(&alice).send().await.assert_problem(404, "not_found");
        }
        app.me(&bob.access).await.assert_ok();
    }

    async fn all_others_can_be_ended(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        let bob = app.signed_in("bob").await;
        app.delete("/api/v1/sessions").by(&here).send().await.assert_status(204);
        app.me(&there.access).await.assert_problem(401, "revoked_token");
        app.me(&here.access).await.assert_ok();
        app.me(&bob.access).await.assert_ok();
    }

    async fn ending_ones_own_needs_no_fresh_token(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(601);
        app.delete(&format!("/api/v1/sessions/{}", alice.session)).by(&alice).send().await.assert_status(204);
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
    }
}
