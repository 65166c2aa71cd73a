//! The keys of the binary: made, rotated and published by its commands.

use integration::PASSWORD;
use integration::process::{Server, run};
use serde_json::json;

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
