//! What a process forgets, and what it never forgets.

use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn defect_1_a_restart_forgets_who_logged_out(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        let app = app.restart().await;
        for _ in 0..50 {
            app.me(&alice.access).await.assert_problem(401, "revoked_token");
        }
    }

    async fn defect_1_a_restart_forgets_the_limits(app: TestApp) {
        let mut app = app.restart_with(&[("RATELIMIT_DEFAULT", "200 per day;20 per hour")]).await;
        let mut admitted = 0;
        for _ in 0..4 {
            for _ in 0..15 {
                let answer = app.get("/api/v1/me").send().await;
                admitted += u32::from(answer.status.as_u16() == 401);
            }
            app = app.restart().await;
        }
        assert_eq!(admitted, 20);
    }

    async fn defect_1_one_name_is_registered_twice(app: TestApp) {
        let sent: Vec<_> = (0..40).map(|n| {
            let body = json!({"username": "alice", "email": format!("a{n}@example.org"), "password": PASSWORD});
            app.post("/api/v1/register").json(body).spawn()
        }).collect();
        let mut made = 0;
        for answer in sent {
            let answer = answer.await.unwrap();
            match answer.status.as_u16() {
                201 => made += 1,
                503 => drop(answer.assert_problem(503, "unavailable")), // the queue of hashes was full
                _ => drop(answer.assert_problem(409, "username_taken")),
            }
        }
        assert_eq!(made, 1);
    }

    async fn defect_5_a_logout_leaves_the_refresh_token_alive(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        for _ in 0..50 {
            app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
        }
    }

    async fn defect_5_a_refresh_token_can_be_used_for_ever(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.refresh(&alice.refresh).await.assert_ok();
        app.advance(11);
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn defect_5_tokens_survive_a_change_of_the_password_and_a_deletion(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let thief = app.another_session("alice", &alice.id).await;
        let body = json!({"current_password": PASSWORD, "new_password": "another horse, another staple"});
        app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_ok();
        app.me(&thief.access).await.assert_problem(401, "revoked_token");
        app.refresh(&thief.refresh).await.assert_problem(401, "revoked_token");
        let path = format!("/api/v1/users/{}", alice.id);
        app.delete(&path).by(&alice).send().await.assert_status(204);
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn defect_6_the_blocklist_never_shrinks(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for _ in 0..50 {
            let again = app.another_session("alice", &alice.id).await;
            app.delete("/api/v1/logout").by(&again).send().await.assert_ok();
        }
        assert!(app.remembered_revocations().await >= 50);
        app.advance(40 * 86_400);
        app.sweep().await;
        // Where a feed is shared its last row stays: it tells where to go on.
        assert!(app.remembered_revocations().await <= 1);
    }
}
