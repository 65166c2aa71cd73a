//! Several servers on one database, which is a replica set: processes of their own, as right together as one alone, also when
//! things go wrong.

mod budgets;
mod changes;
mod clocks;
mod crash;
mod credentials;
mod deadline;
mod defects;
mod enrol;
mod failover;
mod operator;
mod outage;
mod paused;
mod server_errors;
mod versions;

use std::time::Duration;

use faulty_network::{FailPoint, Proxy};
use integration::PASSWORD;
use integration::process::Server;
use reqwest::{Method, RequestBuilder};
use scratch_database::{Database, Servers};
use serde_json::{Value, json};
use tempfile::TempDir;

const KEYS: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
    ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
];

/// Long enough for the slowest of machines; how long it takes is measured elsewhere.
const PATIENCE: Duration = Duration::from_mins(1);

/// Some nodes, and a client that asks whichever it likes.
struct Nodes {
    servers: Vec<Server>,
    settings: Vec<(String, String)>,
    folder: TempDir,
    database: Database,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// Seconds, where the answer says after how many to try again.
    retry_after: Option<String>,
    body: Value,
}

/// Tokens of a session.
struct Tokens {
    access: String,
    refresh: String,
    session: String,
}

impl Nodes {
    /// So many nodes on a database of their own; nothing where there is no server for it.
    async fn start(count: usize, settings: &[(&str, &str)]) -> Option<Self> {
        let mut nodes = Self::none(settings).await?;
        let uri = nodes.database.uri.clone();
        for _ in 0..count {
            nodes.join(&uri).await;
        }
        Some(nodes)
    }

    /// The first node by way of a network that can fail, and so many others that have a better one.
    async fn start_behind(others: usize, settings: &[(&str, &str)]) -> Option<(Self, Proxy)> {
        let mut nodes = Self::none(settings).await?;
        let proxy = nodes.proxy().await?;
        nodes.join(&proxy.uri).await;
        let uri = nodes.database.uri.clone();
        for _ in 0..others {
            nodes.join(&uri).await;
        }
        Some((nodes, proxy))
    }

    /// The first node on a server that fails for it when a test wants it to, and so many others for which it works.
    async fn start_failing(others: usize, settings: &[(&str, &str)]) -> Option<(Self, FailPoint)> {
        let mut nodes = Self::none(settings).await?;
        let Some(failing) = FailPoint::on(&nodes.database.uri).await else {
            scratch_database::aloud("SKIPPED: the server has no fail points");
            return None;
        };
        nodes.join(&failing.uri).await;
        let uri = nodes.database.uri.clone();
        for _ in 0..others {
            nodes.join(&uri).await;
        }
        Some((nodes, failing))
    }

    /// A database on which no node runs yet.
    async fn none(settings: &[(&str, &str)]) -> Option<Self> {
        let database = Database::fresh(Servers::ReplicaSet).await?;
        let issuer = ("JWT_ENCODE_ISSUER", "https://accounts.example.org");
        let settings = KEYS.iter().chain([&issuer]).chain(settings);
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        Some(Self {
            servers: Vec::new(),
            settings: settings
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            folder: tempfile::tempdir().unwrap(),
            database,
            client: client.unwrap(),
        })
    }

    /// A network before the database that can fail; nothing where the server can't be reached by one.
    async fn proxy(&self) -> Option<Proxy> {
        let proxy = Proxy::before(&self.database.uri).await;
        if proxy.is_none() {
            scratch_database::aloud("SKIPPED: no proxy leads to this database");
        }
        proxy
    }

    /// One more node, which reaches the database at `uri`.
    async fn join(&mut self, uri: &str) {
        let settings = self.settings.iter();
        let mut env: Vec<_> = settings.map(|(name, value)| (&**name, &**value)).collect();
        env.push(("MONGO_URI", uri));
        let server = Server::start(self.folder.path(), &env).await;
        self.servers.push(server);
    }

    fn request(&self, node: usize, method: Method, path: &str) -> RequestBuilder {
        let node = &self.servers[node % self.servers.len()];
        self.client.request(method, format!("{}{path}", node.url()))
    }

    /// A request with a token.
    fn signed(&self, node: usize, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.request(node, method, path).bearer_auth(token)
    }

    async fn post(&self, node: usize, path: &str, body: &Value) -> Answer {
        answered(self.request(node, Method::POST, path).json(body)).await
    }

    async fn sign_up(&self, node: usize, name: &str) -> u16 {
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        self.post(node, "/api/v1/register", &body).await.status
    }

    async fn sign_in(&self, node: usize, name: &str) -> Tokens {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = self.post(node, "/api/v1/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let member = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Tokens {
            access: member("access_token"),
            refresh: member("refresh_token"),
            session: member("session_id"),
        }
    }

    async fn me(&self, node: usize, token: &str) -> u16 {
        answered(self.signed(node, Method::GET, "/api/v1/me", token))
            .await
            .status
    }

    async fn refresh(&self, node: usize, token: &str) -> Answer {
        answered(self.signed(node, Method::POST, "/api/v1/refresh", token)).await
    }

    async fn log_out(&self, node: usize, token: &str) -> u16 {
        answered(self.signed(node, Method::DELETE, "/api/v1/logout", token))
            .await
            .status
    }

    async fn change_password(&self, node: usize, token: &str, from: &str, to: &str) -> u16 {
        let body = json!({"current_password": from, "new_password": to});
        let request = self.signed(node, Method::PUT, "/api/v1/me/password", token);
        answered(request.json(&body)).await.status
    }

    async fn is_ready(&self, node: usize) -> bool {
        let request = self.request(node, Method::GET, "/readyz");
        answered(request).await.status == 200
    }

    /// Waits until a node is ready.
    async fn until_ready(&self, node: usize) {
        until("it is ready", async || self.is_ready(node).await).await;
    }

    /// Waits until every node refuses the token.
    async fn until_refused_everywhere(&self, token: &str) {
        for node in 0..self.servers.len() {
            until("every node hears of it", async || {
                self.me(node, token).await == 401
            })
            .await;
        }
    }

    /// Waits until so many documents of a collection meet the filter.
    async fn until_count(&self, collection: &str, filter: mongodb::bson::Document, count: u64) {
        let documents = self.database.collection(collection);
        until("the database has it so", async || {
            documents.count_documents(filter.clone()).await.unwrap() == count
        })
        .await;
    }
}

/// Asks until it is so, for as long as patience lasts.
async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await;
    assert!(in_time.is_ok(), "not in time: {what}");
}

async fn answered(request: RequestBuilder) -> Answer {
    let answer = request.send().await.expect("the node answers");
    let retry_after = answer.headers().get("retry-after");
    Answer {
        status: answer.status().as_u16(),
        retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
        body: answer.json().await.unwrap_or_default(),
    }
}
