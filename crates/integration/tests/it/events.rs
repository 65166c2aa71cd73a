//! What happened to accounts stands in the log: once, with the id of the request, and without anything that
//! tells who somebody is.

use std::collections::BTreeMap;
use std::path::Path;

use integration::PASSWORD;
use integration::browser::{between, encoded};
use integration::process::Server;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "staple the horse to a battery";

/// A server, and what was asked of it.
struct Play {
    server: Server,
    client: reqwest::Client,
    /// The ids of the requests that are to stand in the log, in their order.
    asked: Vec<String>,
}

impl Play {
    async fn begin(folder: &Path) -> Self {
        Self::begin_with(folder, &[]).await
    }

    async fn begin_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self {
            server: Server::start(folder, settings).await,
            client: reqwest::Client::new(),
            asked: Vec::new(),
        }
    }

    async fn ask(&mut self, method: Method, path: &str, token: &str, body: Value) -> Value {
        let response = self.send(method, path, token, body).await;
        let id = response.headers()["x-request-id"].to_str().unwrap();
        self.asked.push(id.to_owned());
        response.json().await.unwrap_or_default()
    }

    /// Asks for what no event comes of.
    async fn send(&self, method: Method, path: &str, token: &str, body: Value) -> Response {
        let url = format!("{}/api/v1/{path}", self.server.url());
        let request = self.client.request(method, url);
        let request = match &body {
            Value::Null => request,
            body => request.json(body),
        };
        let request = match token {
            "" => request,
            token => request.bearer_auth(token),
        };
        request.send().await.unwrap()
    }

    async fn sign_in(&mut self, username: &str, password: &str) -> Value {
        let body = json!({"username": username, "password": password});
        self.ask(Method::POST, "login", "", body).await
    }

    /// Stops the server, and gives the lines of events.
    async fn end(self) -> (Vec<String>, Vec<Value>, String) {
        let (code, log) = self.server.stop().await;
        assert_eq!(code, Some(0), "{log}");
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        let events = lines.filter(|line: &Value| line["target"] == account::EVENTS_TARGET);
        (self.asked, events.collect(), log)
    }
}

