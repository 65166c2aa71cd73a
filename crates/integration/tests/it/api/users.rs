use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn one_reads_and_changes_oneself(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        assert_eq!(app.get(&path).by(&alice).send().await.assert_ok()["username"], "alice");

        app.advance(1);
        let changed = app.patch(&path).by(&alice).json(json!({"username": "alicia"})).send().await.assert_ok();
        assert_eq!((&changed["username"], &changed["email"]), (&json!("alicia"), &json!("alice@example.org")));
        assert_ne!(changed["updated_at"], changed["created_at"]);
        assert_eq!(app.me(&alice.access).await.assert_ok()["username"], "alicia", "seen at once");

        let body = json!({"username": "alice", "email": "new@example.org"});
        let replaced = app.put(&path).by(&alice).json(body).send().await.assert_ok();
        assert_eq!(replaced["email"], "new@example.org");
        app.login("new@example.org", PASSWORD).await.assert_ok();
        app.login("alice@example.org", PASSWORD).await.assert_problem(401, "invalid_credentials");
    }

    async fn any_other_id_is_forbidden_whether_it_exists_or_not(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        for id in [bob.id.as_str(), "0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11", "x", "%00"] {
            let path = format!("/api/v1/users/{id}");
            app.get(&path).by(&alice).send().await.assert_problem(403, "forbidden");
            app.delete(&path).by(&alice).send().await.assert_problem(403, "forbidden");
            app.patch(&path).by(&alice).json(json!({"username": "x"})).send().await.assert_problem(403, "forbidden");
        }
        app.me(&bob.access).await.assert_ok();
    }

    async fn a_path_that_is_no_utf_8_is_malformed(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.get("/api/v1/users/%ff").by(&alice).send().await.assert_problem(400, "malformed_request");
    }

    async fn a_name_or_address_of_someone_else_is_taken(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.signed_up("bob").await;
        let path = format!("/api/v1/users/{}", alice.id);
        app.patch(&path).by(&alice).json(json!({"username": "B0b"})).send().await.assert_problem(409, "username_taken");
        app.patch(&path).by(&alice).json(json!({"email": "BOB@example.org"})).send().await.assert_problem(409, "email_taken");
        app.patch(&path).by(&alice).json(json!({"username": "ALICE"})).send().await.assert_ok();
    }

    async fn what_one_signs_in_by_changes_with_a_fresh_token_only(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.signed_up("bob").await;
        app.advance(601);
        let path = format!("/api/v1/users/{}", alice.id);
        for new in [
            json!({"email": "new@example.org"}),
            json!({"username": "alicia"}),
            json!({"username": "bob"}), // nor is it said whose name it is
            json!({"username": "alice", "email": "new@example.org"}),
        ] {
            app.patch(&path).by(&alice).json(new).send().await
                .assert_problem(401, "insufficient_user_authentication");
        }
        let same = json!({"username": "alice", "email": "alice@example.org"});
        app.put(&path).by(&alice).json(same.clone()).send().await.assert_ok();
        let other = json!({"username": "alicia", "email": "alice@example.org"});
        app.put(&path).by(&alice).json(other.clone()).send().await
            .assert_problem(401, "insufficient_user_authentication");
        app.login("alice", PASSWORD).await.assert_ok();

        let fresh = app.post("/api/v1/me/reauthenticate").by(&alice)
            .json(json!({"password": PASSWORD})).send().await.assert_ok();
        app.put(&path).bearer(fresh["access_token"].as_str().unwrap()).json(other).send().await.assert_ok();
        app.login("alicia", PASSWORD).await.assert_ok();
    }

    async fn nothing_but_name_and_address_can_be_set(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        app.patch(&path).by(&alice).json(json!({"password": "x", "email_verified": true, "id": "1"})).send().await
            .assert_faults(&[("/password", "unknown_field"), ("/email_verified", "unknown_field"), ("/id", "unknown_field")]);
        app.put(&path).by(&alice).json(json!({"username": "alice"})).send().await.assert_faults(&[("/email", "required")]);
    }

    async fn deleting_an_account_ends_every_session(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        app.delete(&format!("/api/v1/users/{}", here.id)).by(&here).send().await.assert_status(204);
        for person in [&here, &there] {
            app.me(&person.access).await.assert_problem(401, "revoked_token");
            app.refresh(&person.refresh).await.assert_problem(401, "revoked_token");
        }
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");

        let app = app.restart().await;
        app.me(&there.access).await.assert_problem(401, "revoked_token");
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
    }

    async fn deleting_needs_a_fresh_token(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(601);
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await
            .assert_problem(401, "insufficient_user_authentication");
        app.me(&alice.access).await.assert_ok();
    }
}
