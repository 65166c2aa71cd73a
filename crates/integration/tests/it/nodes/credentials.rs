//! The credentials in `MONGO_URI` are told to nobody but the database.

use faulty_network::{Network, Proxy};
use integration::process::{self, Ran};
use reqwest::Method;

use super::{KEYS, Nodes, answered, until};

const USER: &str = "keeper-of-accounts";
const PASSWORD: &str = "hunter2-of-the-database";

/// The address with credentials.
fn with_credentials(uri: &str) -> String {
    scratch_database::with_credentials(uri, USER, PASSWORD)
}

fn assert_tells_nothing(text: &str) {
    for secret in [USER, PASSWORD, "hunter2"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

async fn ran(arguments: &[&str], uri: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        KEYS[0],
        KEYS[1],
        ("MONGO_URI", uri),
        ("PORTCULLIS_LISTEN", "127.0.0.1:0"),
        ("PORTCULLIS_LOG", "trace"),
    ];
    let ran = process::run(folder.path(), arguments, &env, "").await;
    assert!(!format!("{ran:?}").contains(PASSWORD), "{ran:?}");
    if arguments == ["serve"] {
        assert_tells_nothing(&format!("{ran:?}"));
    }
    ran
}

#[tokio::test]
async fn a_start_that_fails_tells_no_credentials() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let unreachable = with_credentials(&format!("mongodb://{address}/accounts"));
    let ran_in_vain = ran(&["serve"], &unreachable).await;
    assert_eq!(ran_in_vain.code, Some(1), "{ran_in_vain:?}");
    assert!(ran_in_vain.stderr.contains("MONGO_URI"), "{ran_in_vain:?}");

    for malformed in [
        format!("mongodb://{USER}:{PASSWORD}/x@{address}/accounts"),
        format!("mongodb://{USER}:{PASSWORD}@{PASSWORD}@{address}/accounts"),
        format!("postgres://{USER}:{PASSWORD}@{address}/accounts"),
    ] {
        for command in [&["serve"][..], &["config", "check"]] {
            ran(command, &malformed).await;
        }
    }
}

#[tokio::test]
async fn the_settings_are_shown_without_the_password() {
    let uri = with_credentials("mongodb://db.example.org/accounts");
    let shown = ran(&["config", "check"], &uri).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    // Whoever looks at the settings is told who the server is to the database.
    let told = format!("mongodb://{USER}:[redacted]@db.example.org/accounts");
    assert!(shown.stdout.contains(&told), "{shown:?}");
}

#[tokio::test]
async fn a_server_that_refuses_credentials_is_reported_without_them() {
    let Some(nodes) = Nodes::none(&[]).await else {
        return;
    };
    let refused = ran(&["serve"], &with_credentials(&nodes.database.uri)).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("credentials"), "{refused:?}");
}

#[tokio::test]
async fn a_running_server_tells_no_credentials_in_log_or_answer_also_when_the_store_is_gone() {
    let Some(mut nodes) = Nodes::none(&[("PORTCULLIS_LOG", "trace")]).await else {
        return;
    };
    let uri = nodes.database.uri_of(USER, PASSWORD).await;
    let Some(proxy) = Proxy::before(&uri).await else {
        return;
    };
    nodes.join(&proxy.uri).await;
    nodes.until_ready(0).await;
    let mut told = Vec::new();
    for network in [Network::Works, Network::Gone, Network::Works] {
        proxy.set(network);
        until("it notices", async || {
            nodes.is_ready(0).await == (network == Network::Works)
        })
        .await;
        for path in ["/readyz", "/api/v1/me", "/openapi.json"] {
            let answer = answered(nodes.request(0, Method::GET, path)).await;
            told.push(answer);
        }
        let body = serde_json::json!({"username": "x", "password": "y"});
        told.push(nodes.post(0, "/api/v1/login", &body).await);
    }
    let (code, log) = nodes.servers.remove(0).stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("/api/v1/login"), "it was logged at all: {log}");
    assert_tells_nothing(&format!("{told:?}"));
    assert_tells_nothing(&log);
}
