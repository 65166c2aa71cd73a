//! The layer and the extractors, in a real axum application.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, StatusCode};
use jwt::revocation::{Entry, RevocationSet, Revoked};
use jwt::{
    Access, Algorithm, AnyToken, AuthLayer, AuthRejection, Authority, Claims, EvenExpired, Fault,
    Fresh, FreshAccess, Refresh, SigningKey, TokenError,
};
use tower::ServiceExt as _;

const NOW: u64 = 1_700_000_000;

struct TestApp {
    router: Router,
    authority: Authority,
    revocations: Arc<RevocationSet>,
    clock: Arc<AtomicU64>,
}

impl TestApp {
    fn new() -> Self {
        let revocations = Arc::new(RevocationSet::new());
        let key = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
        let authority = Authority::builder(key)
            .revocations(Arc::clone(&revocations))
            .build();
        let clock = Arc::new(AtomicU64::new(NOW));
        let now = Arc::clone(&clock);
        let layer = AuthLayer::new(
            authority.clone(),
            Arc::new(move || now.load(Ordering::SeqCst)),
        );
        let router = Router::new()
            .route("/open", get(|| async { "open" }))
            .route(
                "/access",
                get(|token: Access| async move { token.subject().to_owned() }),
            )
            .route(
                "/fresh",
                get(|token: FreshAccess| async move { token.subject().to_owned() }),
            )
            .route(
                "/refresh",
                get(|token: Refresh| async move { token.subject().to_owned() }),
            )
            .route(
                "/any",
                get(|token: AnyToken| async move { token.subject().to_owned() }),
            )
            .route(
                "/ended",
                get(|token: EvenExpired| async move { token.subject().to_owned() }),
            )
            .route(
                "/optional",
                get(|token: Option<Access>| async move {
                    token.map_or_else(|| "nobody".to_owned(), |token| token.subject().to_owned())
                }),
            )
            .layer(layer);
        Self {
            router,
            authority,
            revocations,
            clock,
        }
    }

    fn token(&self, claims: &Claims) -> String {
        format!("Bearer {}", self.authority.issue(claims).unwrap().expose())
    }

    fn access(&self) -> String {
        self.token(&Claims::access("alice", "j1", NOW, 900).with_session("s1", 1))
    }

    fn refresh(&self) -> String {
        self.token(&Claims::refresh("alice", "j2", NOW, 9000).with_session("s1", 1))
    }

