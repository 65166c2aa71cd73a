//! The application that was recorded, with this crate in Talisman's place.

use axum::Router;
use axum::body::Body;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use headers::{Csp, HttpsRedirect, HttpsRedirectLayer, Policy, Scheme, SecurityHeadersLayer};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) type Response = http::Response<Body>;

/// Who sends the request over plain http. (A TLS connection ends here: no proxy is in front of it.)
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Peer {
    TrustedProxy,
    Stranger,
}

pub(crate) fn request(case: &Value) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(super::text_of(&case["method"]).as_bytes()).unwrap())
        .uri(super::text_of(&case["url"]));
    for (name, value) in case["headers"].as_object().unwrap() {
        let value = HeaderValue::from_bytes(super::text_of(value).as_bytes()).unwrap();
        request = request.header(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) async fn respond(
    mut request: Request<Body>,
    forces_https: bool,
    peer: Peer,
) -> Response {
    let scheme = match (request.uri().scheme_str(), peer) {
        (Some("https"), _) => Scheme::Https,
        (_, Peer::TrustedProxy) => Scheme::forwarded(request.headers(), Scheme::Http),
        (_, Peer::Stranger) => Scheme::Http,
    };
    request.extensions_mut().insert(scheme);
    let public_url = if forces_https {
        "https://app.example"
    } else {
        "http://app.example"
    };
    // `/plain` was decorated with force_https=False.
    let redirect = HttpsRedirect::new(public_url)
        .unwrap()
        .exempt_paths(&["/plain"]);
    router()
        .layer(HttpsRedirectLayer::new(redirect))
        .layer(SecurityHeadersLayer::new(Policy::default()))
        .oneshot(request)
        .await
        .unwrap()
}

fn router() -> Router {
    let page = || async { Html("<p>nonce=") };
    Router::new()
        .route("/", get(page).merge(post(page)))
        .route("/json", get(|| async { axum::Json(1) }))
        .route("/teapot", get(|| async { StatusCode::IM_A_TEAPOT }))
        .route("/boom", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/own", get(|| async { (weak_headers(), Html("own")) }))
        .route("/dir", get(|| async { Redirect::permanent("/dir/") }))
        .route("/session", get(page))
        .route("/embed", get(page))
        .route("/nocsp", get(page))
        .route("/plain", get(page))
        // Decorated with a policy of its own, default-src 'none'.
        .route("/owncsp", get(|| async { (Csp::api(), Html("own")) }))
        .route("/perm", get(page))
}

fn weak_headers() -> [(&'static str, &'static str); 3] {
    [
        ("x-frame-options", "SAMEORIGIN"),
        ("referrer-policy", "unsafe-url"),
        ("content-security-policy", "default-src *"),
    ]
}
