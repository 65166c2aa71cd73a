use integration::{PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

async fn export(app: &TestApp, person: &Person) -> Value {
    let answer = app.get("/api/v1/me/export").by(person).send().await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(
        answer.headers["content-disposition"],
        "attachment; filename=\"portcullis-export.json\""
    );
    answer.assert_ok()
}

every_backend! {
    async fn one_reads_everything_that_is_held(app: TestApp) {
        let here = app.signed_in("alice").await;
        app.advance(5);
        let there = app.another_session("alice", &here.id).await;
        let export = export(&app, &there).await;

        let (account, me) = (&export["account"], app.me(&here.access).await.assert_ok());
        for (member, value) in me.as_object().unwrap() {
            assert_eq!(&account[member], value, "{member}");
        }
        assert_eq!(account["disabled"], false);
        assert_eq!(account["email_undeliverable_since"], Value::Null);
        assert_eq!(account["password_kind"], "argon2id:64:1:1");
        let sessions = export["sessions"].as_array().unwrap();
        let listed = app.get("/api/v1/sessions").by(&there).send().await.assert_ok();
        assert_eq!(sessions.len(), 2);
        for (exported, listed) in sessions.iter().zip(listed["sessions"].as_array().unwrap()) {
            for (member, value) in listed.as_object().unwrap() {
                assert_eq!(&exported[member], value, "{member}");
            }
            assert_eq!(exported["authentication"]["amr"], json!(["pwd"]));
            assert_eq!(exported["in_browser"], false);
        }
        assert!(export["notes"].as_array().unwrap().len() > 1);
    }

    async fn it_holds_no_hash_and_no_token(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let export = export(&app, &alice).await.to_string();
        for secret in ["$argon2", PASSWORD, &alice.access, &alice.refresh, "jti", "csrf"] {
            assert!(!export.contains(secret), "{secret}: {export}");
        }
    }

    async fn it_needs_a_fresh_token(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.advance(601);
        app.get("/api/v1/me/export").by(&alice).send().await
            .assert_problem(401, "insufficient_user_authentication");
        app.get("/api/v1/me/export").send().await.assert_problem(401, "missing_token");
    }

    async fn it_holds_nothing_of_anybody_else(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        let export = export(&app, &alice).await.to_string();
        for theirs in ["bob", &bob.id, &bob.session] {
            assert!(!export.contains(theirs), "{theirs}: {export}");
        }
    }

    async fn a_session_that_has_ended_reads_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.delete("/api/v1/logout").by(&alice).send().await.assert_ok();
        app.get("/api/v1/me/export").by(&alice).send().await.assert_problem(401, "revoked_token");
    }
}
