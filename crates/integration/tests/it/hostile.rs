//! What strangers send. Each gets its 4xx with a body that says what to mend, and none a 5xx.

use integration::{PASSWORD, TestApp, every_backend, raw};
use serde_json::{Value, json};

/// Reads the problem out of a raw answer.
fn problem(answer: &str) -> (u16, Value) {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default();
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    (status, body)
}

every_backend! {
    async fn bodies_that_are_no_json_are_malformed(app: TestApp) {
        let deep = "[".repeat(40) + &"]".repeat(40);
        let deeper = format!("{{\"username\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
        let bodies: &[&[u8]] = &[
            b"",
            b"{",
            b"nonsense",
            b"{\"username\": \"a\", \"username\": \"b\"}",
            b"{\"username\": \"\\ud800\", \"password\": \"x\"}",
            b"{\"username\": \"\xff\xfe\", \"password\": \"x\"}",
            b"{\"username\": NaN}",
            b"{\"username\": \"a\nb\"}",
            b"{} trailing",
            b"\xef\xbb\xbf{}",
            deep.as_bytes(),
            deeper.as_bytes(),
        ];
        for body in bodies {
            for path in ["/api/v1/register", "/api/v1/login"] {
                let answer = app.post(path).body("application/json", body.to_vec()).send().await;
                let problem = answer.assert_problem(400, "malformed_json");
                assert!(problem["message"].as_str().unwrap().len() > 20, "it says what to mend: {problem}");
            }
        }
    }

    async fn bodies_of_another_shape_have_faults(app: TestApp) {
        for body in [json!([]), json!("x"), json!(null), json!(1), json!(true)] {
            let answer = app.post("/api/v1/login").json(body).send().await;
            answer.assert_faults(&[("", "invalid_type")]);
        }
    }

    async fn odd_texts_are_refused_or_stored_as_they_are(app: TestApp) {
        for name in ["a\0b", "\0", "\u{7f}", "a b", "a\u{200b}b", "\u{202e}evil", "", " ", "\u{fdfa}", "😀"] {
            let body = json!({"username": name, "email": "x@example.org", "password": PASSWORD});
            app.post("/api/v1/register").json(body).send().await.assert_problem(422, "validation_failed");
        }
        for email in ["a\0b@example.org", "x@\0.org", "x@example.org\0", "x@exa mple.org", "@", "", "Name <a@b.co>"] {
            let body = json!({"username": "alice", "email": email, "password": PASSWORD});
            app.post("/api/v1/register").json(body).send().await.assert_faults(&[("/email", "invalid_email")]);
        }
    }

    async fn a_password_may_hold_anything(app: TestApp) {
        let password = "zwölf \0 Boxkämpfer \u{1f980} jagen";
        let body = json!({"username": "alice", "email": "a@example.org", "password": password});
        app.post("/api/v1/register").json(body).send().await.assert_status(201);
        app.login("alice", password).await.assert_ok();
        app.login("alice", &password[..6]).await.assert_problem(401, "invalid_credentials");
    }

    async fn a_name_of_a_megabyte_is_too_large_a_body(app: TestApp) {
        let body = json!({"username": "n".repeat(1 << 20), "email": "a@example.org", "password": PASSWORD});
        app.post("/api/v1/register").json(body).send().await.assert_problem(413, "body_too_large");
        let body = json!({"username": "n".repeat(60_000), "email": "a@example.org", "password": PASSWORD});
        app.post("/api/v1/register").json(body).send().await.assert_faults(&[("/username", "too_long")]);
    }

    async fn ten_mebibytes_are_refused_announced_or_not(app: TestApp) {
        let announced = format!("POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", 10 << 20);
        let mut bytes = announced.into_bytes();
        bytes.resize(bytes.len() + (10 << 20), b' ');
        let (status, body) = problem(&raw::exchange(app.address(), &bytes).await);
        assert_eq!((status, body["code"].as_str()), (413, Some("body_too_large")), "{body}");

        let mut bytes = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..160 {
            bytes.extend_from_slice(b"10000\r\n");
            bytes.resize(bytes.len() + 0x10000, b' ');
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let (status, body) = problem(&raw::exchange(app.address(), &bytes).await);
        assert_eq!((status, body["code"].as_str()), (413, Some("body_too_large")), "{body}");
    }

    async fn a_body_of_another_type_is_not_read(app: TestApp) {
        let body = json!({"username": "alice", "password": "x"}).to_string().into_bytes();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "\u{e9}"] {
            app.post("/api/v1/login").body(kind, body.clone()).send().await.assert_problem(415, "unsupported_media_type");
        }
    }

    async fn headers_beyond_the_bounds_are_refused_with_a_body(app: TestApp) {
        let big = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-big: {}\r\n\r\n", "a".repeat(1 << 20));
        let many = format!("GET /livez HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(1000));
        for request in [big, many] {
            let (status, body) = problem(&raw::exchange(app.address(), request.as_bytes()).await);
            assert_eq!((status, body["code"].as_str()), (431, Some("headers_too_large")), "{body}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
        let (status, body) = problem(&raw::exchange(app.address(), long.as_bytes()).await);
        assert!(matches!(status, 414 | 431), "{status} {body}");
    }

    async fn what_is_no_http_is_malformed(app: TestApp) {
        for request in [
            &b"nonsense\r\n\r\n"[..],
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
            b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: nonsense\r\n\r\n",
            b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
            b"\0\0\0\0\r\n\r\n",
        ] {
            let (status, body) = problem(&raw::exchange(app.address(), request).await);
            assert_eq!((status, body["code"].as_str()), (400, Some("malformed_request")), "{request:?}: {body}");
        }
    }

    async fn http_1_1_needs_one_host_that_is_one(app: TestApp) {
        for head in [
            "GET /livez HTTP/1.1\r\n",
            "GET /livez HTTP/1.1\r\nhost: x\r\nhost: x\r\n",
            "GET /livez HTTP/1.1\r\nhost: accounts.example.org\r\nhost: evil.example\r\n",
            "GET /livez HTTP/1.1\r\nhost: a@b\r\n",
            "GET /livez HTTP/1.1\r\nhost: a/b\r\n",
            "GET http://x/livez HTTP/1.1\r\n",
        ] {
            let answer = raw::answer(app.address(), format!("{head}connection: close\r\n\r\n").as_bytes()).await;
            answer.assert_problem(400, "malformed_request");
            answer.assert_guarded(false);
        }
        for head in ["GET /livez HTTP/1.0\r\n", "GET /livez HTTP/1.1\r\nhost: x\r\n", "GET /livez HTTP/1.1\r\nhost:\r\n", "GET http://x/livez HTTP/1.1\r\nhost: x\r\n"] {
            let answer = raw::answer(app.address(), format!("{head}connection: close\r\n\r\n").as_bytes()).await;
            answer.assert_status(200);
        }
    }

    async fn authorization_headers_of_all_sorts_are_refused(app: TestApp) {
        let long = format!("Bearer {}", "a".repeat(20_000));
        for value in ["Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "Bearer \u{e9}", "Bearer ..", &long] {
            let answer = app.get("/api/v1/me").header("authorization", value).send().await;
            assert_eq!(answer.status, 401, "{value}: {}", answer.text());
        }
    }
}
