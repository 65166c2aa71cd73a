use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

const WRONG: &str = "not the password of anyone";
const NEW: &str = "another long and winding phrase";

every_backend! {
    async fn a_new_password_is_not_judged_before_the_current_one_is_proven(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for (body, expected) in [
            (json!({"new_password": "alice"}), ("/current_password", "required")),
            (json!({"current_password": PASSWORD, "new_password": "alice", "x": 1}), ("/x", "unknown_field")),
        ] {
            let answer = app.put("/api/v1/me/password").by(&alice).json(body).send().await;
            answer.assert_faults(&[expected]);
        }
        let body = json!({"current_password": WRONG, "new_password": "alice"});
        let answer = app.put("/api/v1/me/password").by(&alice).json(body).send().await;
        let problem = answer.assert_problem(401, "invalid_credentials");
        assert_eq!(problem["message"], "The current password is wrong.");
        let body = json!({"current_password": PASSWORD, "new_password": "alice"});
        let answer = app.put("/api/v1/me/password").by(&alice).json(body).send().await;
        answer.assert_faults(&[
            ("/new_password", "too_short"),
            ("/new_password", "same_as_identity"),
            ("/new_password", "too_weak"),
        ]);
    }

    async fn the_present_password_is_no_new_one(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let other = app.another_session("alice", &alice.id).await;
        let change = async |current: &str, new: &str| {
            let body = json!({"current_password": current, "new_password": new});
            app.put("/api/v1/me/password").by(&alice).json(body).send().await
        };
        change(PASSWORD, PASSWORD).await.assert_faults(&[("/new_password", "same_as_current")]);
        // Whoever doesn't know it learns nothing by that.
        change(WRONG, WRONG).await.assert_problem(401, "invalid_credentials");
        app.me(&other.access).await.assert_ok();
        change(PASSWORD, NEW).await.assert_ok();
    }

    async fn a_change_ends_every_other_session_and_keeps_this_one(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;

        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        app.put("/api/v1/me/password").by(&here).json(body).send().await.assert_ok();

        app.me(&there.access).await.assert_problem(401, "revoked_token");
        app.refresh(&there.refresh).await.assert_problem(401, "revoked_token");
        app.me(&here.access).await.assert_ok();
        let next = app.refresh(&here.refresh).await.assert_ok();
        app.me(next["access_token"].as_str().unwrap()).await.assert_ok();
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        app.login("alice", NEW).await.assert_ok();

        let app = app.restart().await;
        app.me(&there.access).await.assert_problem(401, "revoked_token");
        app.me(next["access_token"].as_str().unwrap()).await.assert_ok();
        app.login("alice", NEW).await.assert_ok();
    }

    async fn the_session_kept_by_one_change_is_ended_by_the_next(app: TestApp) {
        let first = app.signed_in("alice").await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        app.put("/api/v1/me/password").by(&first).json(body).send().await.assert_ok();
        let tokens = app.login("alice", NEW).await.assert_ok();
        let body = json!({"current_password": NEW, "new_password": PASSWORD});
        app.put("/api/v1/me/password").bearer(tokens["access_token"].as_str().unwrap()).json(body).send().await.assert_ok();
        app.me(&first.access).await.assert_problem(401, "revoked_token");
        app.refresh(&first.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn the_current_password_must_be_right(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let body = json!({"current_password": "not this one at all", "new_password": NEW});
        app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_problem(401, "invalid_credentials");
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn the_new_password_must_keep_the_rules(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let body = json!({"current_password": PASSWORD, "new_password": "short"});
        let problem = app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/new_password", "{problem}");
    }

    async fn of_two_changes_at_once_with_one_old_password_one_succeeds(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        let change = |person: &integration::Person, new: &str| {
            let body = json!({"current_password": PASSWORD, "new_password": new});
            app.put("/api/v1/me/password").by(person).json(body).spawn()
        };
        let (one, other) = (change(&here, NEW), change(&there, "yet another winding phrase"));
        let statuses = [one.await.unwrap().status.as_u16(), other.await.unwrap().status.as_u16()];
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    }
}
