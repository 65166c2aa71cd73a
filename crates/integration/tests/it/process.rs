//! The binary: its commands, its start and its end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use integration::process::{Server, run};
use integration::raw::http2;
use integration::{PASSWORD, raw};
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

#[tokio::test]
async fn what_clients_have_a_dependency_warn_of_does_not_fill_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    // The answer to a PING that was never sent.
    let pong = http2::frame(http2::PING, http2::ACK, 0, &[7; 8]);
    for _ in 0..10 {
        let mut connection = http2::Connection::open(server.address).await;
        let request = http2::get(1, "/livez");
        assert!(connection.send(&[pong.repeat(10), request].concat()).await);
        assert!(connection.until(http2::HEADERS).await);
    }
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    let warned = log.matches("recv PING ack that we never sent").count();
    assert!((1..=20).contains(&warned), "ten in each minute: {log}");
    assert!(log.contains("lines of a dependency were left out"), "{log}");
}

/// Has the server log several times what fits into a pipe and into its memory, and gets every answer.
async fn asked_very_often(server: &Server) {
    const OFTEN: usize = 10_000;

    let request = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n".repeat(OFTEN - 1);
    let last = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let requests = request + last;
    let asked = raw::exchange(server.address, requests.as_bytes());
    let answers = tokio::time::timeout(Duration::from_mins(1), asked).await;
    let answers = answers.expect("it answers");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), OFTEN);
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_no_request_and_no_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[("PORTCULLIS_LOG", "trace")]).await;
    asked_very_often(&server).await;
    server.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_mins(1), server.child.wait()).await;
    assert_eq!(ended.expect("it ends").unwrap().code(), Some(0));
}

#[tokio::test]
async fn lines_that_nobody_read_are_counted_and_the_last_ones_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[("PORTCULLIS_LOG", "trace")]).await;
    asked_very_often(&server).await;
    server
        .until_logged("lines were lost: nobody read the log")
        .await;
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0));
    assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
}

/// Reads `NAME=value` lines, where a value in double quotes may have several lines.
fn settings(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once('=') {
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\"\n").unwrap_or((quoted, "")),
            None => value.split_once('\n').unwrap_or((value, "")),
        };
        found.push((name.trim().to_owned(), value.to_owned()));
        rest = after;
    }
    found
}

async fn token(server: &Server, path: &str) -> String {
    let client = reqwest::Client::new();
    let body = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    if path == "register" {
        client
            .post(format!("{}/api/v1/register", server.url()))
            .json(&body)
            .send()
            .await
            .unwrap();
    }
    let body = json!({"username": "alice", "password": PASSWORD});
    let answer = client
        .post(format!("{}/api/v1/login", server.url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    let tokens: serde_json::Value = answer.json().await.unwrap();
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn me(server: &Server, token: &str) -> u16 {
    let request = reqwest::Client::new()
        .get(format!("{}/api/v1/me", server.url()))
        .bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_rotation_of_keys_signs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let other = ("SECRET_KEY", "07ad4e92c6f15b83d9e0a27c54f8b16d3e92c70a");
    let first = run(folder.path(), &["keys", "generate"], &[], "")
        .await
        .stdout;
    let mut env = settings(&first);
    let started = |env: &[(String, String)]| {
        let env: Vec<_> = env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let folder = folder.path().to_owned();
        async move {
            let mut pairs: Vec<_> = env
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            pairs.push(other);
            Server::start(&folder, &pairs).await
        }
    };

    let server = started(&env).await;
    let by_first = token(&server, "register").await;
    server.stop().await;

    let pairs: Vec<_> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([other])
        .collect();
    let rotated = run(folder.path(), &["keys", "rotate"], &pairs, "").await;
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    let list = run(folder.path(), &["keys", "list"], &pairs, "")
        .await
        .stdout;
    assert_eq!(list.lines().count(), 1, "{list}");
    env = settings(&rotated.stdout);
    let server = started(&env).await;
    assert_eq!(
        me(&server, &by_first).await,
        200,
        "a token of the previous key is good"
    );
    let by_second = token(&server, "login").await;
    server.stop().await;

    env.retain(|(name, _)| name == "JWT_SECRET_KEY");
    let server = started(&env).await;
    assert_eq!(
        me(&server, &by_first).await,
        401,
        "the previous key was unset"
    );
    assert_eq!(me(&server, &by_second).await, 200);
    server.stop().await;

    // From a shared secret to a key pair: the secret becomes the previous key.
    let pem = run(
        folder.path(),
        &["keys", "generate", "--algorithm", "EdDSA"],
        &[],
        "",
    )
    .await
    .stdout;
    let secret = env[0].1.clone();
    let env = vec![
        ("JWT_ALGORITHM".to_owned(), "EdDSA".to_owned()),
        ("JWT_PRIVATE_KEY".to_owned(), pem),
        ("JWT_SECRET_KEY_PREVIOUS".to_owned(), secret),
    ];
    let server = started(&env).await;
    assert_eq!(me(&server, &by_second).await, 200);
    let by_pair = token(&server, "login").await;
    assert_eq!(me(&server, &by_pair).await, 200);
    let jwks: serde_json::Value = reqwest::get(format!("{}/.well-known/jwks.json", server.url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        jwks["keys"].as_array().unwrap().len(),
        1,
        "no secret is published: {jwks}"
    );
    assert_eq!(
        (&jwks["keys"][0]["kty"], &jwks["keys"][0]["crv"]),
        (&json!("OKP"), &json!("Ed25519"))
    );
    assert!(jwks["keys"][0].get("d").is_none(), "{jwks}");
    server.stop().await;
}

#[tokio::test]
async fn each_algorithm_signs_and_is_published() {
    for (algorithm, kty) in [("ES256", "EC"), ("RS256", "RSA"), ("HS512", "")] {
        let folder = tempfile::tempdir().unwrap();
        let made = run(
            folder.path(),
            &["keys", "generate", "--algorithm", algorithm],
            &[],
            "",
        )
        .await
        .stdout;
        let key = made
            .trim()
            .strip_prefix("JWT_SECRET_KEY=")
            .unwrap_or(&made)
            .to_owned();
        let name = if kty.is_empty() {
            "JWT_SECRET_KEY"
        } else {
            "JWT_PRIVATE_KEY"
        };
        let server =
            Server::start(folder.path(), &[("JWT_ALGORITHM", algorithm), (name, &key)]).await;
        let token = token(&server, "register").await;
        assert_eq!(me(&server, &token).await, 200, "{algorithm}");
        let jwks: serde_json::Value =
            reqwest::get(format!("{}/.well-known/jwks.json", server.url()))
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
        let published = usize::from(!kty.is_empty());
        assert_eq!(jwks["keys"].as_array().unwrap().len(), published, "{jwks}");
        server.stop().await;
    }
}