fn person(name: &str, password: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.org"), "password": password})
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

/// A browser that keeps cookies and sends forms.
struct Pages {
    origin: String,
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Pages {
    fn of(play: &Play) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            origin: play.server.url(),
            client: client.build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens `page`, sends a form that stands on it to `path`, and gives the id of that.
    async fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let page = self.send(Method::GET, page, Vec::new()).await;
        let page = page.text().await.unwrap();
        let token = between(&page, "name=\"csrf_token\" value=\"", "\"").unwrap();
        let fields = [&[("csrf_token", &*token)], fields].concat();
        let answer = self.send(Method::POST, path, encoded(&fields)).await;
        answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    }

    async fn send(&mut self, method: Method, path: &str, body: Vec<u8>) -> Response {
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .client
            .request(method, format!("{}{path}", self.origin));
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("cookie", cookies.join("; "));
        let answer = request.body(body).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (cookie, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// The line of the log that says what became of the request `id`.
#[track_caller]
fn line_of(log: &str, id: &str) -> Value {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut lines =
        lines.filter(|line: &Value| line["request_id"] == *id && line["status"].is_u64());
    lines
        .next()
        .unwrap_or_else(|| panic!("no line of {id}: {log}"))
}

/// What was done by one person.
struct Life {
    id: String,
    /// The session that ended when its token was replayed.
    replayed: String,
    /// What no log may hold.
    tokens: Vec<String>,
}

/// Signs up and in, as people do, and as thieves do.
async fn come(play: &mut Play) -> Life {
    let post = Method::POST;
    let margaret = person("margaret", PASSWORD);
    let account = play
        .ask(post.clone(), "register", "", margaret.clone())
        .await;
    play.ask(post.clone(), "register", "", margaret).await;
    let weak = person("grace", "password1");
    play.ask(post.clone(), "register", "", weak).await;
    play.sign_in("nobody", PASSWORD).await;
    play.sign_in("margaret", "not this one").await;
    let here = play.sign_in("margaret", PASSWORD).await;
    let there = play.sign_in("margaret", PASSWORD).await;

    // Refreshing is no event; a token that comes again is.
    let spent = text(&there, "refresh_token");
    let renewed = play.send(post.clone(), "refresh", spent, Value::Null).await;
    let renewed: Value = renewed.json().await.unwrap();
    let next = text(&renewed, "refresh_token");
    play.send(post.clone(), "refresh", next, Value::Null).await;
    play.ask(post, "refresh", spent, Value::Null).await;
    let tokens = [text(&here, "access_token"), spent, next];
    Life {
        id: text(&account, "id").to_owned(),
        replayed: text(&there, "session_id").to_owned(),
        tokens: tokens.map(str::to_owned).to_vec(),
    }
}

/// Changes what there is, and goes.
async fn change_and_go(play: &mut Play, life: &Life) {
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let mine = &*life.tokens[0];
    for password in ["not this one", PASSWORD] {
        let password = json!({ "password": password });
        play.ask(post.clone(), "me/reauthenticate", mine, password)
            .await;
    }
    let path = format!("users/{}", life.id);
    let renamed = json!({"username": "meg", "email": "margaret@example.org"});
    play.ask(put.clone(), &path, mine, renamed).await;
    play.ask(Method::GET, "me/export", mine, Value::Null).await;
    for new in ["password1", NEW_PASSWORD] {
        let change = json!({"current_password": PASSWORD, "new_password": new});
        play.ask(put.clone(), "me/password", mine, change).await;
    }
    let other = play.sign_in("meg", NEW_PASSWORD).await;
    let end = format!("sessions/{}", text(&other, "session_id"));
    play.ask(delete.clone(), &end, mine, Value::Null).await;
    play.ask(delete.clone(), "sessions", mine, Value::Null)
        .await;
    let last = play.sign_in("meg", NEW_PASSWORD).await;
    let token = text(&last, "access_token");
    play.ask(delete.clone(), "logout", token, Value::Null).await;
    // A session that has ended ends no more.
    play.send(delete.clone(), "logout", token, Value::Null)
        .await;
    play.ask(delete, &path, mine, Value::Null).await;
}

const EXPECTED: [(&str, &str, &str); 20] = [
    ("registration", "done", "-"),
    ("registration", "refused", "username_taken"),
    ("registration", "refused", "unacceptable_password"),
    ("sign_in", "refused", "unknown_account"),
    ("sign_in", "refused", "wrong_password"),
    ("sign_in", "done", "-"),
    ("sign_in", "done", "-"),
    ("refresh", "refused", "replayed"),
    ("reauthentication", "refused", "wrong_password"),
    ("reauthentication", "done", "-"),
    ("profile_change", "done", "-"),
    ("export", "done", "-"),
    ("password_change", "refused", "unacceptable_password"),
    ("password_change", "done", "-"),
    ("sign_in", "done", "-"),
    ("session_end", "done", "-"),
    ("other_sessions_end", "done", "-"),
    ("sign_in", "done", "-"),
    ("sign_out", "done", "-"),
    ("deletion", "done", "-"),
];

#[tokio::test]
async fn everything_that_happens_to_an_account_is_an_event_of_its_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::begin(folder.path()).await;
    let life = come(&mut play).await;
    change_and_go(&mut play, &life).await;

    let (asked, events, log) = play.end().await;
    let columns = ["event", "outcome", "reason"];
    let told = events
        .iter()
        .map(|event| columns.map(|name| text(event, name)));
    let expected = EXPECTED.map(|(event, outcome, reason)| [event, outcome, reason]);
    assert_eq!(told.collect::<Vec<_>>(), expected);
    for (event, request) in events.iter().zip(&asked) {
        assert_eq!(text(event, "request_id"), request, "{event}");
        assert_eq!(text(event, "client"), "127.0.0.1", "{event}");
        assert_eq!(text(event, "level"), "INFO", "{event}");
    }
    assert_eq!(text(&events[3], "account"), "-", "nobody has the name");
    assert_eq!(text(&events[4], "account"), life.id);
    assert_eq!(text(&events[7], "session"), life.replayed);
    let names = ["margaret", "meg", "grace", "nobody", PASSWORD, NEW_PASSWORD];
    for told in names
        .into_iter()
        .chain(life.tokens.iter().map(|token| &**token))
    {
        assert!(!log.contains(told), "{told} in {log}");
    }
}

#[tokio::test]
async fn guesses_that_are_put_off_are_events_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::begin(folder.path()).await;
    play.ask(Method::POST, "register", "", person("margaret", PASSWORD))
        .await;
    for _ in 0..6 {
        play.sign_in("margaret", "not this one").await;
    }
    let (_, events, _) = play.end().await;
    let reasons: Vec<_> = events.iter().map(|event| text(event, "reason")).collect();
    assert_eq!(reasons[5..], ["wrong_password", "too_many_attempts"]);
}

#[tokio::test]
async fn a_sign_in_with_the_right_password_that_comes_too_often_is_an_event_of_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PORTCULLIS_RATELIMIT_SIGNIN", "1 per hour")];
    let mut play = Play::begin_with(folder.path(), &settings).await;
    let margaret = person("margaret", PASSWORD);
    let account = play.ask(Method::POST, "register", "", margaret).await;
    for _ in 0..2 {
        play.sign_in("margaret", PASSWORD).await;
    }
    let (asked, events, _) = play.end().await;
    let last = &events[2];
    assert_eq!(text(last, "reason"), "too_many_sign_ins");
    assert_eq!(text(last, "account"), text(&account, "id"));
    assert_eq!(text(last, "request_id"), asked[2]);
}

#[tokio::test]
async fn whoever_has_the_password_checked_too_often_is_an_event_of_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PORTCULLIS_RATELIMIT_HASHING", "1 per hour")];
    let mut play = Play::begin_with(folder.path(), &settings).await;
    let margaret = person("margaret", PASSWORD);
    let account = play.ask(Method::POST, "register", "", margaret).await;
    let tokens = play.sign_in("margaret", PASSWORD).await;
    let mine = text(&tokens, "access_token");
    let body =
        json!({"password": PASSWORD, "current_password": PASSWORD, "new_password": PASSWORD});
    for (method, path) in [
        (Method::POST, "me/reauthenticate"),
        (Method::POST, "me/reauthenticate"),
        (Method::PUT, "me/password"),
    ] {
        play.ask(method, path, mine, body.clone()).await;
    }
    let mut pages = Pages::of(&play);
    let password = [("username", "margaret"), ("password", PASSWORD)];
    pages.submit("/login", "/login", &password).await;
    let asked = pages.submit("/account", "/account/confirm", &password[1..]);
    play.asked.extend(["(page)".to_owned(), asked.await]);
    let (asked, events, log) = play.end().await;
    let refused = [&events[2], &events[3], &events[5]];
    let names = ["reauthentication", "password_change", "reauthentication"];
    for ((event, name), asked) in refused
        .into_iter()
        .zip(names)
        .zip([&asked[3], &asked[4], &asked[6]])
    {
        assert_eq!(text(event, "event"), name);
        assert_eq!(text(event, "reason"), "too_many_checks");
        assert_eq!(text(event, "account"), text(&account, "id"));
        assert_eq!(text(event, "client"), "127.0.0.1");
        assert_eq!(text(event, "request_id"), asked);
    }
    assert_eq!(text(&line_of(&log, &asked[3]), "limit"), "hashing");
}

