//! After a leak of the keys: servers on one database, which knows the keys that they have.

use integration::PASSWORD;
use integration::process::{Server, run};
use scratch_database::{Database, Servers};
use serde_json::{Value, json};

const LEAKED: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
    ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
];

const NEW: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "90fe365c85d2b2471e9c6a0d3f5be8729cd06a1f"),
    ("SECRET_KEY", "03ce2bb86f1542d27c5e90b1f84a3663e0c8f7a9"),
];

async fn me(server: &Server, token: &str) -> u16 {
    let request = reqwest::Client::new().get(format!("{}/api/v1/me", server.url()));
    let answer = request.bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}

async fn signed_up(server: &Server) -> String {
    let post = async |path: &str, body: Value| {
        let request = reqwest::Client::new().post(format!("{}{path}", server.url()));
        let answer = request.json(&body).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let account = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    post("/api/v1/register", account).await;
    let login = json!({"username": "alice", "password": PASSWORD});
    let tokens = post("/api/v1/login", login).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_leaked_key_is_replaced_and_good_for_nothing_from_then_on() {
    let Some(database) = Database::fresh(Servers::Alone).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let with = |keys: [(&'static str, &'static str); 2]| {
        let mut env = keys.to_vec();
        env.push(("MONGO_URI", database.uri.as_str()));
        env.push(("PORTCULLIS_LISTEN", "127.0.0.1:0"));
        env.push(("JWT_ENCODE_ISSUER", "https://accounts.example.org"));
        env
    };
    let mut server = Server::start(folder.path(), &with(LEAKED)).await;
    let token = signed_up(&server).await;
    assert_eq!(me(&server, &token).await, 200);
    server.child.kill().await.unwrap();

    let refused = run(folder.path(), &["serve"], &with(NEW), "").await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("portcullis keys replace"),
        "{refused:?}"
    );
    let replace = ["keys", "replace"];
    let unsure = run(folder.path(), &replace, &with(NEW), "").await;
    assert_eq!(unsure.code, Some(1));
    assert!(unsure.stderr.contains("--yes"), "{unsure:?}");
    let still = run(folder.path(), &["serve"], &with(NEW), "").await;
    assert_eq!(still.code, Some(1));

    let replaced = run(folder.path(), &["keys", "replace", "--yes"], &with(NEW), "").await;
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    let server = Server::start(folder.path(), &with(NEW)).await;
    assert_eq!(me(&server, &token).await, 401);
    let thief = run(folder.path(), &["serve"], &with(LEAKED), "").await;
    assert_eq!(thief.code, Some(1), "{thief:?}");
}
