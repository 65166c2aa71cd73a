//! Security headers stand on every answer, whoever gave it.

use integration::browser::ACCEPT;
use integration::process::Server;
use integration::{Answer, PASSWORD, Request, TestApp, every_backend, raw};
use reqwest::Method;
use serde_json::json;

const FEW: &[(&str, &str)] = &[
    ("RATELIMIT_DEFAULT", "1 per hour"),
    ("PORTCULLIS_RATELIMIT_PAGES", "1 per hour"),
];

/// As a browser asks.
async fn open(request: Request) -> Answer {
    request.header("accept", ACCEPT).send().await
}

#[track_caller]
fn assert_guarded(answers: impl IntoIterator<Item = (u16, Answer)>) {
    for (status, answer) in answers {
        answer.assert_status(status).assert_guarded(false);
    }
}

every_backend! {
    async fn they_stand_on_good_answers_and_on_failures(app: TestApp) {
        let alice = app.signed_in("alice").await;
        assert_guarded([
            (200, app.get("/livez").send().await),
            (200, app.get("/openapi.json").send().await),
            (200, app.get("/api/v1/me").by(&alice).send().await),
            (401, app.get("/api/v1/me").send().await),
            (404, app.get("/nothing").send().await),
            (405, app.post("/api/v1/me").send().await),
            (415, app.post("/api/v1/login").body("text/plain", Vec::new()).send().await),
            (422, app.post("/api/v1/login").json(json!({})).send().await),
            (413, app.post("/api/v1/login").body("application/json", vec![b' '; 70_000]).send().await),
            (200, app.delete("/api/v1/logout").by(&alice).send().await),
        ]);
    }

    async fn they_stand_on_pages_and_what_pages_load(app: TestApp) {
        let page = open(app.get("/login")).await;
        let stylesheet = integration::browser::between(&page.text(), "rel=\"stylesheet\" href=\"", "\"").unwrap();
        assert_guarded([
            (200, page),
            (200, app.get(&stylesheet).send().await),
            (200, app.request(Method::HEAD, &stylesheet).send().await),
            (303, open(app.get("/account")).await),
            (404, open(app.get("/nothing")).await),
            (405, open(app.put("/login")).await),
            (403, open(app.post("/login")).await),
        ]);
    }

    async fn they_stand_on_answers_to_methods_without_a_body(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for path in ["/livez", "/login", "/openapi.json"] {
            let answer = app.request(Method::HEAD, path).send().await;
            assert_eq!(answer.text(), "");
            assert_guarded([(200, answer)]);
        }
        assert_guarded([
            (200, app.request(Method::HEAD, "/api/v1/me").by(&alice).send().await),
            (404, app.request(Method::HEAD, "/nothing").send().await),
            (204, app.request(Method::OPTIONS, "/api/v1/me").send().await),
            (204, open(app.request(Method::OPTIONS, "/login")).await),
            (404, app.request(Method::OPTIONS, "/nothing").send().await),
        ]);
    }

    async fn they_stand_on_what_is_asked_too_often(app: TestApp) {
        let app = app.restart_with(FEW).await;
        assert_guarded([
            (401, app.get("/api/v1/me").send().await),
            (429, app.get("/api/v1/me").send().await),
            (200, open(app.get("/login")).await),
            (429, open(app.get("/login")).await),
            (404, open(app.get("/nothing")).await),
            (429, open(app.get("/nothing")).await),
        ]);
    }

    async fn they_stand_on_failures_of_the_store(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let browser = app.browser_of("alice").await;
        app.close_store().await;
        let page = app.get("/account").header("cookie", &browser.session().unwrap());
        let body = json!({"username": "alice", "password": PASSWORD});
        assert_guarded([
            (503, open(page).await),
            (503, app.get("/api/v1/sessions").by(&alice).send().await),
            (503, app.post("/api/v1/login").json(body).send().await),
            (503, app.get("/readyz").send().await),
        ]);
    }

    async fn they_stand_on_what_is_left_of_a_panic(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/login").await.assert_page(200);
        app.exhaust_randomness();
        let answer = app.login("alice", PASSWORD).await;
        answer.assert_problem(500, "internal");
        answer.assert_guarded(false);
        let answer = browser.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await;
        answer.assert_error_page(500, "Something went wrong");
        answer.assert_guarded(false);
    }

    async fn they_stand_on_redirects_to_https_and_on_what_https_is_demanded_for(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_PUBLIC_URL", "https://accounts.example.org")]).await;
        assert_guarded([
            (308, app.get("/api/v1/me").send().await),
            (308, open(app.get("/login")).await),
            (403, app.post("/api/v1/login").json(json!({})).send().await),
            (403, open(app.post("/login")).await),
        ]);
        for path in ["/login", "/api/v1/me", "/nothing", "/account"] {
            app.over_https(app.get(path)).await.assert_guarded(true);
        }
    }

    async fn they_stand_on_what_cannot_be_read_as_a_request(app: TestApp) {
        let big = format!("GET /livez HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", "a".repeat(100_000));
        let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
        // An address that is too long is a head that is too large, too: which is seen first depends on
        // how it comes over the network.
        for (request, codes) in [
            ("nonsense\r\n\r\n", &[(400, "malformed_request")][..]),
            (&big, &[(431, "headers_too_large")]),
            (&long, &[(431, "headers_too_large"), (414, "uri_too_long")]),
        ] {
            let answer = raw::answer(app.address(), request.as_bytes()).await;
            let due = codes.iter().find(|(status, _)| answer.status == *status);
            let (status, code) = due.unwrap_or(&codes[0]);
            answer.assert_problem(*status, code);
            answer.assert_guarded(false);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(answer.header("date").is_some(), "RFC 9110 §6.6.1: {answer:?}");
        }
    }

    async fn an_answer_about_a_person_is_kept_by_nobody(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let answer = app.get("/api/v1/me").by(&alice).send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }

    async fn https_need_not_bind_the_subdomains(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_HSTS_SUBDOMAINS", "false")]).await;
        for path in ["/login", "/api/v1/me"] {
            let answer = app.over_https(app.get(path)).await;
            assert_eq!(answer.header("strict-transport-security"), Some("max-age=31556926"));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_found_in_the_log_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("PORTCULLIS_LOG", "info,server=debug")]).await;
    let answer = raw::answer(server.address, b"nonsense\r\n\r\n").await;
    let problem = answer.assert_problem(400, "malformed_request");
    let id = problem["request_id"].as_str().unwrap();
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    let line = log.lines().find(|line| line.contains(id));
    let line = line.unwrap_or_else(|| panic!("{id} in {log}"));
    assert!(line.contains("127.0.0.1") && line.contains("400"), "{line}");
}
