//! The layer as an application sees it: who is served, who is refused and why.
#![cfg(feature = "layer")]
#![expect(clippy::unwrap_used, reason = "a test's own requests are well formed")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use csrf::{
    CsrfLayer, CsrfLayerMissing, CsrfRejection, CsrfToken, FormTokens, OriginError, PublicOrigin,
    RenderError, SessionBinding, SessionCookie, TokenError,
};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use tower::ServiceExt as _;

const NOW: u64 = 1_700_000_000;
const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=xyz";
const KIB: usize = 1024;

fn tokens() -> FormTokens {
    FormTokens::new(&[7; 32]).unwrap()
}

fn token_of(session: &str, at: u64) -> String {
    let session = SessionBinding::new(session.as_bytes());
    tokens().issue(&session, at).unwrap()
}

fn token() -> String {
    token_of("alice", NOW)
}

/// Echoes what it is sent.
fn app() -> Router {
    let layer = CsrfLayer::new(
        tokens(),
        PublicOrigin::of("https://app.example").unwrap(),
        SessionCookie::named("sid"),
        Arc::new(|| NOW),
    );
    Router::new()
        .route(
            "/",
            post(|body: Bytes| async { body }).get(|csrf: CsrfToken| async move { csrf.render() }),
        )
        .layer(layer)
}

/// A POST by a page of ours, with Alice's cookie.
fn form(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = bare("sid=alice", body);
    let headers = request.headers_mut();
    headers.insert("origin", "https://app.example".parse().unwrap());
    headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
    headers.insert("content-type", content_type.parse().unwrap());
    request
}

fn bare(cookie: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/")
        .header("cookie", cookie)
        .header("host", "evil.example");
    request.body(body.into()).unwrap()
}

async fn send(request: Request<Body>) -> Response<Body> {
    app().oneshot(request).await.unwrap()
}

async fn rejection(request: Request<Body>) -> Option<CsrfRejection> {
    let response = send(request).await;
    let rejection = response.extensions().get().copied();
    let expected = rejection.map_or(200, |rejection: CsrfRejection| rejection.status().as_u16());
    assert_eq!(response.status(), expected);
    rejection
}

fn part(name: &str, value: &str) -> String {
    format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

#[tokio::test]
async fn a_form_is_served_and_reaches_the_handler_whole() {
    for (content_type, body) in [
        (URL_ENCODED, format!("a=1&csrf_token={}&b=2", token())),
        (
            URL_ENCODED,
            format!("csrf_token={}&b={}", token(), "x".repeat(1024 * KIB)),
        ),
        (
            MULTIPART,
            format!(
                "{}{}--xyz--\r\n",
                part("a", "1"),
                part("csrf_token", &token())
            ),
        ),
        (
            MULTIPART,
            format!(
                "{}{}--xyz--\r\n",
                part("csrf_token", &token()),
                part("a", &"x".repeat(100 * KIB))
            ),
        ),
    ] {
        let response = send(form(content_type, body.clone())).await;
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            body
        );
    }
}

#[tokio::test]
async fn a_token_may_stand_in_a_header() {
    for name in ["x-csrftoken", "x-csrf-token"] {
        let mut request = form("application/json", "{}");
        request.headers_mut().insert(name, token().parse().unwrap());
        assert_eq!(rejection(request).await, None, "{name}");
    }
}

#[tokio::test]
async fn either_defence_alone_refuses() {
    let good = format!("csrf_token={}", token());
    let no_token = form(URL_ENCODED, "a=1");
    assert_eq!(rejection(no_token).await, Some(CsrfRejection::MissingToken));

    for (name, value, error) in [
        ("origin", "https://evil.example", OriginError::ForeignOrigin),
        ("origin", "http://app.example", OriginError::ForeignOrigin),
        ("sec-fetch-site", "cross-site", OriginError::ForeignSite),
        ("sec-fetch-site", "same-site", OriginError::ForeignSite),
    ] {
        let mut request = form(URL_ENCODED, good.clone());
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(
            rejection(request).await,
            Some(error.into()),
            "{name}: {value}"
        );
    }
    let mut silent = bare("sid=alice", good);
    silent
        .headers_mut()
        .insert("content-type", URL_ENCODED.parse().unwrap());
    assert_eq!(
        rejection(silent).await,
        Some(OriginError::NothingVouches.into())
    );
}

