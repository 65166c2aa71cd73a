//! Replacing `SECRET_KEY` where people have a second factor.

use integration::process::Server;
use integration::{Answer, Authenticator, PASSWORD, TestApp, every_backend};
use serde_json::{Value, json};

const NEW: (&str, &str) = (
    "SECRET_KEY",
    "the-next-key-of-the-tests-0123456789-abcdefghi",
);
const BEFORE: (&str, &str) = ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET);
const UNSET: (&str, &str) = ("SECRET_KEY_PREVIOUS", "");

/// Alice's app and her recovery codes, and the server after its key was replaced.
async fn rotated(app: TestApp) -> (TestApp, Authenticator, Vec<String>) {
    let alice = app.signed_in("alice").await;
    let (authenticator, codes) = app.enrols(&alice).await;
    let app = app.restart_with(&[NEW, BEFORE]).await;
    (app, authenticator, codes)
}

async fn answered(app: &TestApp, by: &str, code: &str) -> Answer {
    let asked = app.login("alice", PASSWORD).await;
    let asked = asked.assert_problem(401, "factor_required");
    let body = json!({"challenge": asked["challenge"], by: code});
    app.post("/api/v1/login/factor").json(body).send().await
}

/// What the command says, and its exit code.
async fn reencrypt(app: &TestApp, flags: &[&str]) -> (Option<i32>, Value) {
    let ran = app
        .command(&[&["keys", "reencrypt", "--json"], flags].concat())
        .await;
    let said = serde_json::from_str(&ran.stdout);
    (
        ran.code,
        said.unwrap_or_else(|error| panic!("{error}: {ran:?}")),
    )
}

fn counts(anew: u64, present: u64, unreadable: u64) -> Value {
    json!({"reencrypted": anew, "present": present, "unreadable": unreadable})
}

every_backend! {
    async fn a_factor_outlives_the_key_that_it_was_encrypted_with(app: TestApp) {
        let (app, authenticator, _) = rotated(app).await;
        answered(&app, "totp", &authenticator.shows(&app)).await.assert_ok();

        let (code, said) = reencrypt(&app, &["--dry-run"]).await;
        assert_eq!((code, &said["second_factors"]), (Some(0), &counts(1, 0, 0)));
        assert_eq!(said["secret_key_previous"]["may_be_unset"], false);
        let (code, said) = reencrypt(&app, &[]).await;
        assert_eq!((code, &said["second_factors"]), (Some(0), &counts(1, 0, 0)));
        // Once more changes nothing.
        let (code, said) = reencrypt(&app, &[]).await;
        assert_eq!((code, &said["second_factors"]), (Some(0), &counts(0, 1, 0)));
        let previous = &said["secret_key_previous"];
        assert_eq!(previous["set"], true);
        assert_eq!(previous["needed_for"][0]["for"], "codes");
        assert_eq!(previous["needed_until"], previous["needed_for"][0]["until"]);

        app.advance(30);
        answered(&app, "totp", &authenticator.shows(&app)).await.assert_ok();
        let app = app.restart_with(&[UNSET]).await;
        app.advance(30);
        answered(&app, "totp", &authenticator.shows(&app)).await.assert_ok();
        let ran = app.command(&["keys", "reencrypt"]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.ends_with("SECRET_KEY_PREVIOUS is not set.\n"), "{ran:?}");
    }

    async fn names_that_were_let_go_of_keep_the_key_before_in_use(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        let rename = json!({"username": "alicia"});
        app.patch(&path).by(&alice).json(rename).send().await.assert_ok();
        let app = app.restart_with(&[NEW, BEFORE]).await;
        let (code, said) = reencrypt(&app, &[]).await;
        assert_eq!((code, &said["second_factors"]), (Some(0), &counts(0, 0, 0)));
        let previous = &said["secret_key_previous"];
        let last = previous["needed_for"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["for"], &last["until"]), (&json!("reserved_names"), &previous["needed_until"]));
        // The bound is counted from the first time.
        let (_, again) = reencrypt(&app, &[]).await;
        assert_eq!(again["secret_key_previous"], *previous);
    }

    async fn without_its_key_a_factor_lets_nobody_in(app: TestApp) {
        let (app, authenticator, codes) = rotated(app).await;
        let app = app.restart_with(&[UNSET]).await;
        for _ in 0..6 {
            let refused = answered(&app, "totp", &authenticator.shows(&app)).await;
            refused.assert_problem(503, "unavailable");
            assert_eq!(refused.header("retry-after"), Some("60"), "an operator has to see to it");
        }
        let ran = app.command(&["keys", "reencrypt"]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stdout.contains("1 unreadable\nunreadable: "), "{ran:?}");
        // Recovery codes need no key.
        answered(&app, "recovery_code", &codes[0]).await.assert_ok();
        let app = app.restart_with(&[BEFORE]).await;
        answered(&app, "totp", &authenticator.shows(&app)).await.assert_ok();
    }

    async fn without_its_key_an_enrolment_is_begun_again(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let begin = async |app: &TestApp| app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        let begun = begin(&app).await.assert_status(201).json();
        let app = app.restart_with(&[NEW, BEFORE]).await;
        let app = app.restart_with(&[UNSET]).await;
        let code = Authenticator::with(begun["secret"].as_str().unwrap()).shows(&app);
        let confirming = app.post("/api/v1/me/factors/totp/confirm").by(&alice);
        let confirmed = confirming.json(json!({"code": code})).send().await;
        confirmed.assert_problem(404, "not_found");
        begin(&app).await.assert_status(201);
    }
}

#[tokio::test]
async fn the_log_names_the_account_whose_factor_can_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let jwt = ("JWT_SECRET_KEY", TestApp::SECRET);
    let server = Server::start(folder.path(), &[jwt, ("SECRET_KEY", TestApp::OTHER_SECRET)]).await;
    let client = reqwest::Client::new();
    let post = async |server: &Server, path: &str, token: &str, body: &Value| {
        let request = client.post(format!("{}/api/v1{path}", server.url()));
        let answer = request.bearer_auth(token).json(body).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let account = json!({"username": "alice", "email": "alice@example.org", "password": PASSWORD});
    let (_, made) = post(&server, "/register", "", &account).await;
    let login = json!({"username": "alice", "password": PASSWORD});
    let (_, tokens) = post(&server, "/login", "", &login).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (_, begun) = post(&server, "/me/factors/totp", token, &json!({})).await;
    let app = Authenticator::with(begun["secret"].as_str().unwrap());
    let code = || {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        json!({ "code": app.shows_at(now.as_secs()) })
    };
    let (status, _) = post(&server, "/me/factors/totp/confirm", token, &code()).await;
    assert_eq!(status, 200);
    server.stop().await;

    let server = Server::start(folder.path(), &[jwt, NEW]).await;
    let (_, asked) = post(&server, "/login", "", &login).await;
    let body = json!({"challenge": asked["challenge"], "totp": code()["code"]});
    let (status, _) = post(&server, "/login/factor", "", &body).await;
    assert_eq!(status, 503);
    let (_, log) = server.stop().await;
    let id = made["id"].as_str().unwrap();
    let mut lines = log.lines();
    let line = lines.find(|line| line.contains("a second factor can't be read"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains(id) && line.contains("SECRET_KEY_PREVIOUS"),
        "{line}"
    );
}
