//! Who a client is behind proxies that write one header and pass the other on as the client sent it.

use integration::{Answer, TestApp, every_backend, raw};
use reqwest::Method;

/// The proxies: this machine, that of the tests.
const PROXIES: (&str, &str) = ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8");

/// The client as the proxy heard it, and whom it would like to be.
const CLIENT: &str = "203.0.113.9";
const ANOTHER: &str = "198.51.100.7";

/// What a proxy sends on: its own header, and what the client wrote into the other.
async fn ask(app: &TestApp, forwarded: &str, x_forwarded_for: &str) -> Answer {
    let request = app.request(Method::GET, "/api/v1/me");
    let request = request.header("forwarded", &format!("for={forwarded};proto=https"));
    request
        .header("x-forwarded-for", x_forwarded_for)
        .header("x-forwarded-proto", "https")
        .send()
        .await
}

/// How many of a few requests, each in another name, are let through where one client has three.
async fn let_through(app: &TestApp, names: impl Fn(u8) -> (String, String)) -> usize {
    let mut through = 0;
    for n in 0..8 {
        let (forwarded, x_forwarded_for) = names(n);
        let answer = ask(app, &forwarded, &x_forwarded_for).await;
        through += usize::from(answer.status == 401);
    }
    through
}

async fn few(app: TestApp, by: &str) -> TestApp {
    let settings = [
        PROXIES,
        ("RATELIMIT_DEFAULT", "3 per hour"),
        ("PORTCULLIS_FORWARDED_HEADER", by),
    ];
    app.restart_with(&settings).await
}

every_backend! {
    async fn headers_that_agree_are_believed(app: TestApp) {
        let app = few(app, "either").await;
        for _ in 0..3 {
            let answer = ask(&app, CLIENT, CLIENT).await;
            answer.assert_problem(401, "missing_token");
            answer.assert_guarded(true);
        }
        ask(&app, CLIENT, CLIENT).await.assert_problem(429, "rate_limited");
        ask(&app, ANOTHER, ANOTHER).await.assert_problem(401, "missing_token");
    }

    async fn headers_that_contradict_each_other_are_refused_at_nobodys_cost(app: TestApp) {
        let app = few(app, "either").await;
        for n in 0..10 {
            let made_up = format!("198.51.100.{n}");
            // A proxy that appends to X-Forwarded-For only, one that appends to Forwarded only.
            for (forwarded, x_forwarded_for) in [(made_up.as_str(), CLIENT), (CLIENT, made_up.as_str()), ("unknown", CLIENT)] {
                let answer = ask(&app, forwarded, x_forwarded_for).await;
                answer.assert_problem(400, "malformed_request");
                assert_eq!(answer.header("ratelimit"), None);
            }
        }
        // No budget was touched: not the client's, not the made up ones', and not the proxy's own.
        for name in [CLIENT, "198.51.100.1"] {
            ask(&app, name, name).await.assert_problem(401, "missing_token");
        }
        for _ in 0..3 {
            app.get("/api/v1/me").send().await.assert_problem(401, "missing_token");
        }
    }

    async fn a_named_header_is_the_only_one_that_counts(app: TestApp) {
        let app = few(app, "x-forwarded-for").await;
        let through = let_through(&app, |n| (format!("198.51.100.{n}"), CLIENT.to_owned())).await;
        assert_eq!(through, 3, "X-Forwarded-For is the proxy's");
        let app = few(app, "forwarded").await;
        let through = let_through(&app, |n| (ANOTHER.to_owned(), format!("198.51.100.{n}"))).await;
        assert_eq!(through, 3, "Forwarded is the proxy's");
    }

    async fn a_client_adds_to_the_left_of_what_its_proxy_appends(app: TestApp) {
        let app = few(app, "either").await;
        let through = let_through(&app, |n| {
            (format!("198.51.100.{n}, for={CLIENT}"), format!("198.51.100.{n}, {CLIENT}"))
        }).await;
        assert_eq!(through, 3, "a proxy that appends to both");
    }
}

#[tokio::test]
async fn the_log_names_the_setting_that_ends_a_contradiction() {
    let folder = tempfile::tempdir().unwrap();
    let server = integration::process::Server::start(folder.path(), &[PROXIES]).await;
    let request = format!(
        "GET /livez HTTP/1.1\r\nhost: x\r\nforwarded: for={ANOTHER}\r\nx-forwarded-for: {CLIENT}\r\nconnection: close\r\n\r\n"
    );
    for _ in 0..3 {
        let answer = raw::answer(server.address, request.as_bytes()).await;
        answer.assert_problem(400, "malformed_request");
    }
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(
        log.matches("PORTCULLIS_FORWARDED_HEADER").count(),
        1,
        "{log}"
    );
}
