use integration::{TestApp, every_backend};

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

    async fn a_sane_request_id_is_kept(app: TestApp) {
        let kept = app.get("/livez").header("x-request-id", "order-17").send().await;
        assert_eq!(kept.header("x-request-id"), Some("order-17"));
        let problem = app.get("/no").header("x-request-id", "order-18").send().await.assert_problem(404, "not_found");
        assert_eq!(problem["request_id"], "order-18");
        let replaced = app.get("/livez").header("x-request-id", "a b\"<script>").send().await;
        assert_eq!(replaced.header("x-request-id").unwrap().len(), 32);
    }
}
