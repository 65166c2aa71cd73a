//! Whatever is sent, the answer is 2xx or a problem of the 4xx kind.
#![cfg(feature = "axum")]
#![expect(clippy::unwrap_used, reason = "a test's own requests are well formed")]

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{Request, StatusCode};
use problem::{
    BodyLimit, Field, Nullable, OptionalBody, Problem, Rejection, Text, Valid, ValidForm,
    ValidPath, ValidQuery, input, parse_json,
};
use proptest::prelude::*;
use secret::Secret;
use tower::ServiceExt as _;

input! {
    struct Everything {
        name: Text<1, 64>,
        password: Secret<String>,
        age: Option<u8>,
        score: Option<f64>,
        agreed: Option<bool>,
        tags: Option<Vec<Text<0, 8>>>,
        note: Option<Nullable<String>>,
        inner: Option<Inner>,
        r#type: Option<String>,
    }
}

input! {
    struct Inner {
        number: i64,
    }
}

static APP: LazyLock<Router> = LazyLock::new(|| {
    Router::new()
        .route("/json", post(|_: Valid<Everything>| async {}))
        .route("/optional", post(|_: OptionalBody<Everything>| async {}))
        .route("/form", post(|_: ValidForm<Everything>| async {}))
        .route("/query", get(|_: ValidQuery<Everything>| async {}))
        .route("/path/{id}", get(|_: ValidPath<u32>| async {}))
        .route(
            "/small",
            post(|_: Valid<Everything>| async {}).layer(Extension(BodyLimit(8))),
        )
        .route("/misused", get(|_: ValidPath<u32>| async {}))
});

const GOOD: &str = r#"{"name":"alice","password":"\u0000"}"#;

async fn send(request: Request<Body>) -> Response {
    APP.clone().oneshot(request).await.unwrap()
}

fn post_json(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

/// Status and code, and the faults as `pointer code`.
async fn told(response: Response) -> (u16, String, Vec<String>) {
    let status = response.status();
    if status.is_success() {
        return (status.as_u16(), String::new(), Vec::new());
    }
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert!(response.extensions().get::<Problem>().is_some());
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status.as_u16());
    let faults = problem["errors"].as_array().cloned().unwrap_or_default();
    let faults = faults
        .iter()
        .map(|fault| {
            format!(
                "{} {}",
                fault["pointer"].as_str().unwrap(),
                fault["code"].as_str().unwrap()
            )
        })
        .collect();
    (
        status.as_u16(),
        problem["code"].as_str().unwrap().to_owned(),
        faults,
    )
}

