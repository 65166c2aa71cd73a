//! Several servers on one database: processes of their own, as right together as one alone.

use std::time::Duration;

use integration::PASSWORD;
use integration::mongo::Database;
use integration::process::{self, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

const KEYS: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
    ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
];

/// Long enough for the slowest of machines; how long it takes is measured elsewhere.
const PATIENCE: Duration = Duration::from_secs(30);

/// Some nodes, and a client that asks whichever it likes.
struct Nodes {
    servers: Vec<Server>,
    folder: TempDir,
    database: Database,
    client: reqwest::Client,
}

impl Nodes {
    /// So many nodes on a database of their own; nothing where there is no server for it.
    async fn start(count: usize, settings: &[(&str, &str)]) -> Option<Self> {
        let database = Database::fresh().await?;
        let folder = tempfile::tempdir().unwrap();
        let mut env = KEYS.to_vec();
        env.push(("MONGO_URI", &database.uri));
        env.push(("JWT_ENCODE_ISSUER", "https://accounts.example.org"));
        env.extend_from_slice(settings);
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(Server::start(folder.path(), &env).await);
        }
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        Some(Self {
            servers,
            folder,
            client: client.unwrap(),
            database,
        })
    }

    fn request(&self, node: usize, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let node = &self.servers[node % self.servers.len()];
        self.client.request(method, format!("{}{path}", node.url()))
    }

    async fn post(&self, node: usize, path: &str, body: &Value) -> (u16, Value) {
        let request = self.request(node, reqwest::Method::POST, path);
        answered(request.json(body)).await
    }

    async fn sign_up(&self, node: usize, name: &str) -> (u16, Value) {
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        self.post(node, "/api/v1/register", &body).await
    }

    /// Access and refresh token.
    async fn sign_in(&self, node: usize, name: &str) -> (String, String) {
        let body = json!({"username": name, "password": PASSWORD});
        let (status, tokens) = self.post(node, "/api/v1/login", &body).await;
        assert_eq!(status, 200, "{tokens}");
        let token = |member: &str| tokens[member].as_str().unwrap().to_owned();
        (token("access_token"), token("refresh_token"))
    }

    async fn me(&self, node: usize, token: &str) -> u16 {
        let request = self.request(node, reqwest::Method::GET, "/api/v1/me");
        answered(request.bearer_auth(token)).await.0
    }

    async fn refresh(&self, node: usize, token: &str) -> (u16, Value) {
        let request = self.request(node, reqwest::Method::POST, "/api/v1/refresh");
        answered(request.bearer_auth(token)).await
    }

    async fn log_out(&self, node: usize, token: &str) {
        let request = self.request(node, reqwest::Method::DELETE, "/api/v1/logout");
        assert_eq!(answered(request.bearer_auth(token)).await.0, 200);
    }

    /// Waits until every node refuses the token.
    async fn until_refused_everywhere(&self, token: &str) {
        let refused = async {
            for node in 0..self.servers.len() {
                while self.me(node, token).await != 401 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, refused).await;
        in_time.expect("every node hears of it");
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the node answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn defect_1_a_token_that_one_node_logged_out_is_good_on_the_other() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    assert_eq!(nodes.sign_up(0, "alice").await.0, 201);
    let (access, refresh) = nodes.sign_in(1, "alice").await;
    for node in 0..3 {
        assert_eq!(nodes.me(node, &access).await, 200);
    }
    nodes.log_out(0, &access).await;
    assert_eq!(
        nodes.me(0, &access).await,
        401,
        "at once on the node that did it"
    );
    // Refreshing reads the store: there is no delay.
    assert_eq!(nodes.refresh(2, &refresh).await.0, 401);
    nodes.until_refused_everywhere(&access).await;
}

#[tokio::test]
async fn defect_1_every_node_admits_the_whole_limit() {
    let settings = [("RATELIMIT_DEFAULT", "200 per day;20 per hour")];
    for strategy in ["fixed-window", "moving-window", "sliding-window-counter"] {
        let settings = [settings[0], ("RATELIMIT_STRATEGY", strategy)];
        let Some(nodes) = Nodes::start(3, &settings).await else {
            return;
        };
        let mut admitted = 0;
        for round in 0..45 {
            let request = nodes.request(round, reqwest::Method::GET, "/api/v1/me");
            match answered(request).await.0 {
                401 => admitted += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(admitted, 20, "{strategy}");
    }
}

#[tokio::test]
async fn defect_1_one_name_is_registered_twice_on_several_nodes() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    let signing_up = (0..50).map(|n| {
        let email = format!("a{n}@example.org");
        let body = json!({"username": "alice", "email": email, "password": PASSWORD});
        let nodes = &nodes;
        async move { nodes.post(n, "/api/v1/register", &body).await }
    });
    let mut made = 0;
    for (status, body) in futures_util::future::join_all(signing_up).await {
        match (status, body["code"].as_str()) {
            (201, _) => made += 1,
            (503, _) => {} // the queue of hashes was full
            (409, code) => assert_eq!(code, Some("username_taken")),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn fifty_uses_of_one_refresh_token_over_three_nodes_get_one_new_pair() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let (_, refresh) = nodes.sign_in(0, "alice").await;
    let using = (0..50).map(|node| nodes.refresh(node, &refresh));
    let answers = futures_util::future::join_all(using).await;
    let (_, first) = &answers[0];
    for (status, answer) in &answers {
        assert_eq!(*status, 200, "{answer}");
        assert_eq!(answer["refresh_token"], first["refresh_token"]);
        assert_eq!(answer["access_token"], first["access_token"]);
    }
}

#[tokio::test]
async fn defect_5_tokens_survive_a_change_of_the_password_on_another_node() {
    let Some(nodes) = Nodes::start(2, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let (thief, stolen) = nodes.sign_in(1, "alice").await;
    let (access, _) = nodes.sign_in(0, "alice").await;
    let body =
        json!({"current_password": PASSWORD, "new_password": "another horse, another staple"});
    let request = nodes.request(0, reqwest::Method::PUT, "/api/v1/me/password");
    let (status, answer) = answered(request.bearer_auth(&access).json(&body)).await;
    assert_eq!(status, 204, "{answer}");
    assert_eq!(nodes.refresh(1, &stolen).await.0, 401);
    nodes.until_refused_everywhere(&thief).await;
    assert_eq!(
        nodes.me(1, &access).await,
        200,
        "the session that asked lives on"
    );
}

#[tokio::test]
async fn defect_6_a_node_that_starts_later_knows_who_logged_out() {
    let Some(mut nodes) = Nodes::start(2, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let (access, _) = nodes.sign_in(0, "alice").await;
    nodes.servers.remove(1).kill().await;
    nodes.log_out(0, &access).await;
    let env = [
        KEYS[0],
        KEYS[1],
        ("MONGO_URI", &*nodes.database.uri),
        ("JWT_ENCODE_ISSUER", "https://accounts.example.org"),
    ];
    let late = Server::start(nodes.folder.path(), &env).await;
    nodes.servers.push(late);
    assert_eq!(nodes.me(1, &access).await, 401, "before its first answer");
}

#[tokio::test]
async fn defect_8_a_rotated_header_is_a_thousand_clients_on_every_node() {
    let settings = [("RATELIMIT_DEFAULT", "20 per hour")];
    let Some(nodes) = Nodes::start(2, &settings).await else {
        return;
    };
    let mut admitted = 0;
    for round in 0..50 {
        let request = nodes.request(round, reqwest::Method::GET, "/api/v1/me");
        let request = request.header("x-forwarded-for", format!("198.51.100.{round}"));
        admitted += u32::from(answered(request).await.0 == 401);
    }
    assert_eq!(admitted, 20);
}

#[tokio::test]
async fn defect_9_guesses_at_one_account_are_counted_by_each_node_apart() {
    let Some(nodes) = Nodes::start(3, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let guessing = (0..60).map(|n| {
        let body = json!({"username": "alice", "password": format!("guess {n}")});
        let nodes = &nodes;
        async move { nodes.post(n, "/api/v1/login", &body).await }
    });
    let answers = futures_util::future::join_all(guessing).await;
    let checked = answers.iter().filter(|(status, _)| *status == 401).count();
    assert!(checked <= 5, "{checked}");
    let body = json!({"username": "alice", "password": PASSWORD});
    let (status, answer) = nodes.post(1, "/api/v1/login", &body).await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (429, Some("too_many_attempts"))
    );
}

#[tokio::test]
async fn a_node_with_another_key_does_not_start() {
    let Some(nodes) = Nodes::start(1, &[]).await else {
        return;
    };
    for (name, place) in [("JWT_SECRET_KEY", 0), ("SECRET_KEY", 1)] {
        let mut env = vec![KEYS[0], KEYS[1], ("MONGO_URI", &nodes.database.uri)];
        env[place].1 = "99a3f1d8e2b7c6504d1e8f92a6b3c7d05e4f1a28";
        env.push(("PORTCULLIS_LISTEN", "127.0.0.1:0"));
        let ran = process::run(nodes.folder.path(), &["serve"], &env, "").await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("{name} is not the one")),
            "{ran:?}"
        );
    }
}
