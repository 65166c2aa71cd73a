use integration::{TestApp, every_backend, raw};

every_backend! {
    async fn it_lives_and_is_ready(app: TestApp) {
        assert_eq!(app.get("/livez").send().await.assert_ok()["status"], "ok");
        assert_eq!(app.get("/readyz").send().await.assert_ok()["status"], "ok");
    }

    async fn it_is_not_ready_when_the_store_is_gone(app: TestApp) {
        app.close_store().await;
        app.get("/livez").send().await.assert_ok();
        let answer = app.get("/readyz").send().await;
        answer.assert_problem(503, "unavailable");
        assert!(answer.header("retry-after").is_some());
        let answer = app.login("alice", "x").await;
        answer.assert_problem(503, "unavailable");
    }

    async fn who_asks_for_more_is_told_whether_jobs_are_late_and_not_how_many_there_are(app: TestApp) {
        let outbox = async |path: &str| app.get(path).send().await.assert_ok()["outbox"].clone();
        let expected = |late| serde_json::json!({ "late": late });
        assert_eq!(outbox("/readyz?verbose").await, expected(false));
        app.post_job_of_a_later_version(600).await;
        app.advance(7);
        assert_eq!(outbox("/readyz?verbose").await, expected(false));
        app.advance(300);
        for verbose in ["/readyz?verbose", "/readyz?verbose=1", "/readyz?a=b&verbose="] {
            assert_eq!(outbox(verbose).await, expected(true), "{verbose}");
        }
        for plain in ["/readyz", "/readyz?verbosely", "/livez?verbose"] {
            let answer = app.get(plain).send().await.assert_ok();
            assert_eq!(answer, serde_json::json!({ "status": "ok" }), "{plain}");
        }
        app.advance(293);
        assert_eq!(outbox("/readyz?verbose").await, expected(false), "it has expired");
        app.close_store().await;
        let answer = app.get("/readyz?verbose").send().await;
        let problem = answer.assert_problem(503, "unavailable");
        assert!(problem.get("outbox").is_none());
    }

    async fn the_description_is_served(app: TestApp) {
        let document = app.get("/openapi.json").send().await.assert_ok();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
        assert!(document["paths"]["/api/v1/login"]["post"].is_object());
    }

    async fn an_unknown_route_is_404_and_a_wrong_method_405(app: TestApp) {
        for path in ["/nothing", "/api/v1", "/api/v1/me/", "/api/v2/me", "/api/v1/users", "/.env"] {
            app.get(path).send().await.assert_problem(404, "not_found");
        }
        let answer = app.post("/api/v1/me").send().await;
        answer.assert_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET,HEAD"), "RFC 9110 §15.5.6");
        app.get("/api/v1/logout").send().await.assert_problem(405, "method_not_allowed");
    }

    async fn options_says_what_there_is_and_that_the_server_answers(app: TestApp) {
        let app = app.restart_with(&[("RATELIMIT_DEFAULT", "1 per hour")]).await;
        for (asked, allow) in [
            ("OPTIONS / HTTP/1.0\r\n\r\n", Some("GET, HEAD, OPTIONS")), // as HAProxy does
            ("OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", None),
            ("OPTIONS /api/v1/logout HTTP/1.0\r\n\r\n", Some("DELETE, POST, OPTIONS")),
        ] {
            for _ in 0..3 {
                let answer = raw::answer(app.address(), asked.as_bytes()).await;
                answer.assert_status(204);
                assert_eq!(answer.header("allow"), allow, "{asked}");
            }
        }
    }

    async fn every_answer_in_json_ends_its_line(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for answer in [
            app.get("/livez").send().await,
            app.get("/api/v1/me").by(&alice).send().await,
            app.get("/api/v1/me").by(&alice).send().await,
            app.get("/api/v1/me").send().await,
            app.get("/nothing").send().await,
            app.get("/openapi.json").send().await,
            app.get("/.well-known/jwks.json").send().await,
        ] {
            let text = answer.text();
            assert_eq!(text.lines().count(), text.matches('\n').count(), "{text}");
        }
    }

    async fn a_body_is_refused_by_what_is_wrong_with_it(app: TestApp) {
        let typed = app.post("/api/v1/login").body("text/plain", b"{}".to_vec()).send().await;
        typed.assert_problem(415, "unsupported_media_type");
        assert_eq!(typed.header("accept"), Some("application/json"));
        let coded = app.post("/api/v1/login").body("application/json", b"{}".to_vec());
        let coded = coded.header("content-encoding", "gzip").send().await;
        coded.assert_problem(415, "unsupported_media_type");
        assert_eq!((coded.header("accept-encoding"), coded.header("accept")), (Some("identity"), None));
        let plain = app.post("/api/v1/login").body("application/json; profile=\"a;b\"", b"{}".to_vec());
        plain.send().await.assert_problem(422, "validation_failed");
    }

    async fn a_request_id_is_kept_of_a_trusted_proxy_and_of_nobody_else(app: TestApp) {
        let sent = |app: &TestApp, path: &str, id: &str| app.get(path).header("x-request-id", id).send();
        let replaced = sent(&app, "/livez", "order-17").await;
        assert_eq!(replaced.header("x-request-id").unwrap().len(), 32);

        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")]).await;
        let kept = sent(&app, "/livez", "order-17").await;
        assert_eq!(kept.header("x-request-id"), Some("order-17"));
        let problem = sent(&app, "/no", "order-18").await.assert_problem(404, "not_found");
        assert_eq!(problem["request_id"], "order-18");
        let replaced = sent(&app, "/livez", "a b\"<script>").await;
        assert_eq!(replaced.header("x-request-id").unwrap().len(), 32);
    }
}