#[tokio::test]
async fn whoever_was_told_too_often_what_is_taken_is_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PORTCULLIS_RATELIMIT_TAKEN", "2 per hour")];
    let mut play = Play::begin_with(folder.path(), &settings).await;
    let margaret = person("margaret", PASSWORD);
    let account = play
        .ask(Method::POST, "register", "", margaret.clone())
        .await;
    for _ in 0..3 {
        play.ask(Method::POST, "register", "", margaret.clone())
            .await;
    }
    let tokens = play.sign_in("margaret", PASSWORD).await;
    let mine = text(&tokens, "access_token");
    let path = format!("users/{}", text(&account, "id"));
    play.ask(Method::PATCH, &path, mine, json!({"username": "meg"}))
        .await;
    let (asked, events, log) = play.end().await;
    for (event, name, account) in [
        (3, "registration", "-"),
        (5, "profile_change", text(&account, "id")),
    ] {
        let (event, asked) = (&events[event], &asked[event]);
        assert_eq!(text(event, "event"), name);
        assert_eq!(text(event, "reason"), "too_many_taken");
        assert_eq!(text(event, "account"), account);
        assert_eq!(text(event, "request_id"), asked);
    }
    assert_eq!(text(&line_of(&log, &asked[3]), "limit"), "taken");
}

#[tokio::test]
async fn a_429_in_the_log_names_the_limit_that_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("RATELIMIT_DEFAULT", "20 per hour"),
        ("PORTCULLIS_RATELIMIT_USER", "1 per hour"),
        ("PORTCULLIS_RATELIMIT_SIGNIN", "1 per hour"),
    ];
    // Of these refusals one a minute is logged, so each has a server of its own.
    for (limit, refused) in [
        ("sign-in", 3),
        ("attempts", 9),
        ("user", 3),
        ("default", 25),
    ] {
        let folder = folder.path().join(limit);
        std::fs::create_dir(&folder).unwrap();
        let mut play = Play::begin_with(&folder, &settings).await;
        play.ask(Method::POST, "register", "", person("margaret", PASSWORD))
            .await;
        let tokens = play.sign_in("margaret", PASSWORD).await;
        let mine = text(&tokens, "access_token");
        for _ in 2..=refused {
            match limit {
                "sign-in" => play.sign_in("margaret", PASSWORD).await,
                "attempts" => play.sign_in("margaret", "not this one").await,
                "user" => play.ask(Method::GET, "me", mine, Value::Null).await,
                _ => play.ask(Method::GET, "me", "", Value::Null).await,
            };
        }
        let (_, _, log) = play.end().await;
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        let limits: Vec<Value> = lines.filter(|line: &Value| line["status"] == 429).collect();
        let first = limits.first().unwrap_or_else(|| panic!("{limit}: {log}"));
        assert_eq!(text(first, "limit"), limit);
    }
}

