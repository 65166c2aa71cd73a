//! The life of an account, as a program leads it.

use integration::{Confirmed, PASSWORD, Person, every_backend};
use serde_json::json;

const ALICE: &str = "alice@example.org";
const THIEF: &str = "thief@example.net";
const NEW: &str = "another long and winding phrase";

every_backend! {
    async fn from_signing_up_to_the_deletion(app: Confirmed) {
        // Signing up, where the address must be confirmed.
        let who = json!({"username": "alice", "email": ALICE, "password": PASSWORD});
        app.ask("register", who).await.assert_status(202);
        let token = app.token(ALICE, "/confirm").await;
        let confirmed = json!({"token": token, "password": PASSWORD});
        app.ask("email/confirm", confirmed).await.assert_status(204);
        let alice = app.another_session("alice", "").await;

        // Another address, which somebody else has asked for, and the way back.
        let change = app.post("/api/v1/email/change").by(&alice).json(json!({"email": THIEF}));
        change.send().await.assert_status(202);
        let token = app.token(THIEF, "/confirm").await;
        app.confirm(&alice, &token).await.assert_status(204);
        let me = app.me(&alice.access).await.assert_ok();
        assert_eq!((&me["email"], &me["email_verified"]), (&json!(THIEF), &json!(true)));
        let undo = app.token(ALICE, "/email/undo").await;
        app.ask("email/undo", json!({"token": undo})).await.assert_status(204);
        app.me(&alice.access).await.assert_problem(401, "revoked_token");

        // Another password.
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        let token = app.token(ALICE, "/reset").await;
        let reset = json!({"token": token, "new_password": NEW});
        app.ask("password/reset", reset).await.assert_ok();
        let told = app.letter(ALICE).await.header("Subject");
        assert_eq!(told.as_deref(), Some("Your password was changed"));
        let tokens = app.login(ALICE, NEW).await.assert_ok();
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let id = me["id"].as_str().unwrap().to_owned();
        let alice = Person { access, id, ..alice };

        // What is held, and the end.
        let export = app.get("/api/v1/me/export").by(&alice).send().await.assert_ok();
        let account = &export["account"];
        assert_eq!((&account["id"], &account["email"]), (&json!(alice.id), &json!(ALICE)));
        assert_eq!(export["sessions"].as_array().unwrap().len(), 1, "{export}");
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await.assert_status(204);
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        app.login("alice", NEW).await.assert_problem(401, "invalid_credentials");
        let told = app.letter(ALICE).await.header("Subject");
        assert_eq!(told.as_deref(), Some("Your account was deleted"));
    }
}
