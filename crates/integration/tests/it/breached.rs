//! Passwords that are known from breaches: the list is built by a command, and goes for whatever sets a password.

use std::path::Path;

use integration::process::{Ran, Server, run};
use integration::{PASSWORD, TestApp};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One that nobody would guess, but for the list.
const KNOWN: &str = "Tr0ub4dor&3-and-more";

/// Its SHA-1, and that of nothing.
const LINES: &str = "B3FF8E2DF1695C2B9F1337E03A1769F41A5AB7C2:12\r\n\
    da39a3ee5e6b4b0d3255bfef95601890afd80709:3\n";

async fn build(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let arguments = [&["passwords", "build-list"], arguments].concat();
    run(folder, &arguments, &[], input).await
}

/// A list, and the setting that names it.
async fn list() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let ran = build(folder.path(), &["-", "known.list"], LINES).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stderr, "known.list has 2 passwords\n");
    let path = folder.path().join("known.list").display().to_string();
    (folder, path)
}

#[tokio::test]
async fn no_new_password_is_one_of_the_list() {
    let (_folder, path) = list().await;
    let app = TestApp::with(&[("PORTCULLIS_BREACHED_FILE", &path)]).await;
    let mut body = json!({"username": "bob", "email": "bob@example.org", "password": KNOWN});
    let answer = app.post("/api/v1/register").json(body.clone()).send().await;
    answer.assert_faults(&[("/password", "breached_password")]);
    // Told with the other faults, too.
    body["email"] = json!("nonsense");
    let answer = app.post("/api/v1/register").json(body).send().await;
    answer.assert_faults(&[
        ("/email", "invalid_email"),
        ("/password", "breached_password"),
    ]);

    let alice = app.signed_in("alice").await;
    let body = json!({"current_password": PASSWORD, "new_password": KNOWN});
    let answer = app
        .put("/api/v1/me/password")
        .by(&alice)
        .json(body)
        .send()
        .await;
    answer.assert_faults(&[("/new_password", "breached_password")]);

    let mut browser = app.browser();
    browser.open("/register").await;
    let fields = [
        ("username", "bob"),
        ("email", "bob@example.org"),
        ("password", KNOWN),
    ];
    let answer = browser.submit("/register", &fields).await;
    let said = answer.assert_fault(422, "password");
    assert!(said.contains("known from data breaches"), "{said}");
}

#[tokio::test]
async fn while_the_list_cannot_be_read_no_password_is_set_and_sign_ins_go_on() {
    let (_folder, path) = list().await;
    let app = TestApp::with(&[("PORTCULLIS_BREACHED_FILE", &path)]).await;
    let alice = app.signed_in("alice").await;
    // Cut off under the running server.
    let file = std::fs::OpenOptions::new().write(true).open(&path);
    file.unwrap().set_len(100).unwrap();
    let body = json!({"username": "bob", "email": "bob@example.org", "password": KNOWN});
    let answer = app.post("/api/v1/register").json(body).send().await;
    answer.assert_problem(503, "unavailable");
    let body = json!({"current_password": PASSWORD, "new_password": KNOWN});
    let answer = app
        .put("/api/v1/me/password")
        .by(&alice)
        .json(body)
        .send()
        .await;
    answer.assert_problem(503, "unavailable");
    app.login("alice", PASSWORD).await.assert_ok();
    app.login("bob", KNOWN)
        .await
        .assert_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_list_that_is_none_refuses_the_start() {
    let (folder, path) = list().await;
    let check = async |file: &str| {
        let env = [("PORTCULLIS_BREACHED_FILE", file)];
        let checked = run(folder.path(), &["config", "check"], &env, "").await;
        let served = run(folder.path(), &[], &env, "").await;
        assert_eq!(
            (served.code, &served.stderr),
            (checked.code, &checked.stderr)
        );
        checked
    };
    std::fs::write(folder.path().join("text"), LINES).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(folder.path().join("half"), &bytes[..bytes.len() - 1]).unwrap();
    for (file, told) in [
        ("missing", "can't be read"),
        ("text", "is no list that"),
        ("half", "is not as long as it was made"),
    ] {
        let checked = check(file).await;
        assert_eq!(checked.code, Some(1), "{checked:?}");
        assert!(
            checked.stderr.contains("PORTCULLIS_BREACHED_FILE"),
            "{checked:?}"
        );
        assert!(checked.stderr.contains(told), "{checked:?}");
    }
    let env = [("PORTCULLIS_BREACHED_FILE", "known.list")];
    let checked = run(folder.path(), &["config", "check"], &env, "").await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[tokio::test]
async fn what_is_no_hash_makes_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let input = format!("{LINES}not a hash\n{LINES}nor this\n");
    let ran = build(folder.path(), &["-", "known.list"], &input).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("standard input: line 3 is not"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("nor is one other"), "{ran:?}");
    let ran = build(folder.path(), &["missing", "known.list"], "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let ran = build(
        folder.path(),
        &["-", "known.list", "--min-count", "13"],
        LINES,
    )
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("the list would be empty"), "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(build(folder.path(), &["-"], "").await.code, Some(2));
}

#[tokio::test]
async fn a_link_to_a_new_password_takes_none_of_the_list_and_stays_good() {
    let (folder, path) = list().await;
    let env = [("PORTCULLIS_BREACHED_FILE", &*path)];
    let server = Server::start(folder.path(), &env).await;
    let add = ["user", "add", "bob", "bob@example.org", "--json"];
    let ran = run(folder.path(), &add, &env, "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (_, token) = said["link"]
        .as_str()
        .unwrap()
        .split_once("?token=")
        .unwrap();
    let set = async |password: &str| {
        let body = json!({"token": token, "new_password": password});
        let url = format!("{}/api/v1/password/reset", server.url());
        let answer = reqwest::Client::new()
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap_or_default())
    };
    let (status, refused) = set(KNOWN).await;
    assert_eq!(status, 422, "{refused}");
    assert_eq!(refused["errors"][0]["code"], "breached_password");
    assert_eq!(set(PASSWORD).await.0, 200);
}