    async fn get(&self, path: &str, authorization: &[&str]) -> Response {
        let mut request = Request::get(path);
        for value in authorization {
            request = request.header(AUTHORIZATION, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The paths, of those given, that let the request through.
    async fn open_paths(&self, authorization: &[&str]) -> Vec<&'static str> {
        let mut open = Vec::new();
        for path in [
            "/open",
            "/access",
            "/fresh",
            "/refresh",
            "/any",
            "/ended",
            "/optional",
        ] {
            if self.get(path, authorization).await.status() == StatusCode::OK {
                open.push(path);
            }
        }
        open
    }
}

#[tokio::test]
async fn every_extractor_takes_what_it_says() {
    let app = TestApp::new();
    let fresh = |fresh| app.token(&Claims::access("alice", "j3", NOW, 900).with_fresh(fresh));
    for (sent, open) in [
        (vec![], vec!["/open", "/optional"]),
        (
            vec![app.access()],
            vec!["/open", "/access", "/any", "/ended", "/optional"],
        ),
        (
            vec![fresh(Fresh::Until(NOW))],
            vec!["/open", "/access", "/fresh", "/any", "/ended", "/optional"],
        ),
        (
            vec![fresh(Fresh::Until(NOW - 1))],
            vec!["/open", "/access", "/any", "/ended", "/optional"],
        ),
        (
            vec![app.refresh()],
            vec!["/open", "/refresh", "/any", "/ended"],
        ),
        // RFC 9110 §11.1: the name of a scheme has no case.
        (
            vec![app.access().replacen("Bearer", "bearer", 1)],
            vec!["/open", "/access", "/any", "/ended", "/optional"],
        ),
        (
            vec![app.access().replacen("Bearer", "Basic dTpw, \tBEARER", 1)],
            vec!["/open", "/access", "/any", "/ended", "/optional"],
        ),
        (vec!["bearer".to_owned()], vec!["/open"]),
        (vec!["Bearerx y".to_owned()], vec!["/open", "/optional"]),
        (vec!["Bearer x".to_owned()], vec!["/open"]),
        (vec!["Basic dTpw".to_owned()], vec!["/open", "/optional"]),
        (vec![", ,x".to_owned()], vec!["/open"]),
        (vec![app.access(), app.access()], vec!["/open"]),
        (vec!["Basic dTpw".to_owned(), app.access()], vec!["/open"]),
    ] {
        let sent: Vec<_> = sent.iter().map(String::as_str).collect();
        assert_eq!(app.open_paths(&sent).await, open, "{sent:?}");
    }
}

#[tokio::test]
async fn an_expired_token_is_good_for_nothing_but_the_end() {
    let app = TestApp::new();
    app.clock.store(NOW + 900, Ordering::SeqCst);
    assert_eq!(app.open_paths(&[&app.access()]).await, ["/open", "/ended"]);
}

#[tokio::test]
async fn a_revoked_session_is_over_at_once() {
    let app = TestApp::new();
    let (access, refresh) = (app.access(), app.refresh());
    assert_eq!(
        app.get("/access", &[&access]).await.status(),
        StatusCode::OK
    );
    let subject = Revoked::Session("s1".to_owned());
    app.revocations.add(&Entry {
        subject,
        expires: NOW + 9000,
    });
    assert_eq!(app.open_paths(&[&access]).await, ["/open"]);
    assert_eq!(app.open_paths(&[&refresh]).await, ["/open"]);
}

#[tokio::test]
async fn a_refusal_says_what_rfc_6750_and_rfc_9470_want() {
    let app = TestApp::new();
    let (access, refresh) = (app.access(), app.refresh());
    for (path, sent, rejection, challenge) in [
        (
            "/access",
            None,
            AuthRejection::Token(TokenError::Missing),
            "Bearer",
        ),
        (
            "/access",
            Some("Bearer a.b.c"),
            AuthRejection::Token(TokenError::Invalid(Fault::Format)),
            r#"Bearer error="invalid_token", error_description="The token is not valid""#,
        ),
        (
            "/access",
            Some(&refresh),
            AuthRejection::Token(TokenError::WrongType),
            r#"Bearer error="invalid_token", error_description="The token is of the wrong type""#,
        ),
        (
            "/fresh",
            Some(&access),
            AuthRejection::NotFresh { max_age: 600 },
            r#"Bearer error="insufficient_user_authentication", error_description="A more recent authentication is required", max_age="600""#,
        ),
    ] {
        let response = app.get(path, &Vec::from_iter(sent)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(response.headers()[WWW_AUTHENTICATE], challenge, "{path}");
        assert_eq!(response.extensions().get(), Some(&rejection), "{path}");
    }
}

#[tokio::test]
async fn a_missing_layer_is_a_fault_of_the_application() {
    let router = Router::<()>::new().route("/", get(|_: Option<Access>| async {}));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        response.extensions().get(),
        Some(&AuthRejection::NotInstalled)
    );
}

#[tokio::test]
async fn unknown_revocations_are_503() {
    use jwt::revocation::Staleness;

    let bound = std::time::Duration::from_secs(30);
    let staleness = Arc::new(Staleness::new(bound, Arc::new(|| 0)));
    let set = Arc::new(RevocationSet::with_staleness(staleness));
    let key = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
    let authority = Authority::builder(key).revocations(set).build();
    let app = TestApp::new();
    let router = Router::<()>::new()
        .route("/", get(|_: Access| async {}))
        .layer(AuthLayer::new(authority, Arc::new(|| NOW)));
    let request = Request::get("/").header(AUTHORIZATION, app.access());
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[RETRY_AFTER], "1");
    assert_eq!(response.headers().get(WWW_AUTHENTICATE), None);
}
