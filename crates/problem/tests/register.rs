//! An input with types of another crate and an OpenAPI schema.
#![cfg(feature = "axum")]
#![expect(clippy::unwrap_used, reason = "a test's own requests are well formed")]

use axum::body::{Body, to_bytes};
use axum::routing::post;
use axum::{Json, Router};
use http::{Request, StatusCode};
use problem::{Fault, OptionalBody, Text, Valid, complete, input};
use secret::Secret;
use tower::ServiceExt as _;

/// Stands for a crate that knows nothing of this one.
mod model {
    #[derive(Debug)]
    pub struct Username(pub String);

    impl Username {
        pub fn parse(text: &str) -> Result<Self, &'static str> {
            if text.contains('@') {
                Err("contains_at")
            } else {
                Ok(Self(text.into()))
            }
        }
    }
}

fn username(text: &str) -> Result<model::Username, Fault> {
    model::Username::parse(text).map_err(|code| Fault::new(code, "Leave out the @."))
}

input! {
    /// What a new account needs.
    #[derive(Debug, utoipa::ToSchema)]
    pub struct Register {
        /// The name to sign in with.
        #[schema(value_type = String, min_length = 1, max_length = 64)]
        pub username: model::Username = username,
        /// What only its owner knows.
        #[schema(value_type = String, format = "password", write_only)]
        pub password: Secret<String>,
        /// Anything else.
        #[schema(value_type = Option<String>, max_length = 20)]
        pub note: Option<Text<0, 20>>,
        /// Who brought them here.
        #[schema(value_type = Option<String>)]
        pub inviter: Option<model::Username> = username,
    }
}

input! {
    /// An account whose password is judged by the handler.
    #[derive(Debug)]
    pub struct Judged {
        /// Its name.
        pub username: model::Username = username,
        /// Its password.
        pub password: Secret<String>,
        /// May be absent.
        pub note: Option<Text<0, 20>>,
    }
    parts = JudgedParts;
}

input! {
    /// A token that may also come in a header.
    #[derive(Debug)]
    pub struct Refresh {
        /// The token.
        pub refresh_token: Secret<String>,
    }
}

async fn register(Valid(body): Valid<Register>) -> (StatusCode, Json<String>) {
    (StatusCode::CREATED, Json(body.username.0))
}

async fn refresh(OptionalBody(body): OptionalBody<Refresh>) -> Json<bool> {
    Json(body.is_some())
}

fn app() -> Router {
    Router::new()
        .route("/register", post(register))
        .route("/refresh", post(refresh))
}

async fn send(path: &str, kind: Option<&str>, body: impl Into<Body>) -> (StatusCode, String) {
    let mut request = Request::post(path);
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    let response = app()
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let response = complete(response, |problem| problem.with_request_id("r-1"));
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (status, text.trim_end().to_owned())
}

#[test]
fn what_is_good_by_itself_is_at_hand_beside_all_faults() {
    let sent = br#"{"username":"a@b","password":"x","admin":true}"#;
    let parts = problem::read::<JudgedParts>(sent).unwrap();
    assert!(parts.username.is_none());
    assert_eq!(parts.password.as_ref().unwrap().expose(), "x");
    assert!(
        parts.note.as_ref().is_some_and(Option::is_none),
        "absent is good"
    );
    let faults = parts.whole().err().unwrap().faults;
    let codes: Vec<_> = faults.iter().map(Fault::code).collect();
    assert_eq!(codes, ["contains_at", "unknown_field"]);

    let sent = br#"{"username":"alice","password":"x","admin":true}"#;
    let parts = problem::read::<JudgedParts>(sent).unwrap();
    assert!(parts.whole().is_err(), "one field too many");
    let sent = br#"{"username":"alice","password":"x","note":"n"}"#;
    let whole = problem::read::<JudgedParts>(sent).unwrap().whole();
    assert_eq!(whole.ok().unwrap().username.0, "alice");
}

#[tokio::test]
async fn a_good_body_is_read() {
    let (status, body) = send(
        "/register",
        Some("application/json"),
        r#"{"username":"alice","password":"x"}"#,
    )
    .await;
    assert_eq!((status, body.as_str()), (StatusCode::CREATED, r#""alice""#));
}

#[tokio::test]
async fn every_fault_is_reported_at_once() {
    let (status, body) = send(
        "/register",
        Some("application/json"),
        r#"{"username":"a@b","password":{"$ne":null},"admin":true,"inviter":"c@d","note":null}"#,
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        body,
        concat!(
            r#"{"type":"about:blank","title":"Unprocessable Content","status":422,"code":"validation_failed","#,
            r#""message":"The input has 5 faults.","request_id":"r-1","errors":["#,
            r#"{"pointer":"/username","code":"contains_at","message":"Leave out the @."},"#,
            r#"{"pointer":"/password","code":"invalid_type","message":"Send a text here."},"#,
            r#"{"pointer":"/note","code":"invalid_type","message":"Send a text here."},"#,
            r#"{"pointer":"/inviter","code":"contains_at","message":"Leave out the @."},"#,
            r#"{"pointer":"/admin","code":"unknown_field","message":"This field is unknown. Leave it out."}]}"#
        )
    );
}

#[tokio::test]
async fn an_optional_body_may_be_empty_but_not_of_another_type() {
    assert_eq!(send("/refresh", None, "").await.1, "false");
    assert_eq!(send("/refresh", Some("text/plain"), "").await.1, "false");
    let json = r#"{"refresh_token":"t"}"#;
    assert_eq!(
        send("/refresh", Some("application/json"), json).await.1,
        "true"
    );
    assert_eq!(
        send("/refresh", None, json).await.0,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[test]
fn the_schema_says_what_is_required() {
    let schema = serde_json::to_value(<Register as utoipa::PartialSchema>::schema()).unwrap();
    assert_eq!(
        schema["required"],
        serde_json::json!(["username", "password"])
    );
    assert_eq!(schema["properties"]["password"]["format"], "password");
    assert_eq!(schema["description"], "What a new account needs.");
}