async fn told_of(body: impl Into<Body>) -> (u16, String, Vec<String>) {
    told(send(post_json("/json", body)).await).await
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let deep = "[".repeat(20_000);
    let deep_objects = "{\"a\":".repeat(10_000);
    let digits = format!("{{\"age\":{}}}", "9".repeat(50_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"  \r\n".to_vec(),
        b"\0".to_vec(),
        b"{\"name\":\"a\0b\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"{\"name\":\"\xc3\x28\"}".to_vec(),
        b"{\"name\":\"\xed\xa0\x80\"}".to_vec(),
        br#"{"name":"\ud800"}"#.to_vec(),
        br#"{"name":"\udc00\ud800"}"#.to_vec(),
        br#"{"name":"a","name":"b"}"#.to_vec(),
        br#"{"inner":{"number":1,"number":2}}"#.to_vec(),
        br#"{"a":1}{"b":2}"#.to_vec(),
        br#"{"a":1} x"#.to_vec(),
        br#"{"age":01}"#.to_vec(),
        br#"{"age":1e999}"#.to_vec(),
        br#"{"age":Infinity}"#.to_vec(),
        br#"{"a":1,}"#.to_vec(),
        br"{a:1}".to_vec(),
        br"/* x */{}".to_vec(),
        b"name=alice&password=x".to_vec(),
        deep.into_bytes(),
        deep_objects.into_bytes(),
        digits.into_bytes(),
    ];
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(
            told_of(body).await,
            (400, "malformed_json".into(), vec![]),
            "{start:?}"
        );
    }
}

#[tokio::test]
async fn what_breaks_the_rules_is_told_by_pointer_and_code() {
    for (body, faults) in [
        ("[]", vec![" invalid_type"]),
        ("null", vec![" invalid_type"]),
        ("\"x\"", vec![" invalid_type"]),
        ("{}", vec!["/name required", "/password required"]),
        (
            r#"{"name":"","password":{"$ne":null}}"#,
            vec!["/name too_short", "/password invalid_type"],
        ),
        (
            r#"{"name":{"$gt":""},"password":["x"]}"#,
            vec!["/name invalid_type", "/password invalid_type"],
        ),
        (
            r#"{"name":5,"password":true}"#,
            vec!["/name invalid_type", "/password invalid_type"],
        ),
        (
            r#"{"name":"a\u0000b","password":"a\u0000b"}"#,
            vec!["/name control_character"],
        ),
        (
            r#"{"name":"a","password":"p","age":256,"score":"1","agreed":1,"inner":{"number":1.5,"x":0}}"#,
            vec![
                "/age out_of_range",
                "/score invalid_type",
                "/agreed invalid_type",
                "/inner/number invalid_type",
                "/inner/x unknown_field",
            ],
        ),
        (
            r#"{"name":"a","password":"p","age":null}"#,
            vec!["/age invalid_type"],
        ),
        (
            r#"{"name":"a","password":"p","tags":["ok",1,"too long a tag"]}"#,
            vec!["/tags/1 invalid_type", "/tags/2 too_long"],
        ),
        (
            r#"{"name":"a","password":"p","__proto__":{},"a/b~c":1}"#,
            vec!["/__proto__ unknown_field", "/a~1b~0c unknown_field"],
        ),
        (
            r#"{"name":"a","password":"p","r#type":"x"}"#,
            vec!["/r#type unknown_field"],
        ),
    ] {
        let faults: Vec<String> = faults.into_iter().map(str::to_owned).collect();
        assert_eq!(
            told_of(body).await,
            (422, "validation_failed".into(), faults),
            "{body}"
        );
    }
    for body in [
        GOOD,
        r#"{"name":"a","password":"","note":null,"tags":[],"type":"x"}"#,
    ] {
        assert_eq!(told_of(body).await.0, 200, "{body}");
    }
}

#[tokio::test]
async fn known_fields_are_told_before_thousands_of_unknown_ones() {
    let unknown: Vec<String> = (0..5_000).map(|n| format!("\"a{n}\":1")).collect();
    let (status, _, faults) = told_of(format!("{{{}}}", unknown.join(","))).await;
    assert_eq!((status, faults.len()), (422, 32));
    assert_eq!(faults[..2], ["/name required", "/password required"]);
}

#[tokio::test]
async fn a_long_name_is_not_repeated() {
    let (status, _, faults) = told_of(format!("{{\"{}\":1}}", "x".repeat(60_000))).await;
    assert_eq!(status, 422);
    assert!(faults.iter().all(|fault| fault.len() < 100));
}

#[tokio::test]
async fn a_large_body_is_refused_announced_or_not() {
    let megabytes = || vec![b' '; 10 * 1024 * 1024];
    assert_eq!(told_of(megabytes()).await.1, "body_too_large");
    // In pieces of unknown number, of which it must not read more than a few.
    let pieces = std::iter::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![b' '; 16 * 1024])));
    let endless = Body::from_stream(futures_util::stream::iter(pieces));
    let response = send(post_json("/json", endless)).await;
    assert!(matches!(
        response.extensions().get(),
        Some(Rejection::BodyTooLarge { limit: 65_536 })
    ));
    assert_eq!(told(response).await, (413, "body_too_large".into(), vec![]));
    // A body of just the limit is read.
    let fitting = format!("{GOOD}{}", " ".repeat(64 * 1024 - GOOD.len()));
    assert_eq!(told_of(fitting).await.0, 200);
    assert_eq!(
        told(send(post_json("/small", "{\"a\": 1}")).await).await.0,
        422
    );
    assert_eq!(
        told(send(post_json("/small", "{\"a\":  1}")).await).await.0,
        413
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let pieces: [Result<&str, std::io::Error>; 2] = [
        Ok("{\"name\":"),
        Err(std::io::ErrorKind::ConnectionReset.into()),
    ];
    let broken = Body::from_stream(futures_util::stream::iter(pieces));
    assert_eq!(told_of(broken).await.1, "malformed_request");
}

