//! Accounts that came from elsewhere: their hashes sign in, are upgraded, and can do no harm.

use std::time::Duration;

use integration::process::Server;
use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

/// Werkzeug's `generate_password_hash("correct horse battery staple")`.
const WERKZEUG: &str = "scrypt:32768:8:1$ToWm8jeIxsSVAtrG$ca2ed61491cf4609b3939ec9c112f3237072e997aecc22b5a26eeee739e7523cacd15b23275ba349ced7bef88caf401c16589505da6264be2255b44f05755ac2";

/// From the tables of `crates/password/tests/foreign.rs`, which says who made them.
const FOREIGN: [(&str, &str); 8] = [
    (
        "sha1$Tzs7dQ5n$dc656e4855a97bedbd2556c4daa1b45804dc66b5",
        "correct horse",
    ),
    (
        "sha1$Tzs7dQ5n$4a7349d2a9f1bc9c776bdba00d2903ab8cd8140f",
        "correct horse",
    ),
    (
        "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG",
        "password",
    ),
    (
        "{MD5-CRYPT}$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
        "correct horse",
    ),
    (
        "$y$j75$F5Jx5fExrKuPp53xLKQ..1$aEFV0VcEI5Jx.rzUhLbfRgipTKSbuNF0ldHPkDpnco3",
        "correct horse",
    ),
    (
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
        "my password",
    ),
    (
        "$S$9abcdefghfac1moXCNYkc6LNHkD328SkJjXyRuwNzAetTDeXKTbN",
        "correct horse",
    ),
    (
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "user1password",
    ),
];

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

    async fn hashes_of_many_systems_sign_in_and_are_upgraded(app: TestApp) {
        app.signed_up("alice").await;
        for (hash, password) in FOREIGN {
            app.store_hash("alice", hash).await;
            app.login("alice", "something else").await.assert_problem(401, "invalid_credentials");
            app.login("alice", password).await.assert_ok();
            assert!(app.stored_hash("alice").await.starts_with("$argon2id$"), "{hash}");
            app.login("alice", password).await.assert_ok();
        }
    }

    async fn plain_text_and_damaged_hashes_let_nobody_in(app: TestApp) {
        app.signed_up("alice").await;
        for stored in ["{noop}password", "{PLAIN}password", "plain$$password"] {
            app.store_hash("alice", stored).await;
            app.login("alice", "password").await.assert_problem(401, "invalid_credentials");
            assert_eq!(app.stored_hash("alice").await, stored);
            app.advance(300); // the longest wait after a failure
        }
        app.store_hash("alice", &format!("{WERKZEUG}\n")).await;
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
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
    changed.await.assert_ok();
    let second = app.stored_hash("alice").await;
    assert!(second.starts_with("scrypt:32768:8:1$") && second != first);
    app.login("alice", NEW).await.assert_ok();
}

/// By Python's bcrypt 3.2.2, of 80 bytes.
const CUT: &str = "$2b$04$6PcuhHubkf9rqSNJhNyWnee.mXj86uAh8227adyC64mKedrG/AZ.W";

#[tokio::test]
async fn a_password_that_bcrypt_cut_signs_in_where_that_is_set_and_is_whole_from_then_on() {
    let password = "0123456789".repeat(8);
    let app = TestApp::with(&[]).await;
    app.signed_up("alice").await;
    app.store_hash("alice", CUT).await;
    let refused = app.login("alice", &password).await;
    refused.assert_problem(401, "invalid_credentials");

    let app = app
        .restart_with(&[("PORTCULLIS_BCRYPT_TRUNCATE", "true")])
        .await;
    app.login("alice", &password).await.assert_ok();
    let refused = app.login("alice", &password[..72]).await;
    refused.assert_problem(401, "invalid_credentials");
    app.login("alice", &password).await.assert_ok();
}

#[tokio::test]
async fn a_hash_of_devises_signs_in_with_its_pepper() {
    const PEPPER: &str = "9f1c0e7ab25d4836f0a1c2e3d4b5968778695a4b3c2d1e0fa9b8c7d6e5f4031267ab";
    const PEPPERED: &str = "$2a$04$6PcuhHubkf9rqSNJhNyWnep0.psH9iemvddZxXEVlbR1obvKJms26";
    let app = TestApp::with(&[("PORTCULLIS_BCRYPT_PEPPER", PEPPER)]).await;
    app.signed_up("alice").await;
    app.store_hash("alice", PEPPERED).await;
    app.login("alice", "correct horse").await.assert_ok();
    app.login("alice", "correct horse").await.assert_ok();
    assert!(!app.debug().contains("9f1c0e7a"), "a secret is not shown");
}

#[tokio::test]
async fn a_hash_that_can_t_be_used_is_reported_with_the_id_of_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[]).await;
    let client = reqwest::Client::new();
    let send = |path: &str, body: serde_json::Value| {
        let url = format!("{}/api/v1/{path}", server.url());
        client.post(url).json(&body).send()
    };
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    let registered = send("register", body).await.unwrap();
    let registered: serde_json::Value = registered.json().await.unwrap();
    let id = registered["id"].as_str().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("data/portcullis.db")).unwrap();
    let changed = file.execute("UPDATE users SET hash = hash || char(10)", []);
    assert_eq!(changed.unwrap(), 1);
    drop(file);

    let body = json!({"username": "alice", "password": PASSWORD});
    let login = send("login", body).await.unwrap();
    assert_eq!(login.status(), 401);
    server
        .until_logged(&format!(
            r#""account":"{id}","reason":"the stored hash is damaged""#
        ))
        .await;
}

#[tokio::test]
async fn a_kind_of_hash_that_takes_longer_than_a_second_is_reported_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    let url = format!("{}/api/v1/register", server.url());
    let registered = reqwest::Client::new().post(url).json(&body).send().await;
    assert_eq!(registered.unwrap().status(), 201);
    server.stop().await;
    let file = rusqlite::Connection::open(folder.path().join("data/portcullis.db")).unwrap();
    let dear = format!("pbkdf2:sha512:4900000$salt${}", "0".repeat(128));
    let changed = file.execute("UPDATE users SET hash = ?1", [dear]);
    assert_eq!(changed.unwrap(), 1);
    drop(file);

    let server = Server::start(folder.path(), &[]).await;
    let reported = |line: &&String| {
        line.contains(r#""kind":"pbkdf2:sha512:4900000""#)
            && line.contains(r#""accounts":1"#)
            && line.contains("longer than a failed sign-in may")
    };
    assert!(
        server.said.iter().any(|line| reported(&line)),
        "{:?}",
        server.said
    );
    server.stop().await;
}
