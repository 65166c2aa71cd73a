//! No answer leaves without the headers, whoever gives it.
#![cfg(feature = "layer")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the requests are well formed, and a panic is a case"
)]

use axum::Router;
use axum::body::Body;
use axum::response::Html;
use axum::routing::{get, post};
use headers::{
    CspNonce, HttpsRedirect, HttpsRedirectLayer, HttpsRequired, NonceRejection, Policy, Scheme,
    SecurityHeadersLayer,
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

fn app() -> Router {
    let redirect = HttpsRedirect::new("https://app.example")
        .unwrap()
        .exempt_paths(&["/livez"]);
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/login", post(|| async { "hello" }))
        .route("/livez", get(|| async { "alive" }))
        .route("/page", get(page))
        .route("/plain-page", get(|| async { Html("<p>no script") }))
        .route("/limited", get(|| async { StatusCode::TOO_MANY_REQUESTS }))
        .route("/panic", get(|| async { panic!("on purpose") as () }))
        .layer(CatchPanicLayer::new())
        .layer(HttpsRedirectLayer::new(redirect))
        .layer(SecurityHeadersLayer::new(Policy::default()))
}

async fn page(first: CspNonce, second: CspNonce) -> Html<String> {
    assert_eq!(first.0, second.0);
    Html(first.to_string())
}

async fn send(method: &str, path: &str, scheme: Scheme) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "evil.example")
        .extension(scheme)
        .body(Body::empty())
        .unwrap();
    app().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn errors_panics_and_redirects_carry_the_headers() {
    for (method, path, scheme, status) in [
        ("GET", "/", Scheme::Https, 200),
        ("GET", "/nowhere", Scheme::Https, 404),
        ("DELETE", "/", Scheme::Https, 405),
        ("GET", "/limited", Scheme::Https, 429),
        ("GET", "/panic", Scheme::Https, 500),
        ("HEAD", "/", Scheme::Https, 200),
        ("GET", "/", Scheme::Http, 308),
        ("GET", "/livez", Scheme::Http, 200),
        ("POST", "/login", Scheme::Http, 403),
    ] {
        let response = send(method, path, scheme).await;
        assert_eq!(response.status(), status, "{method} {path}");
        for name in [
            "content-security-policy",
            "x-frame-options",
            "x-content-type-options",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "cache-control",
        ] {
            let count = response.headers().get_all(name).iter().count();
            assert_eq!(count, 1, "{name} of {method} {path}");
        }
        let hsts = response.headers().contains_key("strict-transport-security");
        assert_eq!(hsts, scheme == Scheme::Https, "{method} {path}");
    }
}

#[tokio::test]
async fn a_redirect_goes_to_the_public_host_and_a_refusal_is_typed() {
    let redirected = send("GET", "/page?a=1", Scheme::Http).await;
    assert_eq!(
        redirected.headers()["location"],
        "https://app.example/page?a=1"
    );
    let refused = send("POST", "/login", Scheme::Http).await;
    assert_eq!(refused.extensions().get(), Some(&HttpsRequired));
}

#[tokio::test]
async fn the_page_and_its_policy_name_the_same_nonce_and_the_next_page_another() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let response = send("GET", "/page", Scheme::Https).await;
        let csp = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let nonce = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            csp.contains(&format!("script-src 'nonce-{nonce}';")),
            "{csp}"
        );
        assert!(!csp.contains("unsafe"), "{csp}");
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_page_that_asked_for_no_nonce_runs_no_script() {
    let response = send("GET", "/plain-page", Scheme::Https).await;
    let csp = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(csp.contains("script-src 'none'"), "{csp}");
}

#[tokio::test]
async fn a_nonce_without_the_layer_is_refused() {
    let app: Router = Router::new().route("/page", get(page));
    let request = Request::get("/page").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        response.extensions().get(),
        Some(&NonceRejection::LayerMissing)
    );
}

#[tokio::test]
async fn without_a_known_scheme_the_connection_counts() {
    let layer = SecurityHeadersLayer::new(Policy::default()).connection(Scheme::Https);
    let app: Router = Router::new().layer(layer);
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert!(response.headers().contains_key("strict-transport-security"));
}