#[tokio::test]
async fn under_no_referrer_a_browser_is_served() {
    let mut request = form(URL_ENCODED, format!("csrf_token={}", token()));
    request
        .headers_mut()
        .insert("origin", "null".parse().unwrap());
    assert_eq!(rejection(request).await, None);
}

#[tokio::test]
async fn a_bearer_token_alone_needs_neither() {
    let mut request = bare("theme=dark", "{}");
    request
        .headers_mut()
        .insert("authorization", "Bearer t".parse().unwrap());
    assert_eq!(rejection(request).await, None);

    let mut both = bare("sid=alice", "{}");
    both.headers_mut()
        .insert("authorization", "Bearer t".parse().unwrap());
    assert_eq!(
        rejection(both).await,
        Some(OriginError::NothingVouches.into())
    );
}

#[tokio::test]
async fn a_request_without_a_session_is_refused() {
    let body = format!("csrf_token={}", token());
    let mut request = form(URL_ENCODED, body);
    request.headers_mut().remove("cookie");
    assert_eq!(rejection(request).await, Some(CsrfRejection::NoSession));
}

#[tokio::test]
async fn hostile_tokens_are_refused() {
    let mut flipped = token();
    let last = if flipped.pop() == Some('A') { 'B' } else { 'A' };
    flipped.push(last);
    for (value, expected) in [
        (
            token_of("mallory", NOW),
            CsrfRejection::Token(TokenError::Invalid),
        ),
        (
            token_of("alice", NOW - 3601),
            CsrfRejection::Token(TokenError::Expired),
        ),
        (
            token_of("alice", NOW + 1),
            CsrfRejection::Token(TokenError::NotYetValid),
        ),
        (flipped, CsrfRejection::Token(TokenError::Invalid)),
        ("é".to_owned(), CsrfRejection::Token(TokenError::Malformed)),
        (
            "%FF%00".to_owned(),
            CsrfRejection::Token(TokenError::Malformed),
        ),
        (
            "x".repeat(60 * KIB),
            CsrfRejection::Token(TokenError::Malformed),
        ),
        ("x".repeat(1024 * KIB), CsrfRejection::MissingToken), // longer than what is looked at
        (
            format!("{0}&csrf_token={0}", token()),
            CsrfRejection::RepeatedToken,
        ),
    ] {
        let shown = value.get(..20).unwrap_or_default().to_owned();
        let url_encoded = form(URL_ENCODED, format!("csrf_token={value}"));
        assert_eq!(rejection(url_encoded).await, Some(expected), "{shown}");
        if expected != CsrfRejection::RepeatedToken {
            let multipart = form(MULTIPART, part("csrf_token", &value) + "--xyz--\r\n");
            assert_eq!(rejection(multipart).await, Some(expected), "{shown}");
        }
    }
}

#[tokio::test]
async fn two_fields_or_two_headers_are_refused() {
    let twice = part("csrf_token", &token()).repeat(2) + "--xyz--\r\n";
    let request = form(MULTIPART, twice);
    assert_eq!(rejection(request).await, Some(CsrfRejection::RepeatedToken));

    let mut request = form("application/json", "{}");
    for _ in 0..2 {
        request
            .headers_mut()
            .append("x-csrftoken", token().parse().unwrap());
    }
    assert_eq!(rejection(request).await, Some(CsrfRejection::RepeatedToken));
}