#[tokio::test]
async fn only_plain_json_is_read() {
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "application/json; charset=utf-16"),
        ("x-none", "x"),
    ] {
        let request = Request::post("/json")
            .header(name, value)
            .body(GOOD.into())
            .unwrap();
        assert_eq!(
            told(send(request).await).await.1,
            "unsupported_media_type",
            "{value}"
        );
    }
    let twice = Request::post("/json")
        .header("content-type", "application/json")
        .header("content-type", "text/plain")
        .body(GOOD.into())
        .unwrap();
    assert_eq!(
        send(twice).await.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let mut packed = post_json("/json", GOOD);
    packed
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    let response = send(packed).await;
    assert_eq!(response.headers()["accept-encoding"], "identity");
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn forms_and_queries_are_read_by_the_same_rules() {
    let form = |body: &'static str| {
        Request::post("/form")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into())
            .unwrap()
    };
    for (body, status) in [
        (
            "name=alice+b&password=%00%26&age=5&agreed=on&score=1.5&note=",
            200,
        ),
        ("name=alice&password=x&age=", 200), // an empty control is an absent field
        ("name=alice&name=bob&password=x", 400),
        ("name=%ff&password=x", 400),
        ("name=alice", 422),
        ("name=alice&password=x&age=five", 422),
        ("name=alice&password=x&score=inf", 422),
        ("name[$ne]=&password=x", 422),
        ("", 422),
    ] {
        assert_eq!(told(send(form(body)).await).await.0, status, "{body}");
        if !body.contains('[') {
            let query = Request::get(format!("/query?{body}"))
                .body(Body::empty())
                .unwrap();
            assert_eq!(told(send(query).await).await.0, status, "{body}");
        }
    }
}

#[tokio::test]
async fn a_path_that_names_nothing_is_not_found() {
    for (path, status, code) in [
        ("/path/5", 200, ""),
        ("/path/five", 404, "not_found"),
        ("/path/-1", 404, "not_found"),
        ("/path/99999999999", 404, "not_found"),
        ("/path/%ff", 400, "malformed_request"),
        ("/misused", 500, "internal"),
    ] {
        let response = send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(
            told(response).await,
            (status, code.into(), vec![]),
            "{path}"
        );
    }
}

/// JSON with the members that are known, of any type.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_map(|value| serde_json::to_string(&value).unwrap()),
        any::<String>().prop_map(|value| serde_json::to_string(&value).unwrap()),
    ];
    let name = prop::sample::select(vec![
        "name", "password", "age", "score", "agreed", "tags", "note", "inner", "number", "type",
        "$ne", "~/",
    ]);
    leaf.prop_recursive(4, 32, 8, move |value| {
        prop_oneof![
            prop::collection::vec(value.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), value), 0..8).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn answered(path: &'static str, kind: &'static str, body: Vec<u8>) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let request = Request::post(path)
            .header("content-type", kind)
            .body(body.into())
            .unwrap();
        told(send(request).await).await.0
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for (path, kind) in [
            ("/json", "application/json"),
            ("/optional", "application/json"),
            ("/form", "application/x-www-form-urlencoded"),
        ] {
            prop_assert!(matches!(answered(path, kind, body.clone()), 200 | 400 | 422));
        }
    }

    #[test]
    fn any_json_is_answered(body in json()) {
        prop_assert!(matches!(answered("/json", "application/json", body.into_bytes()), 200 | 400 | 422));
    }

    #[test]
    fn any_text_is_read_as_it_was_sent(text in any::<String>()) {
        let value = parse_json(&serde_json::to_vec(&text).unwrap()).unwrap();
        prop_assert_eq!(String::from_value(value).unwrap(), text);
    }
}
