//! Nothing acknowledged is lost.

use std::path::Path;

use integration::PASSWORD;
use integration::process::Server;
use serde_json::{Value, json};

const NEW: &str = "another long and winding phrase";

/// What a client did, and was told is done.
struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    fn of(server: &Server) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: server.url(),
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    async fn register(&self, name: &str) -> String {
        let body =
            json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
        let (status, user) = self.send("POST", "/register", None, Some(body)).await;
        assert_eq!(status, 201, "{user}");
        user["id"].as_str().unwrap().to_owned()
    }

    async fn login(&self, name: &str, password: &str) -> (u16, Value) {
        self.send(
            "POST",
            "/login",
            None,
            Some(json!({"username": name, "password": password})),
        )
        .await
    }

    async fn signed_in(&self, name: &str) -> (String, String) {
        let (status, tokens) = self.login(name, PASSWORD).await;
        assert_eq!(status, 200, "{tokens}");
        let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }
}

/// Kills the server at once, and starts another on the same folder.
async fn killed_and_restarted(server: Server, folder: &Path) -> (Server, Client) {
    server.kill().await;
    let server = Server::start(folder, &[]).await;
    let client = Client::of(&server);
    (server, client)
}

#[tokio::test]
async fn every_acknowledged_change_survives_a_kill_right_after_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let client = Client::of(&server);

    let id = client.register("alice").await;
    let (server, client) = killed_and_restarted(server, folder.path()).await;
    let (access, refresh) = client.signed_in("alice").await;

    let (server, client) = killed_and_restarted(server, folder.path()).await;
    let (status, _) = client.send("POST", "/refresh", Some(&refresh), None).await;
    assert_eq!(status, 200, "the session that a login opened is there");
    let (status, _) = client.send("DELETE", "/logout", Some(&access), None).await;
    assert_eq!(status, 200);

    let (server, client) = killed_and_restarted(server, folder.path()).await;
    let (status, problem) = client.send("GET", "/me", Some(&access), None).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("revoked_token"))
    );
    let (status, _) = client.send("POST", "/refresh", Some(&refresh), None).await;
    assert_eq!(status, 401);
    let (here, _) = client.signed_in("alice").await;
    let (there, _) = client.signed_in("alice").await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    let (status, _) = client
        .send("PUT", "/me/password", Some(&here), Some(body))
        .await;
    assert_eq!(status, 200);

    let (server, client) = killed_and_restarted(server, folder.path()).await;
    assert_eq!(client.login("alice", PASSWORD).await.0, 401);
    assert_eq!(client.send("GET", "/me", Some(&there), None).await.0, 401);
    assert_eq!(client.send("GET", "/me", Some(&here), None).await.0, 200);
    let (status, tokens) = client.login("alice", NEW).await;
    assert_eq!(status, 200);
    let fresh = tokens["access_token"].as_str().unwrap();
    let (status, _) = client
        .send("DELETE", &format!("/users/{id}"), Some(fresh), None)
        .await;
    assert_eq!(status, 204);

    let (server, client) = killed_and_restarted(server, folder.path()).await;
    assert_eq!(client.login("alice", NEW).await.0, 401);
    assert_eq!(client.send("GET", "/me", Some(fresh), None).await.0, 401);
    assert_eq!(client.send("GET", "/me", Some(&here), None).await.0, 401);
    server.kill().await;
}

/// A kill alone doesn't tell: the kernel would still write what a killed process left to it. So the
/// order of system calls is looked at: between the arrival of each request and its answer, the log of
/// the database was synced after it was last written.
#[tokio::test]
async fn the_data_is_synced_before_the_answer_goes_out() {
    if !std::process::Command::new("strace")
        .arg("-V")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        assert!(
            std::env::var_os("CI").is_none(),
            "strace is missing: scripts/test installs it"
        );
        eprintln!("SKIPPED the_data_is_synced_before_the_answer_goes_out: strace is missing");
        return;
    }
    // A sign-in doesn't wait for its event, which would be another write.
    let trace = traced("0").await;
    for request in [
        "POST /api/v1/register",
        "POST /api/v1/login",
        "DELETE /api/v1/logout",
        "POST /api/v1/refresh",
        "PUT /api/v1/me/password",
        "DELETE /api/v1/users/",
    ] {
        assert_synced_before_answered(&trace, request);
    }
    // Whoever changes something does.
    let trace = traced("90").await;
    for request in ["DELETE /api/v1/logout", "PUT /api/v1/me/password"] {
        assert_synced_before_answered(&trace, request);
    }
}

/// What a server that keeps events for so many days does with its files, while people use it.
async fn traced(days: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("PORTCULLIS_EVENTS_DAYS={days}\n");
    std::fs::write(folder.path().join(".env"), settings).unwrap();
    let trace = folder.path().join("trace");
    let server = Server::start_traced(folder.path(), &trace).await;
    let client = Client::of(&server);

    let id = client.register("alice").await;
    let (first, _) = client.signed_in("alice").await;
    assert_eq!(
        client.send("DELETE", "/logout", Some(&first), None).await.0,
        200
    );
    let (access, refresh) = client.signed_in("alice").await;
    assert_eq!(
        client
            .send("POST", "/refresh", Some(&refresh), None)
            .await
            .0,
        200
    );
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    assert_eq!(
        client
            .send("PUT", "/me/password", Some(&access), Some(body))
            .await
            .0,
        200
    );
    assert_eq!(
        client
            .send("DELETE", &format!("/users/{id}"), Some(&access), None)
            .await
            .0,
        204
    );
    drop(client);
    server.stop_traced().await;

    std::fs::read_to_string(&trace).unwrap()
}

/// Follows the first `request` in a trace: after its arrival the write-ahead log must be written, then
/// synced (the call completed), and only then may the answer be sent.
fn assert_synced_before_answered(trace: &str, request: &str) {
    let mut lines = trace.lines().skip_while(|line| !line.contains(request));
    assert!(lines.next().is_some(), "{request} arrives in the trace");
    let (mut written, mut synced) = (false, false);
    let mut syncing = std::collections::BTreeSet::new();
    for line in lines {
        let thread = line.split_whitespace().next().unwrap_or_default();
        let of_log = line.contains("portcullis.db-wal>");
        if line.contains("HTTP/1.1 2") {
            assert!(written, "{request}: answered, but nothing was written");
            assert!(synced, "{request}: answered before the data was synced");
            return;
        }
        if of_log && line.contains("write") {
            (written, synced) = (true, false);
        } else if of_log && line.contains("sync(") {
            if line.contains("unfinished") {
                syncing.insert(thread.to_owned());
            } else {
                synced = written;
            }
        } else if line.contains("sync resumed") && syncing.remove(thread) {
            synced = written;
        }
    }
    panic!("{request} is never answered in the trace");
}
