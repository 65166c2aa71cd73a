//! The Flask application that is replaced, beside the server on one database and with one key: people and
//! tokens go over from each to the other.

use std::time::Duration;

use futures_util::future::join_all;
use integration::PASSWORD;
use integration::flask::Flask;
use integration::process::Server;
use mongodb::bson::doc;
use reqwest::Method;
use scratch_database::{Database, Servers};
use serde_json::{Value, json};
use tempfile::TempDir;

const KEYS: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
    ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
];

const KEEP_HASHES: (&str, &str) = ("PORTCULLIS_HASH_UPGRADE", "false");
const TAKE_TOKENS: (&str, &str) = ("PORTCULLIS_LEGACY_TOKENS_UNTIL", "2100-01-01T00:00:00Z");

const NEW: &str = "another horse battery staple";

/// Long enough for the slowest of machines.
const PATIENCE: Duration = Duration::from_mins(1);

/// An application that answers: the one or the other.
#[derive(Clone)]
struct App {
    client: reqwest::Client,
    /// Where its routes begin.
    base: String,
}

impl App {
    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("it answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Signs somebody up; gives the id.
    async fn sign_up(&self, name: &str) -> String {
        self.sign_up_as(name, &format!("{name}@example.org")).await
    }

    async fn sign_up_as(&self, name: &str, email: &str) -> String {
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        let (status, user) = self.send(Method::POST, "/register", None, body).await;
        assert_eq!(status, 201, "{user}");
        text(&user, "id")
    }

    async fn try_to_sign_in(&self, name: &str, password: &str) -> (u16, Value) {
        let body = json!({"username": name, "password": password});
        self.send(Method::POST, "/login", None, body).await
    }

    /// Signs somebody in; gives the access token and the refresh token.
    async fn sign_in(&self, name: &str, password: &str) -> (String, String) {
        let (status, tokens) = self.try_to_sign_in(name, password).await;
        assert_eq!(status, 200, "{name}: {tokens}");
        (
            text(&tokens, "access_token"),
            text(&tokens, "refresh_token"),
        )
    }

    /// Status, and the account or the code of the problem.
    async fn me(&self, token: &str) -> (u16, Value) {
        self.send(Method::GET, "/me", Some(token), Value::Null)
            .await
    }

    async fn refresh(&self, token: &str) -> (u16, Value) {
        self.send(Method::POST, "/refresh", Some(token), Value::Null)
            .await
    }

    async fn log_out(&self, token: &str) -> (u16, Value) {
        self.send(Method::DELETE, "/logout", Some(token), Value::Null)
            .await
    }
}

/// The Flask application, and a database that it shares.
struct Beside {
    flask: App,
    client: reqwest::Client,
    folder: TempDir,
    database: Database,
    _process: Flask,
}

impl Beside {
    /// Nothing where there is no server for the database, or no Flask.
    async fn flask() -> Option<Self> {
        let database = Database::fresh(Servers::Alone).await?;
        let process = Flask::start(&database, &KEYS).await?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        let client = client.unwrap();
        Some(Self {
            flask: App {
                client: client.clone(),
                base: process.url.clone(),
            },
            client,
            folder: tempfile::tempdir().unwrap(),
            database,
            _process: process,
        })
    }

    /// Portcullis on the same database, with the same keys.
    async fn portcullis(&self, settings: &[(&str, &str)]) -> (App, Server) {
        let mut env = KEYS.to_vec();
        env.push(("MONGO_URI", &self.database.uri));
        env.extend_from_slice(settings);
        let server = Server::start(self.folder.path(), &env).await;
        let app = App {
            client: self.client.clone(),
            base: format!("{}/api/v1", server.url()),
        };
        (app, server)
    }

