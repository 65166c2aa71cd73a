//! The binary: its commands, its start and its end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use integration::PASSWORD;
use integration::process::{Server, run};
use serde_json::json;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn config_check_prints_every_fault_of_an_env_file() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "JWT_SECRET_KEY=changeme\nPORTCULLIS_LISTN=127.0.0.1:1\nJWT_ACCESS_TOKEN_EXPIRES=soon\n";
    std::fs::write(folder.path().join(".env"), text).unwrap();
    let ran = run(folder.path(), &["config", "check"], &[], "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for told in [
        "JWT_SECRET_KEY",
        "PORTCULLIS_LISTN",
        "PORTCULLIS_LISTEN",
        "JWT_ACCESS_TOKEN_EXPIRES",
    ] {
        assert!(
            ran.stderr.contains(told),
            "{told} is missing: {}",
            ran.stderr
        );
    }
    assert!(!ran.stderr.contains("changeme"), "{}", ran.stderr);
    let serve = run(folder.path(), &[], &[], "").await;
    assert_eq!(
        (serve.code, serve.stderr),
        (Some(1), ran.stderr),
        "serve refuses for the same reasons"
    );
}

#[tokio::test]
async fn config_check_masks_secrets_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "9f2c41d7e8b06a53c1f4e2079bd8a6357e10c4f2";
    let ran = run(
        folder.path(),
        &["config", "check"],
        &[("JWT_SECRET_KEY", secret)],
        "",
    )
    .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("JWT_SECRET_KEY") && !ran.stdout.contains(secret),
        "{}",
        ran.stdout
    );
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn a_flask_env_file_works_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = "FLASK_APP=app.py\nFLASK_ENV=production\nFLASK_DEBUG=0\nSECRET_KEY='5f0c2b7e9d1a4c3f8e6b7a4c11d2f3a0'\nJWT_SECRET_KEY=\"9a8b7c6d5e4f30211203f4e5d6c7b8a9\"\nRATELIMIT_DEFAULT=\"200 per day;20 per hour\"\nJWT_ACCESS_TOKEN_EXPIRES=900\n";
    std::fs::write(folder.path().join(".env"), text).unwrap();
    let ran = run(folder.path(), &["config", "check"], &[], "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let server = Server::start(folder.path(), &[]).await;
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn verify_tells_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let hashed = run(folder.path(), &["hash"], &[], &format!("{PASSWORD}\n")).await;
    assert_eq!(hashed.code, Some(0), "{hashed:?}");
    let hash = hashed.stdout.trim();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    for (hash, password, code) in [
        (hash, PASSWORD, 0),
        (hash, "wrong", 1),
        ("nonsense", PASSWORD, 2),
        (
            "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA",
            PASSWORD,
            2,
        ),
        (
            "pbkdf2:sha256:1000$salt$88b7e31d45a2f9ef6b0a9b5d45a1d8a1a0d5f4b2dc7e8a4b1a6a3f9f4a1b2c3d",
            "x",
            1,
        ),
    ] {
        let ran = run(folder.path(), &["verify", hash], &[], password).await;
        assert_eq!(ran.code, Some(code), "{hash}: {ran:?}");
    }
    assert_eq!(
        run(folder.path(), &["verify"], &[], "").await.code,
        Some(2),
        "wrong use"
    );
    for empty in ["", "\n", "\r\n"] {
        let ran = run(folder.path(), &["hash"], &[], empty).await;
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains("the password is empty"), "{ran:?}");
    }
    assert_eq!(
        run(folder.path(), &["serve", "--nonsense"], &[], "")
            .await
            .code,
        Some(2)
    );
}

#[tokio::test]
async fn help_and_version_teach() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &["--help"], &[], "").await;
    for word in ["serve", "config", "healthcheck", "hash", "verify", "curl"] {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    let version = run(folder.path(), &["--version"], &[], "").await;
    assert!(version.stdout.starts_with("portcullis 0."), "{version:?}");
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let client = reqwest::Client::new();
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    client
        .post(format!("{}/api/v1/register", server.url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    let data = folder.path().join("data");
    assert_eq!(mode(&data), 0o700);
    let mut seen = 0;
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 3, "the database, its log and the secrets");
    server.kill().await;
}

#[tokio::test]
async fn a_second_server_on_one_file_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let second = run(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0"],
        &[],
        "",
    )
    .await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(
        second
            .stderr
            .contains("in use by another portcullis server"),
        "{}",
        second.stderr
    );
    assert_eq!(server.stop().await.0, Some(0));
    let third = Server::start(folder.path(), &[]).await;
    assert_eq!(third.stop().await.0, Some(0), "the lock is free again");
}

#[tokio::test]
async fn secrets_for_development_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let client = reqwest::Client::new();
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    client
        .post(format!("{}/api/v1/register", server.url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    let tokens: serde_json::Value = client
        .post(format!("{}/api/v1/login", server.url()))
        .json(&json!({"username": "alice", "password": PASSWORD}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    server.stop().await;
    let server = Server::start(folder.path(), &[]).await;
    let me = client
        .get(format!("{}/api/v1/me", server.url()))
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 200, "a token of before the restart is good");
    server.stop().await;
}

#[tokio::test]
async fn without_secrets_an_address_that_others_reach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["serve", "--listen", "0.0.0.0:0"], &[], "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("JWT_SECRET_KEY") && ran.stderr.contains("SECRET_KEY"),
        "{}",
        ran.stderr
    );
}

#[tokio::test]
async fn the_health_check_follows_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let listen = server.address.to_string();
    let ran = run(
        folder.path(),
        &["healthcheck", "--listen", &listen],
        &[],
        "",
    )
    .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    server.kill().await;
    let ran = run(
        folder.path(),
        &["healthcheck", "--listen", &listen],
        &[],
        "",
    )
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[tokio::test]
async fn a_request_in_flight_ends_before_the_server_does() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD})
        .to_string();
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    // The request has reached its handler when another, sent later, was answered.
    reqwest::get(format!("{}/livez", server.url()))
        .await
        .unwrap();

    let stopping = tokio::spawn(server.stop());
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (code, log) = stopping.await.unwrap();
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn a_server_that_may_have_few_files_goes_on_answering() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_files(folder.path(), 100).await;
    let said = server.said.join("\n");
    assert!(said.contains("few files may be open"), "{said}");
    let mut held = Vec::new();
    for _ in 0..200 {
        held.push(
            tokio::net::TcpStream::connect(server.address)
                .await
                .unwrap(),
        );
    }
    let answer = reqwest::get(format!("{}/livez", server.url())).await;
    assert_eq!(answer.unwrap().status(), 200);
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(
        log.matches("has its share of connections").count(),
        1,
        "{log}"
    );
}
