//! No answer, log line or `Debug` output tells a secret, a hash, or whether an account exists.

use integration::process::Server;
use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

every_backend! {
    async fn no_answer_holds_a_hash_or_a_password(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        let wrong = json!({"username": PASSWORD, "email": PASSWORD, "password": {"x": PASSWORD}});
        for answer in [
            app.get("/api/v1/me").by(&alice).send().await,
            app.get(&path).by(&alice).send().await,
            app.get("/api/v1/sessions").by(&alice).send().await,
            app.login("alice", PASSWORD).await,
            app.post("/api/v1/register").json(wrong.clone()).send().await,
            app.post("/api/v1/register").body("application/json", format!("{{\"password\": \"{PASSWORD}\"").into_bytes()).send().await,
        ] {
            let text = format!("{:?} {}", answer.headers, answer.text());
            assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{text}");
        }
    }

    async fn debug_output_tells_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let text = app.debug();
        for secret in [PASSWORD, "alice", "argon2", &alice.access, &alice.refresh, TestApp::SECRET] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn the_log_holds_no_secret_password_token_or_address_also_at_debug() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "c81f3be59d0274a6e3b95f1d7c20a86e4f7b19d2";
    let server = Server::start(
        folder.path(),
        &[
            ("PORTCULLIS_LOG", "trace"),
            ("JWT_SECRET_KEY", secret),
            ("SECRET_KEY", "07ad4e92c6f15b83d9e0a27c54f8b16d3e92c70a"),
        ],
    )
    .await;
    let client = reqwest::Client::new();
    let url = server.url();
    let post = |path: &str, body: serde_json::Value| {
        client
            .post(format!("{url}/api/v1{path}"))
            .json(&body)
            .send()
    };

    let account =
        json!({"username": "margaret", "email": "margaret@example.org", "password": PASSWORD});
    assert_eq!(post("/register", account).await.unwrap().status(), 201);
    let signed_in = post(
        "/login",
        json!({"username": "margaret@example.org", "password": PASSWORD}),
    )
    .await
    .unwrap();
    let tokens: serde_json::Value = signed_in.json().await.unwrap();
    post(
        "/login",
        json!({"username": "margaret", "password": "wrong-password-typed"}),
    )
    .await
    .unwrap();
    post(
        "/login",
        json!({"username": "hunter2-in-the-name-field", "password": "x"}),
    )
    .await
    .unwrap();
    let [access, refresh, device] = ["access_token", "refresh_token", "device_token"]
        .map(|token| tokens[token].as_str().unwrap());
    client
        .post(format!("{url}/api/v1/login"))
        .header("x-portcullis-device", device)
        .json(&json!({"username": "margaret", "password": PASSWORD}))
        .send()
        .await
        .unwrap();
    client
        .get(format!("{url}/api/v1/me?token={access}"))
        .bearer_auth(access)
        .send()
        .await
        .unwrap();
    client
        .post(format!("{url}/api/v1/refresh"))
        .bearer_auth(refresh)
        .send()
        .await
        .unwrap();
    client
        .get(format!("{url}/api/v1/users/margaret@example.org"))
        .bearer_auth(access)
        .send()
        .await
        .unwrap();
    client
        .delete(format!("{url}/api/v1/logout"))
        .bearer_auth(access)
        .send()
        .await
        .unwrap();

    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("/api/v1/login"), "it was logged at all: {log}");
    for needle in [
        secret,
        PASSWORD,
        "wrong-password-typed",
        "hunter2",
        "margaret",
        "argon2id$",
        access,
        refresh,
        device,
    ] {
        assert!(!log.contains(needle), "{needle} stands in the log: {log}");
    }
}

#[tokio::test]
async fn a_crash_leaves_no_image_of_the_memory() {
    use std::os::unix::process::ExitStatusExt as _;

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_core_dumps(folder.path()).await;
    let ended = server.crash().await;
    assert!(ended.signal().is_some() && !ended.core_dumped(), "{ended}");
}