    async fn stored_hash(&self, name: &str) -> String {
        let users = self.database.collection("users");
        let user = users.find_one(doc! { "username": name }).await.unwrap();
        let user = user.expect("the account is there");
        user.get_str("password_hash").unwrap().to_owned()
    }
}

fn text(value: &Value, member: &str) -> String {
    let found = value[member].as_str();
    found
        .unwrap_or_else(|| panic!("no {member} in {value}"))
        .to_owned()
}

#[tokio::test]
async fn twenty_people_of_the_flask_application_sign_in_here_and_their_hashes_are_upgraded() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let names: Vec<String> = (1..=20).map(|n| format!("person{n}")).collect();
    let ids = join_all(names.iter().map(|name| beside.flask.sign_up(name))).await;
    let (portcullis, _server) = beside.portcullis(&[]).await;
    for (name, id) in names.iter().zip(&ids) {
        assert!(
            beside
                .stored_hash(name)
                .await
                .starts_with("scrypt:32768:8:1$")
        );
        let (status, _) = portcullis.try_to_sign_in(name, NEW).await;
        assert_eq!(status, 401, "{name} with a wrong password");
        let (access, _) = portcullis.sign_in(name, PASSWORD).await;
        let (status, me) = portcullis.me(&access).await;
        assert_eq!(
            (status, &me["id"], &me["username"]),
            (200, &json!(id), &json!(name))
        );
        assert!(beside.stored_hash(name).await.starts_with("$argon2id$"));
        portcullis.sign_in(name, PASSWORD).await;
    }
}

#[tokio::test]
async fn someone_who_signs_up_in_flask_while_the_server_runs_signs_in_at_once() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let (portcullis, _server) = beside.portcullis(&[]).await;
    let id = beside.flask.sign_up("alice").await;
    let (access, _) = portcullis.sign_in("alice", PASSWORD).await;
    assert_eq!(portcullis.me(&access).await.1["id"], json!(id));
}

#[tokio::test]
async fn hashes_that_are_kept_go_on_signing_in_on_both_sides() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    beside.flask.sign_up("alice").await;
    let before = beside.stored_hash("alice").await;
    let (portcullis, _server) = beside.portcullis(&[KEEP_HASHES]).await;
    portcullis.sign_in("alice", PASSWORD).await;
    assert_eq!(beside.stored_hash("alice").await, before);
    beside.flask.sign_in("alice", PASSWORD).await;
}

#[tokio::test]
async fn where_hashes_are_kept_someone_who_signed_up_here_signs_in_there() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let (portcullis, _server) = beside.portcullis(&[KEEP_HASHES]).await;
    let id = portcullis.sign_up("alice").await;
    let (there, _) = beside.flask.sign_in("alice", PASSWORD).await;
    assert_eq!(beside.flask.me(&there).await.1["id"], json!(id));
    assert_eq!(beside.flask.try_to_sign_in("alice", NEW).await.0, 401);

    let (here, _) = portcullis.sign_in("alice", PASSWORD).await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let (status, answer) = portcullis
        .send(Method::PUT, "/me/password", Some(&here), body)
        .await;
    assert_eq!(status, 200, "{answer}");
    beside.flask.sign_in("alice", NEW).await;
    assert_eq!(beside.flask.try_to_sign_in("alice", PASSWORD).await.0, 401);
}

#[tokio::test]
async fn a_password_that_is_changed_there_is_the_one_here() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let (portcullis, _server) = beside.portcullis(&[KEEP_HASHES]).await;
    let id = portcullis.sign_up("alice").await;
    let (there, _) = beside.flask.sign_in("alice", PASSWORD).await;
    let body = json!({"username": "alice", "email": "alice@example.org", "password": NEW});
    let path = format!("/users/{id}");
    let (status, answer) = beside
        .flask
        .send(Method::PUT, &path, Some(&there), body)
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(portcullis.try_to_sign_in("alice", PASSWORD).await.0, 401);
    portcullis.sign_in("alice", NEW).await;
}

#[tokio::test]
async fn a_name_that_is_changed_there_is_the_one_here() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let id = beside.flask.sign_up("alice").await;
    let (portcullis, _server) = beside.portcullis(&[KEEP_HASHES]).await;
    let (there, _) = beside.flask.sign_in("alice", PASSWORD).await;
    let body = json!({"username": "alicia", "email": "alice@example.org"});
    let path = format!("/users/{id}");
    let changed = beside.flask.send(Method::PUT, &path, Some(&there), body);
    assert_eq!(changed.await.0, 200);
    assert_eq!(portcullis.try_to_sign_in("alice", PASSWORD).await.0, 401);
    let (here, _) = portcullis.sign_in("alicia", PASSWORD).await;
    assert_eq!(portcullis.me(&here).await.1["id"], json!(id));
}