#[tokio::test]
async fn a_header_that_is_not_ascii_is_refused() {
    let mut request = form("application/json", "{}");
    let value = http::HeaderValue::from_bytes("é".as_bytes()).unwrap();
    request.headers_mut().insert("x-csrf-token", value);
    let malformed = CsrfRejection::Token(TokenError::Malformed);
    assert_eq!(rejection(request).await, Some(malformed));
}

#[tokio::test]
async fn a_token_elsewhere_does_not_count() {
    let mut in_query = form(URL_ENCODED, "a=1");
    *in_query.uri_mut() = format!("/?csrf_token={}", token()).parse().unwrap();
    let as_file = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"csrf_token\"; filename=\"f\"\r\n\r\n{}\r\n--xyz--\r\n",
        token()
    );
    let beyond_the_bound = format!("a={}&csrf_token={}", "x".repeat(64 * KIB), token());
    let across_the_bound = format!("a={}&csrf_token={}", "x".repeat(64 * KIB - 50), token());
    for request in [
        in_query,
        form(MULTIPART, as_file),
        form(URL_ENCODED, beyond_the_bound),
        form(URL_ENCODED, across_the_bound),
        form("text/plain", format!("csrf_token={}", token())),
        form(
            "application/json",
            format!(r#"{{"csrf_token":"{}"}}"#, token()),
        ),
        form("multipart/form-data", part("csrf_token", &token())),
    ] {
        assert_eq!(rejection(request).await, Some(CsrfRejection::MissingToken));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let broken = futures_util::stream::iter([
        Ok("csrf_token="),
        Err(std::io::Error::other("the client is gone")),
    ]);
    let request = form(URL_ENCODED, Body::from_stream(broken));
    assert_eq!(
        rejection(request).await,
        Some(CsrfRejection::UnreadableBody)
    );
}

#[tokio::test]
async fn a_page_renders_a_token_that_its_form_sends_back() {
    let get = Request::get("/")
        .header("cookie", "sid=alice")
        .body(Body::empty())
        .unwrap();
    let rendered = send(get)
        .await
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    let rendered = String::from_utf8(rendered.to_vec()).unwrap();
    let request = form(URL_ENCODED, format!("csrf_token={rendered}"));
    assert_eq!(rejection(request).await, None);
}

#[tokio::test]
async fn a_token_without_session_or_layer_is_not_rendered() {
    let get = || Request::get("/").body(Body::empty()).unwrap();
    let response = send(get()).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.extensions().get(), Some(&RenderError::NoSession));

    let without_layer = Router::<()>::new().route(
        "/",
        axum::routing::get(|csrf: CsrfToken| async move { csrf.render() }),
    );
    let response = without_layer.oneshot(get()).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.extensions().get(), Some(&CsrfLayerMissing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever a form holds, it is refused and nothing fails.
    #[test]
    fn no_form_without_a_token_is_served(
        is_multipart in any::<bool>(),
        parts in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..30),
                Just(b"csrf_token=".to_vec()),
                Just(b"&".to_vec()),
                Just(b"--xyz\r\n".to_vec()),
                Just(b"Content-Disposition: form-data; name=\"csrf_token\"\r\n".to_vec()),
                Just(b"\r\n".to_vec()),
                Just(b"--xyz--".to_vec()),
                Just(b"AQ%".to_vec()),
            ],
            0..20,
        ),
    ) {
        let content_type = if is_multipart { MULTIPART } else { URL_ENCODED };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(send(form(content_type, parts.concat())));
        prop_assert_eq!(response.status(), 403);
    }

    #[test]
    fn no_content_type_fails(content_type in "(multipart/form-data|application/x-www-form-urlencoded)[ ;=\"a-z\\-]{0,30}") {
        if let Ok(value) = http::HeaderValue::from_str(&content_type) {
            let mut request = form(URL_ENCODED, "csrf_token=x");
            request.headers_mut().insert("content-type", value);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let response = runtime.block_on(send(request));
            prop_assert_eq!(response.status(), 403);
        }
    }
}
