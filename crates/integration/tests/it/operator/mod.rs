//! The commands of an operator, beside a running server.

mod mailed;

use std::path::Path;

use integration::process::{Ran, Server, run};
use integration::{Authenticator, PASSWORD};
use model::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a command says that has sent no mail because it can't.
const NOBODY_TOLD: &str = "the owner was not notified: mail is off";

/// Long enough for the slowest of machines.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// A server, and an operator beside it.
struct Machine {
    folder: TempDir,
    server: Server,
    client: reqwest::Client,
}

impl Machine {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), settings).await;
        Self {
            folder,
            server,
            client: reqwest::Client::new(),
        }
    }

    async fn ask(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let request = self
            .client
            .post(format!("{}/api/v1/{path}", self.server.url()));
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let request = match token {
            "" => request,
            token => request.bearer_auth(token),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn sign_up(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        let (status, account) = self.ask("register", "", &body).await;
        assert_eq!(status, 201, "{account}");
        account["id"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self, name: &str, password: &str) -> (u16, Value) {
        let body = json!({"username": name, "password": password});
        self.ask("login", "", &body).await
    }

    /// A pair of tokens.
    async fn tokens(&self, name: &str) -> [String; 2] {
        let (status, answer) = self.sign_in(name, PASSWORD).await;
        assert_eq!(status, 200, "{answer}");
        ["access_token", "refresh_token"].map(|it| answer[it].as_str().unwrap().to_owned())
    }

    async fn refresh(&self, token: &str) -> u16 {
        self.ask("refresh", token, &Value::Null).await.0
    }

    /// Waits until the server refuses a token that it has taken.
    async fn until_refused(&self, token: &str) {
        let url = format!("{}/api/v1/me", self.server.url());
        let wait = async {
            loop {
                let answer = self.client.get(&url).bearer_auth(token).send().await;
                match answer.unwrap().status().as_u16() {
                    200 => tokio::task::yield_now().await,
                    status => return status,
                }
            }
        };
        let status = tokio::time::timeout(PATIENCE, wait).await;
        assert_eq!(status.expect("it is refused in time"), 401);
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        user(self.folder.path(), arguments).await
    }

    /// What a command says in JSON.
    async fn says(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat()).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

async fn user(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["user"], arguments].concat(), &[], "").await
}

#[tokio::test]
async fn a_disabled_account_is_refused_at_once_and_comes_back_without_its_tokens() {
    let machine = Machine::start().await;
    let id = machine.sign_up("alice").await;
    let [access, refresh] = machine.tokens("alice").await;
    let wrong = machine.sign_in("alice", "not this one").await;

    let said = machine.says(&["disable", "alice"]).await;
    assert_eq!(said, json!({"id": id, "disabled": true}));
    machine.until_refused(&access).await;
    assert_eq!(machine.refresh(&refresh).await, 401);
    // As after a wrong password.
    let refused = machine.sign_in("alice", PASSWORD).await;
    assert_eq!(refused.0, 401);
    let but_for_the_request = |(status, mut body): (u16, Value)| {
        body["request_id"] = Value::Null;
        (status, body)
    };
    assert_eq!(but_for_the_request(refused), but_for_the_request(wrong));

    let ran = machine.run(&["enable", &id]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.stdout,
        format!("{id} (alice) is enabled: its owner can sign in\n")
    );
    machine.tokens("alice").await;
    machine.until_refused(&access).await;
    assert_eq!(machine.refresh(&refresh).await, 401);
}

#[tokio::test]
async fn whoever_was_locked_out_by_guesses_is_let_in_at_once() {
    let machine = Machine::start().await;
    machine.sign_up("alice").await;
    for name in ["ALICE", "Alice@Example.org"] {
        for _ in 0..5 {
            assert_eq!(machine.sign_in(name, "not this one").await.0, 401);
        }
    }
    for name in ["alice", "alice@example.org"] {
        assert_eq!(machine.sign_in(name, PASSWORD).await.0, 429);
    }
    let shown = machine.says(&["show", "alice"]).await;
    let budgets = shown["locked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["budget"]);
    assert!(budgets.eq(["username", "email"]), "{shown}");

    let shown = machine.run(&["show", "alice"]).await.stdout;
    assert!(shown.contains("sign-in by user name, until 2"), "{shown}");

    let said = machine.says(&["unlock", "alice"]).await;
    assert_eq!(said["unlocked"], json!(["username", "email"]));
    for name in ["alice", "alice@example.org"] {
        assert_eq!(machine.sign_in(name, PASSWORD).await.0, 200);
    }
    let ran = machine.run(&["unlock", "alice"]).await;
    assert!(
        ran.stdout.ends_with("(alice) had no failed guesses\n"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn the_end_of_all_sessions_leaves_no_token() {
    let machine = Machine::start().await;
    let id = machine.sign_up("alice").await;
    let first = machine.tokens("alice").await;
    let second = machine.tokens("alice").await;
    let shown = machine.says(&["show", "alice@example.org"]).await;
    assert_eq!(shown["sessions"]["count"], 2, "{shown}");

    let said = machine.says(&["end-sessions", &id]).await;
    assert_eq!(said, json!({"id": id, "ended": 2}));
    for [access, refresh] in [first, second] {
        machine.until_refused(&access).await;
        assert_eq!(machine.refresh(&refresh).await, 401);
    }
    let shown = machine.says(&["show", &id]).await;
    assert_eq!(shown["sessions"], json!({"count": 0, "last_used_at": null}));
    machine.tokens("alice").await;
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_name_reserved() {
    let machine = Machine::start().await;
    let id = machine.sign_up("alice").await;
    let [access, _] = machine.tokens("alice").await;
    let ran = machine.run(&["delete", "alice"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("--yes"), "{ran:?}");
    assert_eq!(machine.sign_in("alice", PASSWORD).await.0, 200);

    let ran = machine.run(&["delete", "alice", "--yes", "--json"]).await;
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said, json!({"id": id, "deleted": true}));
    assert!(ran.stderr.contains(NOBODY_TOLD), "{ran:?}");
    machine.until_refused(&access).await;
    assert_eq!(machine.sign_in("alice", PASSWORD).await.0, 401);
    let body = json!({"username": "alice", "email": "a@example.org", "password": PASSWORD});
    let (status, taken) = machine.ask("register", "", &body).await;
    assert_eq!((status, &taken["code"]), (409, &json!("username_taken")));
    let ran = machine.run(&["show", &id]).await;
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""));
    assert!(ran.stderr.contains("no account has this id"), "{ran:?}");
}

#[tokio::test]
async fn who_removes_a_second_factor_reads_that_nobody_is_told_where_mail_is_off() {
    let machine = Machine::start().await;
    machine.sign_up("alice").await;
    let [access, _] = machine.tokens("alice").await;
    let (_, begun) = machine.ask("me/factors/totp", &access, &Value::Null).await;
    let app = Authenticator::with(begun["secret"].as_str().unwrap());
    let body = json!({"code": app.shows_at(SystemClock.now().as_seconds())});
    let confirmed = machine.ask("me/factors/totp/confirm", &access, &body).await;
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    let without = machine.says(&["list", "--no-factor"]).await;
    assert_eq!(without["items"], json!([]));
    let shown = machine.says(&["show", "alice"]).await;
    assert_eq!(shown["second_factor"], true);
    let ran = machine.run(&["remove-factor", "alice"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(NOBODY_TOLD), "{ran:?}");
    let without = machine.says(&["list", "--no-factor"]).await;
    assert_eq!(without["items"][0]["second_factor"], false);
    let again = machine.run(&["remove-factor", "alice"]).await;
    assert!(!again.stderr.contains(NOBODY_TOLD), "{again:?}");
    let seen = machine.run(&["show", "alice"]).await;
    assert!(!seen.stderr.contains(NOBODY_TOLD), "{seen:?}");
}

#[tokio::test]
async fn accounts_are_listed_for_people_and_for_programs() {
    let machine = Machine::start().await;
    let alice = machine.sign_up("alice").await;
    let bob = machine.sign_up("bob").await;
    machine.run(&["disable", "bob"]).await;

    let said = machine.says(&["list", "--limit", "1"]).await;
    assert_eq!(said["items"][0]["id"], *alice);
    let next = said["next_cursor"].as_str().unwrap();
    let said = machine
        .says(&["list", "--limit", "1", "--after", next])
        .await;
    assert_eq!(said["items"][0]["id"], *bob);
    let said = machine.says(&["list", "--disabled"]).await;
    assert_eq!(said["items"].as_array().unwrap().len(), 1);
    let item = &said["items"][0];
    assert_eq!(item["username"], "bob");
    assert!(
        item["created_at"].as_str().unwrap().ends_with('Z'),
        "{item}"
    );
    assert!(said["next_cursor"].is_null());

    let ran = machine.run(&["list", "--prefix", "AL"]).await;
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    assert!(
        lines[0].starts_with("ID ") && lines[1].starts_with(&alice),
        "{ran:?}"
    );
    assert!(
        lines[1].contains("alice@example.org  unverified"),
        "{ran:?}"
    );

    let shown = machine.run(&["show", "bob"]).await.stdout;
    assert!(shown.contains("disabled       yes\n"), "{shown}");
    assert!(shown.contains("password       argon2id:"), "{shown}");
    assert!(!shown.contains("$argon2id$"), "{shown}");
    let json = machine.says(&["show", "bob"]).await.to_string();
    assert!(!json.contains("$argon2id$"), "{json}");
    let wrong = machine.run(&["list", "--limit", "1001"]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[tokio::test]
async fn what_an_operator_does_is_an_event() {
    let machine = Machine::start().await;
    let id = machine.sign_up("alice").await;
    machine.sign_in("alice", "not this one").await;
    let arguments = [
        (&["disable", "alice"][..], "disabling"),
        (&["enable", "alice"], "enabling"),
        (&["enable", "alice"], ""), // nothing was done
        (&["unlock", "alice"], "unlocking"),
        (&["unlock", "alice"], ""),
        (&["end-sessions", "alice"], "sessions_end"),
        (&["delete", "alice", "--yes"], "deletion"),
    ];
    for (arguments, event) in arguments {
        let ran = machine.run(arguments).await;
        if event.is_empty() {
            assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
            continue;
        }
        let line = ran.stderr.lines().next().unwrap(); // a remark may follow
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["target"], "account::events");
        assert_eq!(
            (&line["event"], &line["by"]),
            (&json!(event), &json!("operator"))
        );
        assert_eq!(
            (&line["outcome"], &line["account"]),
            (&json!("done"), &json!(id))
        );
        assert!(!ran.stderr.contains("alice"), "{ran:?}");
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_reported_and_can_be_deleted() {
    let machine = Machine::start().await;
    let id = machine.sign_up("alice").await;
    machine.sign_up("bob").await;
    let file = rusqlite::Connection::open(machine.folder.path().join("data/portcullis.db"));
    let changed = file
        .unwrap()
        .execute("UPDATE users SET keep = '?' WHERE id = ?1", [&id]);
    assert_eq!(changed.unwrap(), 1);
    let listed = machine.says(&["list"]).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["unreadable"][0]["id"], *id);
    let refused = machine.run(&["show", "alice"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("can't be read"), "{refused:?}");
    machine.says(&["delete", "alice", "--yes"]).await;
    let listed = machine.says(&["list"]).await;
    assert_eq!(listed["unreadable"], json!([]));
}

#[tokio::test]
async fn where_no_server_ever_ran_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = [
        ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
        ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
    ];
    for env in [&secrets[..], &secrets[..1], &[]] {
        let ran = run(folder.path(), &["user", "list"], env, "").await;
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{ran:?}");
        assert!(ran.stderr.contains("no server has run"), "{ran:?}");
    }
    let added = user(folder.path(), &["add", "bob", "bob@example.org"]).await;
    assert!(
        added
            .stderr
            .contains("start the server once, then add accounts"),
        "{added:?}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let elsewhere = user(folder.path(), &["show", "alice", "--data-dir", "there"]).await;
    assert_eq!(elsewhere.code, Some(1));
    assert!(!folder.path().join("there").exists());
}

/// What the one-time link that a command prints carries. It begins with the public address of the settings.
fn token_of(said: &Value) -> String {
    let (page, token) = said["link"]
        .as_str()
        .unwrap()
        .split_once("?token=")
        .unwrap();
    assert_eq!(page, "http://127.0.0.1:8080/reset");
    token.to_owned()
}

#[tokio::test]
async fn whoever_is_invited_or_has_lost_the_password_sets_one_by_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let closed = [("PORTCULLIS_REGISTRATION", "closed")];
    let server = Server::start(folder.path(), &closed).await;
    let machine = Machine {
        folder,
        server,
        client: reqwest::Client::new(),
    };
    let stranger = json!({"username": "carol", "email": "c@example.org", "password": PASSWORD});
    assert_eq!(machine.ask("register", "", &stranger).await.0, 403);

    let said = machine.says(&["add", "bob", "bob@example.org"]).await;
    let token = token_of(&said);
    let listed = machine.run(&["list", "--limit", "1"]).await;
    assert_eq!(listed.stderr, "", "there is one account, and no more");
    let listed = listed.stdout;
    assert!(
        listed.contains("bob@example.org  unverified, invited"),
        "{listed}"
    );
    let shown = machine.run(&["show", "bob"]).await.stdout;
    assert!(shown.contains("not chosen yet (invited)\n"), "{shown}");
    assert_eq!(machine.says(&["show", "bob"]).await["invited"], true);
    let set = |token: &str, new: &str| {
        let body = json!({"token": token, "new_password": new});
        let machine = &machine;
        async move { machine.ask("password/reset", "", &body).await }
    };
    let (status, answer) = set(&token, "password").await;
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("validation_failed"))
    );
    assert_eq!(set(&token, PASSWORD).await.0, 200);
    assert_eq!(machine.says(&["show", "bob"]).await["invited"], false);
    let (status, answer) = set(&token, PASSWORD).await;
    assert_eq!((status, &answer["code"]), (400, &json!("invalid_link")));
    let [access, _] = machine.tokens("bob").await;

    let said = machine.says(&["reset-password", "bob"]).await;
    let token = token_of(&said);
    let new = "wT4$nB9!zR2q";
    assert_eq!(set(&token, new).await.0, 200);
    machine.until_refused(&access).await;
    assert_eq!(machine.sign_in("bob", PASSWORD).await.0, 401);
    assert_eq!(machine.sign_in("bob", new).await.0, 200);
}