#[tokio::test]
async fn a_form_that_is_shown_once_more_is_in_the_log_with_the_code_of_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::begin(folder.path()).await;
    play.ask(Method::POST, "register", "", person("margaret", PASSWORD))
        .await;
    let mut pages = Pages::of(&play);
    let mut sent = Vec::new();
    let wrong = [("username", "margaret"), ("password", "not this one")];
    let weak = [
        ("username", "grace"),
        ("email", "grace@example.org"),
        ("password", "password1"),
    ];
    let taken = [
        ("username", "margaret"),
        ("email", "m@example.org"),
        ("password", PASSWORD),
    ];
    for (form, fields, code) in [
        ("/login", &wrong[..], "invalid_credentials"),
        ("/login", &wrong[..1], "validation_failed"),
        ("/register", &weak, "validation_failed"),
        ("/register", &taken, "username_taken"),
    ] {
        sent.push((pages.submit(form, form, fields).await, code));
    }
    let right = [("username", "margaret"), ("password", PASSWORD)];
    pages.submit("/login", "/login", &right).await;
    let profile = [("username", ""), ("email", "margaret@example.org")];
    let change = [
        ("current_password", "wrong"),
        ("new_password", NEW_PASSWORD),
    ];
    for (path, fields, code) in [
        ("/account/profile", &profile[..], "validation_failed"),
        ("/account/password", &change, "invalid_credentials"),
        ("/account/confirm", &wrong[1..], "invalid_credentials"),
    ] {
        sent.push((pages.submit("/account", path, fields).await, code));
    }
    let (_, _, log) = play.end().await;
    for (id, code) in sent {
        assert_eq!(text(&line_of(&log, &id), "code"), code);
    }
}

#[tokio::test]
async fn why_a_form_was_refused_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let play = Play::begin(folder.path()).await;
    let (client, login) = (
        reqwest::Client::new(),
        format!("{}/login", play.server.url()),
    );
    let page = client.get(&login).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let of_another = ("origin", "https://evil.example");
    let mut sent = Vec::new();
    for (headers, reason) in [
        (&[][..], "the request has no session"),
        (
            &[("cookie", cookie)],
            "nothing vouches for the origin of the request",
        ),
        (
            &[("cookie", cookie), of_another],
            "the request comes from a page of another origin",
        ),
    ] {
        let form = client.post(&login).body("username=margaret");
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let form = headers
            .iter()
            .fold(form, |form, (name, value)| form.header(*name, *value));
        let answer = form.send().await.unwrap();
        assert_eq!(answer.status(), 403);
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        sent.push((id.to_owned(), reason));
    }
    let (_, _, log) = play.end().await;
    for (id, reason) in sent {
        let line = line_of(&log, &id);
        assert_eq!(text(&line, "code"), "csrf_failed");
        assert_eq!(text(&line, "reason"), reason);
    }
    assert!(!log.contains("margaret") && !log.contains("evil"), "{log}");
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_a_reason_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::begin(folder.path()).await;
    play.ask(Method::POST, "register", "", person("margaret", PASSWORD))
        .await;
    let file = rusqlite::Connection::open(folder.path().join("data/portcullis.db")).unwrap();
    let changed = file.execute("UPDATE users SET keep = '?'", []);
    assert_eq!(changed.unwrap(), 1);
    drop(file);
    play.sign_in("margaret", PASSWORD).await;
    let (_, events, _) = play.end().await;
    assert_eq!(text(&events[1], "reason"), "unreadable_account");
}

#[tokio::test]
async fn what_is_rejected_is_in_the_log_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let play = Play::begin(folder.path()).await;
    let rejected = play.send(Method::GET, "me", "no-token", Value::Null).await;
    let id = rejected.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let (_, _, log) = play.end().await;
    let mut lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let line = lines.find(|line: &Value| line["request_id"] == *id);
    let line = line.expect("a line with its id");
    assert_eq!(text(&line, "code"), "invalid_token");
    assert_eq!(line["status"], 401);
    assert_eq!(text(&line, "route"), "/api/v1/me");
    assert_eq!(text(&line, "level"), "INFO");
}