#[tokio::test]
async fn an_account_that_is_deleted_there_is_gone_here() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let id = beside.flask.sign_up("alice").await;
    let (portcullis, _server) = beside.portcullis(&[KEEP_HASHES]).await;
    let (there, _) = beside.flask.sign_in("alice", PASSWORD).await;
    let (here, refresh) = portcullis.sign_in("alice", PASSWORD).await;
    assert_eq!(portcullis.me(&here).await.0, 200);
    let path = format!("/users/{id}");
    let deleted = beside
        .flask
        .send(Method::DELETE, &path, Some(&there), Value::Null);
    assert_eq!(deleted.await.0, 204);
    assert_eq!(portcullis.try_to_sign_in("alice", PASSWORD).await.0, 401);
    assert_eq!(portcullis.refresh(&refresh).await.0, 401);
    // A row that other software changes is seen within some seconds.
    let refused = async {
        while portcullis.me(&here).await.0 != 401 {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, refused).await;
    in_time.expect("its tokens are refused");
}

#[tokio::test]
async fn an_access_token_of_ours_is_good_there() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let id = beside.flask.sign_up("alice").await;
    let (portcullis, _server) = beside.portcullis(&[]).await;
    let (access, refresh) = portcullis.sign_in("alice", PASSWORD).await;
    let (status, me) = beside.flask.me(&access).await;
    assert_eq!((status, &me["id"]), (200, &json!(id)), "{me}");
    assert_eq!(
        beside.flask.me(&refresh).await.0,
        422,
        "a refresh token reads nothing"
    );
    let (head, signature) = access.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    assert_eq!(
        beside.flask.me(&forged).await.0,
        422,
        "its signature counts there"
    );
}

#[tokio::test]
async fn tokens_that_flask_issued_are_good_here_until_the_date() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let id = beside.flask.sign_up("alice").await;
    let (access, refresh) = beside.flask.sign_in("alice", PASSWORD).await;
    let (portcullis, _server) = beside.portcullis(&[TAKE_TOKENS]).await;
    let (status, me) = portcullis.me(&access).await;
    assert_eq!((status, &me["id"]), (200, &json!(id)), "{me}");

    // A logout ends that token, and the other goes on.
    assert_eq!(portcullis.log_out(&access).await.0, 200);
    let (status, problem) = portcullis.me(&access).await;
    assert_eq!((status, &problem["code"]), (401, &json!("revoked_token")));

    let (status, pair) = portcullis.refresh(&refresh).await;
    assert_eq!(status, 200, "{pair}");
    let (status, me) = portcullis.me(&text(&pair, "access_token")).await;
    assert_eq!((status, &me["id"]), (200, &json!(id)), "{me}");
    assert_eq!(
        portcullis.refresh(&text(&pair, "refresh_token")).await.0,
        200
    );
    let (status, problem) = portcullis.refresh(&refresh).await;
    assert_eq!((status, &problem["code"]), (401, &json!("revoked_token")));
}

#[tokio::test]
async fn tokens_that_flask_issued_are_refused_where_no_date_is_set() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    beside.flask.sign_up("alice").await;
    let (access, refresh) = beside.flask.sign_in("alice", PASSWORD).await;
    let (portcullis, _server) = beside.portcullis(&[]).await;
    for (status, problem) in [
        portcullis.me(&access).await,
        portcullis.refresh(&refresh).await,
        portcullis.log_out(&access).await,
    ] {
        assert_eq!((status, &problem["code"]), (401, &json!("invalid_token")));
    }
    assert_eq!(
        beside.flask.me(&access).await.0,
        200,
        "it is a good one there"
    );
}

#[tokio::test]
async fn a_name_in_two_clashing_forms_is_reported_and_each_is_found_by_its_own() {
    let Some(beside) = Beside::flask().await else {
        return;
    };
    let ids = [
        beside.flask.sign_up_as("alice", "a@example.org").await,
        beside.flask.sign_up_as("Alice", "b@example.org").await,
    ];
    let (portcullis, server) = beside.portcullis(&[]).await;
    let reported = server.said.iter().any(|line| {
        line.contains("share their username") && ids.iter().all(|id| line.contains(id.as_str()))
    });
    assert!(reported, "{:?}", server.said);
    for (name, id) in ["alice", "Alice"].into_iter().zip(&ids) {
        let (access, _) = portcullis.sign_in(name, PASSWORD).await;
        assert_eq!(portcullis.me(&access).await.1["id"], json!(id));
    }
    assert_eq!(portcullis.try_to_sign_in("ALICE", PASSWORD).await.0, 401);
}
