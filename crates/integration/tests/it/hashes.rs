//! Accounts that came from elsewhere: their hashes sign in, are upgraded, and can do no harm.

use std::time::Duration;

use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

/// Werkzeug's `generate_password_hash("correct horse battery staple")`.
const WERKZEUG: &str = "scrypt:32768:8:1$ToWm8jeIxsSVAtrG$ca2ed61491cf4609b3939ec9c112f3237072e997aecc22b5a26eeee739e7523cacd15b23275ba349ced7bef88caf401c16589505da6264be2255b44f05755ac2";

every_backend! {
    async fn a_werkzeug_hash_signs_in_and_is_upgraded(app: TestApp) {
        app.signed_up("alice").await;
        app.store_hash("alice", WERKZEUG).await;
        app.login("alice", "something else").await.assert_problem(401, "invalid_credentials");
        assert_eq!(app.stored_hash("alice").await, WERKZEUG, "a wrong password changes nothing");
        app.login("alice", PASSWORD).await.assert_ok();
        assert!(app.stored_hash("alice").await.starts_with("$argon2id$"));
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn an_upgrade_signs_nobody_out(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.store_hash("alice", WERKZEUG).await;
        app.login("alice", PASSWORD).await.assert_ok();
        app.me(&alice.access).await.assert_ok();
        app.refresh(&alice.refresh).await.assert_ok();
    }

    async fn a_hostile_hash_costs_a_refused_login_and_nothing_else(app: TestApp) {
        app.signed_up("alice").await;
        app.signed_up("bob").await;
        for hostile in [
            "",
            "nonsense",
            "\u{0}",
            "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4194304,t=3,p=4$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
            "scrypt:1073741824:8:1$salt$00",
            "pbkdf2:sha256:999999999999$salt$00",
            "$2b$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcdef",
            "$scrypt$ln=40,r=8,p=1$c2FsdA$AAAA",
            "pbkdf2_sha256$2147483647$salt$AAAA",
        ] {
            app.store_hash("alice", hostile).await;
            let login = app.login("alice", PASSWORD);
            let answer = tokio::time::timeout(Duration::from_secs(30), login).await;
            answer.expect("it is refused before it is run").assert_problem(401, "invalid_credentials");
            app.advance(300); // the longest wait after a failure
        }
        app.login("bob", PASSWORD).await.assert_ok();
    }

    async fn a_row_that_foreign_software_changed_is_seen_within_five_seconds(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.me(&alice.access).await.assert_ok();
        app.store_email("alice", "changed@example.org").await;
        app.advance(5);
        assert_eq!(app.me(&alice.access).await.assert_ok()["email"], "changed@example.org");
    }
}

#[tokio::test]
async fn hashes_can_be_kept_for_other_software() {
    let app = TestApp::with(&[("PORTCULLIS_HASH_UPGRADE", "false")]).await;
    app.signed_up("alice").await;
    app.store_hash("alice", WERKZEUG).await;
    app.login("alice", PASSWORD).await.assert_ok();
    assert_eq!(app.stored_hash("alice").await, WERKZEUG);
}

#[tokio::test]
async fn where_hashes_are_kept_new_ones_are_of_the_kind_that_other_software_reads() {
    const NEW: &str = "another horse battery staple";
    let app = TestApp::with(&[("PORTCULLIS_HASH_UPGRADE", "false")]).await;
    let alice = app.signed_in("alice").await;
    let first = app.stored_hash("alice").await;
    assert!(first.starts_with("scrypt:32768:8:1$"), "{first}");

    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let changed = app.put("/api/v1/me/password").by(&alice).json(body).send();
    changed.await.assert_status(204);
    let second = app.stored_hash("alice").await;
    assert!(second.starts_with("scrypt:32768:8:1$") && second != first);
    app.login("alice", NEW).await.assert_ok();
}
