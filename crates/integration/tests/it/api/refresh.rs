use integration::{TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn a_refresh_gives_the_next_pair_of_the_same_session(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(60);
        let next = app.refresh(&alice.refresh).await.assert_ok();
        assert_eq!(next["session_id"], alice.session.as_str());
        assert_ne!(next["access_token"], alice.access.as_str());
        assert_ne!(next["refresh_token"], alice.refresh.as_str());
        app.me(next["access_token"].as_str().unwrap()).await.assert_ok();
        app.me(&alice.access).await.assert_ok();
    }

    async fn the_token_may_stand_in_the_body(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let body = json!({"refresh_token": alice.refresh});
        app.post("/api/v1/refresh").json(body).send().await.assert_ok();
        app.post("/api/v1/refresh").send().await.assert_problem(401, "missing_token");
        app.post("/api/v1/refresh").json(json!({})).send().await.assert_faults(&[("/refresh_token", "required")]);
        app.post("/api/v1/refresh").json(json!({"refresh_token": {"$ne": 1}})).send().await
            .assert_faults(&[("/refresh_token", "invalid_type")]);
    }

    async fn an_access_token_refreshes_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.refresh(&alice.access).await.assert_problem(401, "wrong_token_type");
    }

    async fn simultaneous_uses_all_get_the_same_pair_and_the_session_lives(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let uses: Vec<_> = (0..50).map(|_| app.post("/api/v1/refresh").bearer(&alice.refresh).spawn()).collect();
        let mut pairs = std::collections::BTreeSet::new();
        for answer in uses {
            let pair = answer.await.unwrap().assert_ok();
            pairs.insert((pair["access_token"].to_string(), pair["refresh_token"].to_string()));
        }
        assert_eq!(pairs.len(), 1);
        let (access, _) = pairs.pop_first().unwrap();
        app.me(access.trim_matches('"')).await.assert_ok();
    }

    async fn a_lost_answer_is_healed_within_the_grace(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let lost = app.refresh(&alice.refresh).await.assert_ok();
        app.advance(10);
        let again = app.refresh(&alice.refresh).await.assert_ok();
        assert_eq!(again["refresh_token"], lost["refresh_token"]);
        assert_eq!(again["access_token"], lost["access_token"]);
        assert_eq!(again["expires_in"], 890, "what is left of the same token");
    }

    async fn a_use_after_the_grace_ends_the_session(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let next = app.refresh(&alice.refresh).await.assert_ok();
        app.advance(11);
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
        app.me(next["access_token"].as_str().unwrap()).await.assert_problem(401, "revoked_token");
        app.refresh(next["refresh_token"].as_str().unwrap()).await.assert_problem(401, "revoked_token");
    }

    async fn an_answer_that_never_left_can_be_asked_for_however_late(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.lose_answer(app.refreshing(&alice.refresh)).await;
        app.advance(600);
        app.lose_answer(app.refreshing(&alice.refresh)).await;
        let app = app.restart().await;
        app.advance(601); // the access token of the first answer has expired
        let next = app.refresh(&alice.refresh).await.assert_ok();
        assert_eq!(next["expires_in"], 900, "another access token");
        app.me(next["access_token"].as_str().unwrap()).await.assert_ok();
        app.refresh(next["refresh_token"].as_str().unwrap()).await.assert_ok();
    }

    async fn an_answer_that_began_to_leave_can_be_asked_for_within_the_grace_only(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.lose_answer(app.refreshing(&alice.refresh)).await;
        app.advance(600);
        app.begin_answer(app.refreshing(&alice.refresh)).await;
        app.advance(10);
        app.refresh(&alice.refresh).await.assert_ok();
        app.advance(1);
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn a_token_two_rotations_old_ends_the_session_also_within_the_grace(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let second = app.refresh(&alice.refresh).await.assert_ok();
        app.refresh(second["refresh_token"].as_str().unwrap()).await.assert_ok();
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
    }

    async fn rotation_and_its_grace_survive_a_restart(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let next = app.refresh(&alice.refresh).await.assert_ok();
        let app = app.restart().await;
        let again = app.refresh(&alice.refresh).await.assert_ok();
        assert_eq!(again["refresh_token"], next["refresh_token"]);
        app.advance(11);
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn an_unused_session_ends_after_thirty_days(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(30 * 86_400);
        app.refresh(&alice.refresh).await.assert_problem(401, "expired_token");
    }

    async fn a_session_ends_after_ninety_days_however_much_it_is_used(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let mut refresh = alice.refresh;
        let mut left = 2_592_000;
        for _ in 0..4 {
            app.advance(20 * 86_400);
            let pair = app.refresh(&refresh).await.assert_ok();
            left = pair["refresh_expires_in"].as_u64().unwrap();
            refresh = pair["refresh_token"].as_str().unwrap().to_owned();
        }
        assert_eq!(left, 10 * 86_400, "no token outlives its session");
        app.advance(10 * 86_400);
        app.refresh(&refresh).await.assert_problem(401, "expired_token");
    }
}
