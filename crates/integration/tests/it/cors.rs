//! Scripts of other origins: which may use the API, and that nobody else may.

use integration::{Answer, Request, TestApp, every_backend, raw};
use reqwest::Method;
use serde_json::json;

const APP: &str = "https://app.example.org";
const LOCAL: &str = "http://localhost:3000";

/// What a browser's list of names looks like; both are named, in other words than browsers use.
const NAMED: (&str, &str) = (
    "PORTCULLIS_CORS_ORIGINS",
    "HTTPS://App.example.org:443/, http://localhost:3000",
);

/// Who looks like one that is named.
const OTHERS: [&str; 9] = [
    "https://evil.test",
    "https://app.example.org.evil.test",
    "https://evil-app.example.org",
    "http://app.example.org",
    "https://app.example.org:8443",
    "https://APP.example.org",
    "https://app.example.org/",
    "null",
    "*",
];

fn from(request: Request, origin: &str) -> Request {
    request.header("origin", origin)
}

fn preflight(app: &TestApp, path: &str, origin: &str) -> Request {
    let request = from(app.request(Method::OPTIONS, path), origin);
    request
        .header("access-control-request-method", "PUT")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        )
}

/// The answer is for `origin` to read.
#[track_caller]
fn assert_shared(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("vary"), Some("origin"));
    let readable = answer
        .header("access-control-expose-headers")
        .unwrap_or_default();
    assert!(
        readable.contains("retry-after") && readable.contains("x-request-id"),
        "{readable}"
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    answer.assert_guarded(false);
}

/// The answer is for nobody else to read.
#[track_caller]
fn assert_kept(answer: &Answer) {
    for name in answer.headers.keys() {
        assert!(!name.as_str().starts_with("access-control-"), "{name}");
    }
    answer.assert_guarded(false);
}

every_backend! {
    async fn by_default_nothing_is_shared(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let answer = from(app.get("/api/v1/me"), APP).by(&alice).send().await;
        answer.assert_ok();
        assert_kept(&answer);
        assert_eq!(answer.header("vary"), None);
        let answer = preflight(&app, "/api/v1/me", APP).send().await;
        answer.assert_problem(405, "method_not_allowed");
        assert_kept(&answer);
    }

    async fn a_named_origin_reads_answers_and_failures(app: TestApp) {
        let app = app.restart_with(&[NAMED, ("RATELIMIT_DEFAULT", "2 per hour")]).await;
        let alice = app.signed_in("alice").await;
        for origin in [APP, LOCAL] {
            let good = from(app.get("/api/v1/me"), origin).by(&alice).send().await;
            good.assert_ok();
            assert_shared(&good, origin);
        }
        for path in ["/openapi.json", "/.well-known/jwks.json"] {
            assert_shared(&from(app.get(path), APP).send().await, APP);
        }
        for (status, request) in [
            (401, app.get("/api/v1/me")),
            (401, app.get("/api/v1/me").bearer("x.y.z")),
            (429, app.get("/api/v1/me")),
            (422, app.post("/api/v1/login").json(json!({}))),
            (404, app.get("/api/v1/nothing")),
            (204, app.request(Method::OPTIONS, "/api/v1/me")),
        ] {
            let answer = from(request, APP).send().await;
            answer.assert_status(status);
            assert_shared(&answer, APP);
        }
    }

    async fn no_other_origin_reads_anything(app: TestApp) {
        let app = app.restart_with(&[NAMED]).await;
        let alice = app.signed_in("alice").await;
        for origin in OTHERS {
            let answer = from(app.get("/api/v1/me"), origin).by(&alice).send().await;
            answer.assert_ok();
            assert_kept(&answer);
            assert_eq!(answer.header("vary"), Some("origin"), "a cache must keep them apart");
            let answer = preflight(&app, "/api/v1/me/password", origin).send().await;
            answer.assert_problem(405, "method_not_allowed");
            assert_kept(&answer);
        }
        let answer = app.get("/api/v1/me").by(&alice).send().await;
        assert_kept(&answer);
        assert_eq!(answer.header("vary"), Some("origin"));
    }

    async fn two_origins_are_none(app: TestApp) {
        let app = app.restart_with(&[NAMED]).await;
        let request = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\norigin: {APP}\r\norigin: {APP}\r\nconnection: close\r\n\r\n");
        let answer = raw::exchange(app.address(), request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401") && !answer.contains("access-control-"), "{answer}");
    }

    async fn a_preflight_of_a_named_origin_is_answered_at_nobodys_cost(app: TestApp) {
        let app = app.restart_with(&[NAMED, ("RATELIMIT_DEFAULT", "1 per hour")]).await;
        for (path, methods) in [
            ("/api/v1/me", "GET"),
            ("/api/v1/login", "POST"),
            ("/api/v1/me/password", "PUT"),
            ("/api/v1/users/0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11", "GET, PUT, PATCH, DELETE"),
            ("/api/v1/sessions", "GET, DELETE"),
        ] {
            for _ in 0..3 {
                let answer = preflight(&app, path, APP).send().await;
                answer.assert_status(204);
                assert_shared(&answer, APP);
                assert_eq!(answer.text(), "");
                assert_eq!(answer.header("access-control-allow-methods"), Some(methods), "{path}");
                let headers = answer.header("access-control-allow-headers").unwrap();
                for needed in ["authorization", "content-type", "x-portcullis-device"] {
                    assert!(headers.contains(needed), "{headers}");
                }
                assert_eq!(answer.header("access-control-max-age"), Some("7200"));
                assert_eq!(answer.header("ratelimit"), None);
            }
        }
        app.get("/api/v1/me").send().await.assert_problem(401, "missing_token");
        app.get("/api/v1/me").send().await.assert_problem(429, "rate_limited");
        let unknown = preflight(&app, "/api/v1/nothing", APP).send().await;
        unknown.assert_problem(404, "not_found");
    }

    async fn pages_are_shared_with_nobody(app: TestApp) {
        let app = app.restart_with(&[NAMED]).await;
        for (status, request) in [
            (200, from(app.get("/login"), APP)),
            (405, preflight(&app, "/login", APP)),
            (405, preflight(&app, "/account/profile", APP)),
            (200, from(app.get("/livez"), APP)),
        ] {
            let answer = request.send().await;
            answer.assert_status(status);
            assert_kept(&answer);
        }
        let answer = from(app.post("/login"), APP).header("sec-fetch-site", "cross-site").send().await;
        answer.assert_status(403);
        assert_kept(&answer);
    }

    async fn where_https_is_demanded_it_is_demanded_of_preflights(app: TestApp) {
        let app = app.restart_with(&[NAMED, ("PORTCULLIS_PUBLIC_URL", "https://accounts.example.org")]).await;
        let answer = preflight(&app, "/api/v1/login", APP).send().await;
        assert_ne!(answer.status, 204);
        let answer = app.over_https(preflight(&app, "/api/v1/login", APP)).await;
        answer.assert_status(204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    }
}
